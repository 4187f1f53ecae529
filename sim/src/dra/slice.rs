//! ResourceSlice: some of the devices of one pool of a driver.

use super::{Device, NodeScope};
use crate::cluster::{Fingerprint, Object};
use crate::model::Quantity;
use crate::time::SimTime;
use std::collections::BTreeMap;

/// A ResourceSlice object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceSlice {
    /// The driver that manages the devices.
    pub driver: String,
    /// The pool that the slice is a part of.
    pub pool: ResourcePool,
    /// Where its devices can be used; `None` where each device says so (`perDeviceNodeSelection`).
    pub nodes: Option<NodeScope>,
    /// The devices, in the order in which they are tried.
    pub devices: Vec<Device>,
    /// Counters that devices of the pool share.
    pub shared_counters: Vec<CounterSet>,
}

/// Which pool a slice is a part of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourcePool {
    /// The pool's name, unique for the driver.
    pub name: String,
    /// Grows when the driver replaces the slices; older slices do not count.
    pub generation: i64,
    /// How many slices of this generation make the pool complete.
    pub slice_count: i64,
}

/// Counters that are used up by the devices that are allocated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CounterSet {
    /// The name, unique in the pool.
    pub name: String,
    /// What there is of each counter.
    pub counters: BTreeMap<String, Quantity>,
}

impl ResourceSlice {
    /// The kind in manifests.
    pub const KIND: &'static str = "ResourceSlice";
}

impl Object for ResourceSlice {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn fold(&self, into: &mut Fingerprint) {
        into.fold_name(&self.driver);
        into.fold_name(&self.pool.name);
        let words = [self.pool.generation, self.pool.slice_count].map(i64::cast_unsigned);
        into.fold(SimTime::ZERO, 0, &words);
        for device in &self.devices {
            into.fold_name(&device.name);
        }
    }
}

//! Which devices claims have, and what is left of those that can be shared.
//!
//! Source: `pkg/scheduler/framework/plugins/dynamicresources/allocateddevices.go`,
//! `staging/src/k8s.io/dynamic-resource-allocation/structured/schedulerapi/types.go`.

use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use towtank_sim::dra::{DeviceId, DeviceResult, ResourceClaim};
use towtank_sim::model::Quantity;

/// Amounts of a device's capacities, by name.
pub type Consumed = BTreeMap<String, Quantity>;

/// Which device, by names that live elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceKey<'c> {
    /// Its name.
    pub device: &'c str,
    /// Its pool.
    pub pool: &'c str,
    /// Its driver.
    pub driver: &'c str,
}

/// The devices that are allocated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllocatedState<'c> {
    /// Those that one claim has for itself.
    devices: FxHashSet<DeviceKey<'c>>,
    /// Those of which claims have shares.
    shared: FxHashSet<DeviceKey<'c>>,
    /// What shares take of them.
    capacity: CapacityInUse<'c>,
}

/// What is taken of the capacities of devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CapacityInUse<'c>(FxHashMap<DeviceKey<'c>, Consumed>);

impl<'c> AllocatedState<'c> {
    /// What these claims have.
    pub fn of(claims: impl IntoIterator<Item = &'c ResourceClaim>, consumable_capacity: bool) -> Self {
        let mut state = Self::default();
        let allocations = claims.into_iter().filter_map(|claim| claim.status.allocation.as_ref());
        for device in allocations.flat_map(|allocation| &allocation.devices) {
            state.add(DeviceKey::from(&device.id), device, consumable_capacity);
        }
        state
    }

    /// Adds what a claim has. A device that is shared for administration does not count.
    pub fn add(&mut self, key: DeviceKey<'c>, device: &DeviceResult, consumable_capacity: bool) {
        if device.admin_access {
            return;
        }
        if consumable_capacity && device.shared {
            self.shared.insert(key);
            if !device.consumed_capacity.is_empty() {
                self.capacity.add(key, &device.consumed_capacity);
            }
        } else {
            self.devices.insert(key);
        }
    }

    /// Whether one claim has the device for itself.
    pub fn has(&self, device: DeviceKey<'c>) -> bool {
        self.devices.contains(&device)
    }

    /// Whether a claim has the device or a share of it.
    pub fn is_in_use(&self, device: DeviceKey<'c>) -> bool {
        self.has(device) || self.shared.contains(&device) || self.capacity.of(device).is_some()
    }

    /// What shares take of the device; `None` where there are none.
    pub fn capacity(&self, device: DeviceKey<'c>) -> Option<&Consumed> {
        self.capacity.of(device)
    }
}

impl<'c> CapacityInUse<'c> {
    /// What is taken of the device.
    pub fn of(&self, device: DeviceKey<'c>) -> Option<&Consumed> {
        self.0.get(&device)
    }

    /// Takes from a device.
    pub fn add(&mut self, device: DeviceKey<'c>, amounts: &Consumed) {
        let total = self.0.entry(device).or_default();
        for (name, amount) in amounts {
            let sum = total.entry(name.clone()).or_default();
            *sum = sum.plus(*amount);
        }
    }

    /// Gives back to a device, which is forgotten when nothing is taken any more.
    pub fn remove(&mut self, device: DeviceKey<'c>, amounts: &Consumed) {
        let Some(total) = self.0.get_mut(&device) else { return };
        for (name, amount) in amounts {
            if let Some(sum) = total.get_mut(name) {
                *sum = sum.minus(*amount);
            }
        }
        if total.values().all(|sum| sum.is_zero()) {
            self.0.remove(&device);
        }
    }
}

impl<'c> From<&'c DeviceId> for DeviceKey<'c> {
    fn from(id: &'c DeviceId) -> Self {
        Self { device: &id.device, pool: &id.pool, driver: &id.driver }
    }
}

impl From<DeviceKey<'_>> for DeviceId {
    fn from(key: DeviceKey<'_>) -> Self {
        Self { driver: key.driver.to_owned(), pool: key.pool.to_owned(), device: key.device.to_owned() }
    }
}

//! What a claim has got: devices, and the pods that may use them.

use super::DeviceToleration;
use crate::model::Quantity;
use crate::model::affinity::NodeSelector;
use crate::time::SimTime;
use std::collections::BTreeMap;
use std::fmt;

/// Which device: names that are unique in the cluster together.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId {
    /// Its driver.
    pub driver: String,
    /// Its pool.
    pub pool: String,
    /// Its name.
    pub device: String,
}

/// The devices of a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllocationResult {
    /// One entry per device.
    pub devices: Vec<DeviceResult>,
    /// On which nodes the claim can be used; `None` for all.
    pub node_selector: Option<NodeSelector>,
    /// When the allocation was recorded.
    pub timestamp: Option<SimTime>,
}

/// One device of a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceResult {
    /// The request that it satisfies: its name, or `REQUEST/ALTERNATIVE`.
    pub request: String,
    /// The device.
    pub id: DeviceId,
    /// Whether it is shared with whoever has it, for administration.
    pub admin_access: bool,
    /// The taints that the request tolerates.
    pub tolerations: Vec<DeviceToleration>,
    /// Conditions that the driver must set before a pod is bound.
    pub binding_conditions: Vec<String>,
    /// Conditions by which the driver says that it failed.
    pub binding_failure_conditions: Vec<String>,
    /// Whether this is a share of a device that several claims may have.
    pub shared: bool,
    /// What the share takes of the device's capacity.
    pub consumed_capacity: BTreeMap<String, Quantity>,
}

/// What a driver says about a device of a claim: `status.devices`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllocatedDeviceStatus {
    /// The device.
    pub id: DeviceId,
    /// Its conditions, by type.
    pub conditions: BTreeMap<String, ConditionStatus>,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody knows.
    Unknown,
}

/// Who may use a claim: an entry of `status.reservedFor`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConsumerReference {
    /// The API group; empty for pods.
    pub api_group: String,
    /// The resource, such as `pods`.
    pub resource: String,
    /// The name, in the claim's namespace.
    pub name: String,
    /// The uid in the run. `None` in a reference that a manifest makes, where the name alone counts.
    pub uid: Option<u64>,
}

impl ConsumerReference {
    /// A reference to a pod.
    pub fn pod(name: &str, uid: u64) -> Self {
        Self { api_group: String::new(), resource: "pods".to_owned(), name: name.to_owned(), uid: Some(uid) }
    }

    /// Whether it refers to the pod of this name and uid in the claim's namespace.
    pub fn is_pod(&self, name: &str, uid: u64) -> bool {
        self.api_group.is_empty()
            && self.resource == "pods"
            && self.name == name
            && self.uid.is_none_or(|mine| mine == uid)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.driver, self.pool, self.device)
    }
}

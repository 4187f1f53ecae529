//! One device: what it is, what it can give, and where it can be used.

use super::DeviceCapacity;
use crate::model::Quantity;
use crate::model::affinity::NodeSelector;
use crate::model::labels::Labels;
use std::collections::BTreeMap;

/// A device of a driver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Its name, unique in its pool.
    pub name: String,
    /// What it is, by name; a name without a domain is in the driver's domain.
    pub attributes: BTreeMap<String, AttributeValue>,
    /// What it has, by name as above.
    pub capacity: BTreeMap<String, DeviceCapacity>,
    /// What it takes from the counters that it shares with other devices of its pool.
    pub consumes_counters: Vec<CounterConsumption>,
    /// Where it can be used, in a slice in which each device says so.
    pub nodes: Option<NodeScope>,
    /// What keeps claims away that do not tolerate it.
    pub taints: Vec<DeviceTaint>,
    /// Whether a claim that gets it can be used on the node only for which it was allocated.
    pub binds_to_node: bool,
    /// Conditions that its driver must set before a pod is bound.
    pub binding_conditions: Vec<String>,
    /// Conditions by which its driver says that it cannot be bound.
    pub binding_failure_conditions: Vec<String>,
    /// Whether several claims may have it at once, each with a part of its capacity.
    pub allow_multiple_allocations: bool,
}

/// An attribute's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttributeValue {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    String(String),
    /// A semantic version.
    Version(String),
}

/// On which nodes devices can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeScope {
    /// On the node of this name.
    Node(String),
    /// On the nodes that match; one term.
    Selector(NodeSelector),
    /// On every node.
    All,
}

/// What a device takes from one counter set of its pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CounterConsumption {
    /// The counter set.
    pub counter_set: String,
    /// How much of each counter.
    pub counters: BTreeMap<String, Quantity>,
}

/// A taint of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceTaint {
    /// The key.
    pub key: String,
    /// The value, empty for none.
    pub value: String,
    /// What it does to claims that do not tolerate it.
    pub effect: DeviceTaintEffect,
}

/// What a device's taint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeviceTaintEffect {
    /// Nothing: it informs.
    None,
    /// It keeps new claims away.
    NoSchedule,
    /// It keeps new claims away, and drives away pods that use the device.
    NoExecute,
}

/// A request's toleration of taints of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceToleration {
    /// The key; empty for every key.
    pub key: String,
    /// The value that the taint must have; `None` tolerates every value (`Exists`).
    pub value: Option<String>,
    /// The effect; `None` for every effect.
    pub effect: Option<DeviceTaintEffect>,
}

impl NodeScope {
    /// Whether devices of this scope can be used on the node of this name with these labels.
    pub fn matches(&self, node: &str, labels: &Labels) -> bool {
        match self {
            Self::Node(name) => name == node,
            Self::Selector(selector) => selector.matches(node, labels),
            Self::All => true,
        }
    }
}

impl DeviceToleration {
    /// Whether it tolerates the taint.
    ///
    /// Source: `staging/src/k8s.io/dynamic-resource-allocation/resourceclaim/devicetoleration.go`.
    pub fn tolerates(&self, taint: &DeviceTaint) -> bool {
        self.effect.is_none_or(|effect| effect == taint.effect)
            && (self.key.is_empty() || self.key == taint.key)
            && self.value.as_ref().is_none_or(|value| *value == taint.value)
    }
}

impl std::str::FromStr for DeviceTaintEffect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "None" => Ok(Self::None),
            "NoSchedule" => Ok(Self::NoSchedule),
            "NoExecute" => Ok(Self::NoExecute),
            other => Err(format!("`{other}` is not a device taint effect: expected NoSchedule, NoExecute or None")),
        }
    }
}

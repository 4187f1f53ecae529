//! Feature gates: what of the scheduler is switched on.

/// A gate that has an effect here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The name.
    pub name: &'static str,
    /// Whether it is on in Kubernetes 1.36 unless told otherwise.
    pub default: bool,
    bit: u32,
}

macro_rules! gates {
    ($($(#[$doc:meta])* $constant:ident = $bit:literal, $name:literal, $default:literal;)*) => {
        impl FeatureGates {
            $($(#[$doc])* pub const $constant: Gate = Gate { name: $name, default: $default, bit: 1 << $bit };)*

            /// Every gate.
            pub const ALL: &'static [Gate] = &[$(Self::$constant),*];
        }
    };
}

/// Which gates are on.
///
/// Source of names and defaults: `pkg/features/kube_features.go` at v1.36.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureGates(u32);

gates! {
    /// Pods with several requirements on capacity of one device may share it.
    DRA_CONSUMABLE_CAPACITY = 0, "DRAConsumableCapacity", true;
    /// Devices may have to be prepared between allocation and binding.
    DRA_DEVICE_BINDING_CONDITIONS = 1, "DRADeviceBindingConditions", true;
    /// Devices have taints.
    DRA_DEVICE_TAINTS = 2, "DRADeviceTaints", true;
    /// An extended resource may be backed by a device class.
    DRA_EXTENDED_RESOURCE = 3, "DRAExtendedResource", true;
    /// Devices may be parts of a larger one.
    DRA_PARTITIONABLE_DEVICES = 4, "DRAPartitionableDevices", true;
    /// Requests may list alternatives.
    DRA_PRIORITIZED_LIST = 5, "DRAPrioritizedList", true;
    /// Nodes declare features that pods may need.
    NODE_DECLARED_FEATURES = 6, "NodeDeclaredFeatures", true;
    /// Requests and limits of the pod as a whole.
    POD_LEVEL_RESOURCES = 7, "PodLevelResources", true;
    /// Victims are deleted beside the scheduling cycle.
    SCHEDULER_ASYNC_PREEMPTION = 8, "SchedulerAsyncPreemption", true;
    /// An idle scheduler does not wait for the end of a backoff.
    SCHEDULER_POP_FROM_BACKOFF_Q = 9, "SchedulerPopFromBackoffQ", true;
    /// Nodes are scored by the capacity of storage that they would leave.
    STORAGE_CAPACITY_SCORING = 10, "StorageCapacityScoring", false;
    /// Tolerations may compare numbers (`Gt`, `Lt`).
    TAINT_TOLERATION_COMPARISON_OPERATORS = 11, "TaintTolerationComparisonOperators", false;
    /// Pods on the host's network may have a user namespace of their own.
    USER_NAMESPACES_HOST_NETWORK_SUPPORT = 12, "UserNamespacesHostNetworkSupport", false;
    /// A node without a CSI driver does not take pods that need its volumes.
    VOLUME_LIMIT_SCALING = 13, "VolumeLimitScaling", false;
    /// All containers of a pod may restart when one exits.
    RESTART_ALL_CONTAINERS_ON_CONTAINER_EXITS = 14, "RestartAllContainersOnContainerExits", true;
    /// Requests and limits of the pod as a whole may change in place.
    IN_PLACE_POD_LEVEL_RESOURCES_VERTICAL_SCALING = 15, "InPlacePodLevelResourcesVerticalScaling", true;
}

impl Default for FeatureGates {
    /// The defaults of Kubernetes 1.36.
    fn default() -> Self {
        let on = |bits, gate: &Gate| if gate.default { bits | gate.bit } else { bits };
        Self(Self::ALL.iter().fold(0, on))
    }
}

impl FeatureGates {
    /// Whether a gate is on.
    pub const fn enabled(self, gate: Gate) -> bool {
        self.0 & gate.bit != 0
    }

    /// Sets a gate.
    pub const fn set(&mut self, gate: Gate, on: bool) {
        if on {
            self.0 |= gate.bit;
        } else {
            self.0 &= !gate.bit;
        }
    }

    /// The gate of this name, if it has an effect here.
    pub fn find(name: &str) -> Option<Gate> {
        Self::ALL.iter().copied().find(|gate| gate.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gate_has_a_bit_of_its_own() {
        for gate in FeatureGates::ALL {
            let mut gates = FeatureGates(0);
            gates.set(*gate, true);
            let on: Vec<_> = FeatureGates::ALL.iter().filter(|other| gates.enabled(**other)).collect();
            assert_eq!(on, [gate]);
            gates.set(*gate, false);
            assert_eq!(gates, FeatureGates(0));
        }
    }
}

//! The feature gates that change what the allocator does.

use towtank_sim::scheduler::FeatureGates;

/// Which of Kubernetes' features are on. Those that can no longer be turned off in 1.36 are not among them.
///
/// Source: `pkg/features/kube_features.go`, `AllocatorFeatures` in
/// `pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each gate is on or off on its own")]
pub struct Features {
    /// `DRAConsumableCapacity`: several claims may share a device.
    pub consumable_capacity: bool,
    /// `DRADeviceBindingConditions` and `DRAResourceClaimDeviceStatus`: drivers may delay binding.
    pub binding_conditions: bool,
    /// `DRADeviceTaints`: taints keep claims away.
    pub device_taints: bool,
    /// `DRAPartitionableDevices`: devices may share counters.
    pub partitionable_devices: bool,
    /// `DRAPrioritizedList`: requests may list alternatives.
    pub prioritized_list: bool,
    /// `DRAExtendedResource`: classes may stand behind extended resources.
    pub extended_resource: bool,
}

impl Features {
    /// What these gates say.
    pub(super) fn of(gates: FeatureGates) -> Self {
        Self {
            consumable_capacity: gates.enabled(FeatureGates::DRA_CONSUMABLE_CAPACITY),
            binding_conditions: gates.enabled(FeatureGates::DRA_DEVICE_BINDING_CONDITIONS),
            device_taints: gates.enabled(FeatureGates::DRA_DEVICE_TAINTS),
            partitionable_devices: gates.enabled(FeatureGates::DRA_PARTITIONABLE_DEVICES),
            prioritized_list: gates.enabled(FeatureGates::DRA_PRIORITIZED_LIST),
            extended_resource: gates.enabled(FeatureGates::DRA_EXTENDED_RESOURCE),
        }
    }
}

impl Default for Features {
    /// Kubernetes 1.36: all on.
    fn default() -> Self {
        Self {
            consumable_capacity: true,
            binding_conditions: true,
            device_taints: true,
            partitionable_devices: true,
            prioritized_list: true,
            extended_resource: true,
        }
    }
}

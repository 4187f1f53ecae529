//! The feature gates that change what the allocator does.

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

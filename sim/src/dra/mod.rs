//! Dynamic resource allocation: the objects through which pods ask for devices, and drivers offer them.
//!
//! A driver publishes the devices that it manages in [`ResourceSlice`]s. A [`DeviceClass`] names a kind of device. A
//! [`ResourceClaim`], which is written by a user or made from a [`ResourceClaimTemplate`] for one pod, asks for devices of
//! some classes; the scheduler records in its status which devices it has got and which pods may use them.
//!
//! What an expression means is not known here: expressions are texts. Opaque driver parameters (`config`) have no influence
//! on scheduling and are not kept. Fields whose feature gates are off in Kubernetes 1.36 are not either: attributes that
//! are lists, and devices that stand for CPU or memory of a node.
//!
//! Source: `staging/src/k8s.io/api/resource/v1/types.go`.

mod allocation;
mod capacity;
mod claim;
mod class;
mod controller;
mod device;
mod expressions;
mod names;
mod slice;

pub use allocation::{
    AllocatedDeviceStatus, AllocationResult, ConditionStatus, ConsumerReference, DeviceId, DeviceResult,
};
pub use capacity::{CapacityRange, DeviceCapacity, RequestPolicy};
pub use claim::{
    AllocationMode, ClaimSpec, ClaimStatus, ConstraintKind, DeviceConstraint, DeviceRequest, DeviceSubRequest,
    RequestForm, RequestedDevices, ResourceClaim, ResourceClaimTemplate,
};
pub use class::DeviceClass;
pub use controller::ResourceClaimController;
pub use device::{
    AttributeValue, CounterConsumption, Device, DeviceTaint, DeviceTaintEffect, DeviceToleration, NodeScope,
};
pub use expressions::{Expression, Step, expressions};
pub use names::generated_name;
pub use slice::{CounterSet, ResourcePool, ResourceSlice};

/// The most devices that one claim can be given.
pub const ALLOCATION_RESULTS_MAX_SIZE: usize = 32;
/// The most alternatives of one request.
pub const FIRST_AVAILABLE_MAX_SIZE: usize = 8;
/// The most pods that one claim can be reserved for.
pub const RESERVED_FOR_MAX_SIZE: usize = 256;
/// The extended resource that every class offers under its own name starts with this.
pub const DEVICE_CLASS_RESOURCE_PREFIX: &str = "deviceclass.resource.kubernetes.io/";
/// The annotation of the claim that the scheduler makes for a pod's extended resources.
pub const EXTENDED_RESOURCE_CLAIM_ANNOTATION: &str = "resource.kubernetes.io/extended-resource-claim";

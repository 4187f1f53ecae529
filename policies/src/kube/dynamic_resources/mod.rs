//! DynamicResources: devices for the claims of pods.
//!
//! Source: `pkg/scheduler/framework/plugins/dynamicresources/`.

mod allocated;
mod allocator;
mod capacity;
mod conditions;
mod constraint;
mod counters;
pub(crate) mod device_resources;
mod extended;
mod features;
mod plugin;
mod pod_claims;
mod pools;
mod prepared;
mod result;
mod search;
mod selection;

pub use allocated::{AllocatedState, CapacityInUse, Consumed, DeviceKey};
pub use allocator::{AllocationError, Allocator, ClaimToAllocate};
pub use features::Features;
pub use plugin::DynamicResources;
use plugin::Reservation;
pub(crate) use plugin::prepare;
pub use selection::SelectorCache;

#[cfg(test)]
mod tests;

//! DynamicResources: devices for the claims of pods.
//!
//! Source: `pkg/scheduler/framework/plugins/dynamicresources/`.

mod allocated;
mod allocator;
mod capacity;
mod constraint;
mod counters;
mod features;
mod pools;
mod result;
mod search;
mod selection;

pub use allocated::{AllocatedState, CapacityInUse, Consumed, DeviceKey};
pub use allocator::{AllocationError, Allocator, ClaimToAllocate};
pub use features::Features;
pub use selection::SelectorCache;

#[cfg(test)]
mod tests;

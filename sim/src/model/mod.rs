//! The nouns: ids, quantities, resources, labels, taints, pods and nodes.

pub mod affinity;
pub mod gpu;
pub mod id;
pub mod labels;
pub mod node;
pub mod pod;
pub mod quantity;
pub mod resource_claims;
pub mod resources;
pub mod taint;

pub use id::{ClassId, NodeId, ObjectId, PodId};
pub use quantity::{Quantity, QuantityError};

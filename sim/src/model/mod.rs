//! The nouns: ids, quantities, resources, labels, affinity, taints, pods and nodes.

pub mod affinity;
pub mod gpu;
pub mod id;
pub mod labels;
pub mod node;
pub mod pod;
pub mod pod_affinity;
pub mod quantity;
pub mod resource_claims;
pub mod resources;
pub mod taint;
pub mod topology_spread;

pub use id::{ClassId, NodeId, ObjectId, PodId};
pub use quantity::{Quantity, QuantityError};

//! The nouns: ids, quantities, resources, labels, affinity, taints, volumes, pods and nodes.

pub mod affinity;
pub mod declared_feature;
pub mod fragmentation;
pub mod gpu;
pub mod id;
pub mod labels;
pub mod list_map;
mod name;
pub mod node;
pub mod pod;
pub mod pod_affinity;
mod pod_list;
pub mod pod_resources;
pub mod quantity;
pub mod resource_claims;
mod resource_name;
pub mod resources;
pub mod shared;
pub mod taint;
pub mod target_workload;
pub mod topology_spread;
pub mod volume;

pub use id::{ClassId, NodeId, ObjectId, PodId};
pub use name::{Name, Numbering};
pub use pod_list::PodList;
pub use quantity::{Quantity, QuantityError};

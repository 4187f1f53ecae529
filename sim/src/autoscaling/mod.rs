//! What changes the size of things: node groups and the cluster autoscaler, and the horizontal pod autoscaler.

pub mod cluster_autoscaler;
pub mod horizontal;
mod node_group;
#[cfg(test)]
mod testing;

pub use cluster_autoscaler::{ClusterAutoscaler, ClusterAutoscalerSettings};
pub use horizontal::{HorizontalController, HorizontalPodAutoscaler, HorizontalSettings};
pub use node_group::{NodeGroup, NodeGroupError, NodeGroupOptions};

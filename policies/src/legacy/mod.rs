//! Plugins that kube-scheduler had up to 1.22, for the configurations of older papers. One file each.

pub mod node_label;
pub(crate) mod node_resources_least_allocated;
pub(crate) mod node_resources_most_allocated;
pub(crate) mod requested_to_capacity_ratio;

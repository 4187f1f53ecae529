//! What runs on the nodes, and what watches them: the kubelet, the node lifecycle controller.

pub mod kubelet;
pub mod lifecycle;

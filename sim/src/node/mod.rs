//! What runs on the nodes: the kubelet.

pub mod kubelet;

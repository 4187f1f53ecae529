//! A cluster as it would be, for filters that have looked at the cluster as it is.

use super::framework::PodOnNode;
use crate::model::node::{Node, NodeSpec};
use std::sync::Arc;

/// What is otherwise than in the store, on any number of nodes at once.
///
/// [`Filter::add_pod`](super::Filter::add_pod) and [`remove_pod`](super::Filter::remove_pod) are for pods of one node, as preemption
/// tries them; this is for whoever moves pods about.
#[derive(Debug, Default)]
pub struct Supposed<'a> {
    /// The pods that would come to nodes and leave them, in order. One may come to several nodes, after it has left the one before.
    pub pods: Vec<(PodOnNode<'a>, &'a Node, Step)>,
    /// The nodes that would have further taints, with what they would be, and those that would be gone, with `None`. The last word on a
    /// node holds. All their pods have left them.
    pub nodes: Vec<(&'a Node, Option<Arc<NodeSpec>>)>,
}

/// What a pod does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It comes to the node.
    Comes,
    /// It leaves it.
    Leaves,
}

impl Step {
    /// By how much it changes the number of pods.
    pub const fn pods(self) -> i64 {
        match self {
            Self::Comes => 1,
            Self::Leaves => -1,
        }
    }
}

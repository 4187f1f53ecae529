//! What is read of a node whenever a pod is placed, in one cache line.

use crate::model::node::Node;
use crate::model::resources::ResourceId;

/// The amounts of a node that nearly every pod is judged by. They say the same as the [`Node`], which has all others too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(64))]
pub struct NodeLoad {
    /// Allocatable CPU (milli), memory (bytes) and pods.
    pub allocatable: [i64; 3],
    /// What the pods on the node request of them.
    pub requested: [i64; 3],
    /// CPU (milli) and memory (bytes) of its pods as scoring counts them, with the defaults for containers without a request.
    pub nonzero: [i64; 2],
}

impl NodeLoad {
    /// The resources, in the order of the amounts.
    pub const RESOURCES: [ResourceId; 3] = [ResourceId::CPU, ResourceId::MEMORY, ResourceId::PODS];

    /// The place of a resource among the amounts, if it has one.
    pub const fn place_of(resource: ResourceId) -> Option<usize> {
        match resource {
            ResourceId::CPU => Some(0),
            ResourceId::MEMORY => Some(1),
            ResourceId::PODS => Some(2),
            _ => None,
        }
    }

    pub(super) fn of(node: &Node) -> Self {
        let [cpu, memory, pods] = Self::RESOURCES;
        let (has, taken) = (&node.allocatable, &node.requested);
        Self {
            allocatable: [has.get(cpu), has.get(memory), has.get(pods)],
            requested: [taken.get(cpu), taken.get(memory), taken.get(pods)],
            nonzero: [node.nonzero_cpu, node.nonzero_memory],
        }
    }
}

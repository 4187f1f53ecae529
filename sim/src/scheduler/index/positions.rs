//! The places of the nodes in the visiting order: the index keeps everything in that order, so that a scan that begins
//! somewhere and ends somewhere is a range.

use crate::cluster::Cluster;
use crate::model::NodeId;

/// No position: the slot holds no node that is visited.
const NONE: u32 = u32::MAX;

/// The visiting order, and where in it each node stands.
#[derive(Debug, Default)]
pub(super) struct Positions {
    ids: Vec<NodeId>,
    of_slot: Vec<u32>,
    /// The membership of the node table that it was made for.
    membership: u64,
}

impl Positions {
    /// Follows the visiting order, which changes only when nodes come or go.
    pub(super) fn follow(&mut self, order: &[NodeId], cluster: &Cluster) {
        let membership = cluster.nodes().membership();
        if self.membership == membership && self.ids.len() == order.len() {
            return;
        }
        self.membership = membership;
        self.ids.clear();
        self.ids.extend_from_slice(order);
        self.of_slot.clear();
        self.of_slot.resize(cluster.nodes().slots(), NONE);
        for (position, id) in order.iter().enumerate() {
            self.of_slot[id.index()] = position as u32;
        }
    }

    /// Tells one visiting order from another.
    pub(super) fn number(&self) -> u64 {
        self.membership
    }

    /// How many nodes are visited.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The nodes in order.
    pub(super) fn ids(&self) -> &[NodeId] {
        &self.ids
    }

    /// The position of a node, if it is visited.
    #[inline]
    pub(super) fn of(&self, id: NodeId) -> Option<usize> {
        self.of_slot.get(id.index()).filter(|position| **position != NONE).map(|position| *position as usize)
    }
}

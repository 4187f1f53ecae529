//! The places of the nodes in the visiting order: the index keeps everything in that order, so that a scan that begins
//! somewhere and ends somewhere is a range.

use super::bits::{self, BLOCK};
use crate::cluster::{Cluster, Nodes};
use crate::model::NodeId;

/// No position: the slot holds no node that is visited.
const NONE: u32 = u32::MAX;

/// So many changes are noted together, unless somebody asks for them before.
const TOGETHER: u64 = 64;

/// The visiting order, where in it each node stands, and when it last changed.
#[derive(Debug, Default)]
pub(super) struct Positions {
    ids: Vec<NodeId>,
    of_slot: Vec<u32>,
    /// The membership of the node table that it was made for.
    membership: Option<u64>,
    /// Tells one visiting order from another.
    number: u64,
    /// Counts the cycles before which a node had changed. What is kept of a node is compared with when it last did.
    clock: u32,
    /// When the node at each position last changed. Whole blocks.
    changed: Vec<u32>,
    /// When a node of each block last changed.
    block_changed: Vec<u32>,
    /// Up to where the log of changes has been read.
    read: u64,
}

impl Positions {
    /// Follows the visiting order, which changes only when nodes come or go.
    #[inline]
    pub(super) fn follow(&mut self, order: &[NodeId], cluster: &Cluster) {
        let nodes = cluster.nodes();
        if self.membership != Some(nodes.membership()) || self.ids.len() != order.len() || self.clock == u32::MAX {
            self.begin(order, cluster);
        }
        // Boards read the log themselves. Of many changes that are noted together, none waits for the memory of the one before.
        if nodes.changes().end() - self.read >= TOGETHER {
            self.note_changes(nodes);
        }
    }

    /// Notes which nodes have changed until now. Whoever asks for that has to have this done before.
    pub(super) fn note_changes(&mut self, nodes: &Nodes) {
        let log = nodes.changes();
        if self.read == log.end() {
            return;
        }
        self.clock += 1;
        if let Some(changes) = log.since(self.read) {
            for id in changes {
                if let Some(position) = self.of(*id) {
                    self.changed[position] = self.clock;
                    self.block_changed[position / BLOCK] = self.clock;
                }
            }
        } else {
            // The last block may have room for more nodes than there are.
            self.changed[..self.ids.len()].fill(self.clock);
            self.block_changed.fill(self.clock);
        }
        self.read = log.end();
    }

    fn begin(&mut self, order: &[NodeId], cluster: &Cluster) {
        self.membership = Some(cluster.nodes().membership());
        self.number += 1;
        self.clock = 0;
        self.ids.clear();
        self.ids.extend_from_slice(order);
        self.of_slot.clear();
        self.of_slot.resize(cluster.nodes().slots(), NONE);
        for (position, id) in order.iter().enumerate() {
            self.of_slot[id.index()] = position as u32;
        }
        let blocks = bits::blocks(order.len());
        for (list, len) in [(&mut self.changed, blocks * BLOCK), (&mut self.block_changed, blocks)] {
            list.clear();
            list.resize(len, 0);
        }
        self.read = cluster.nodes().changes().end();
    }

    /// Tells one visiting order from another.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The present moment, for [`Positions::changed_since`].
    pub(super) fn clock(&self, nodes: &Nodes) -> u32 {
        debug_assert!(self.read == nodes.changes().end(), "all changes are noted");
        self.clock
    }

    /// The nodes of a block that have changed since a moment.
    #[inline]
    pub(super) fn changed_since(&self, block: usize, moment: u32) -> u64 {
        if self.block_changed[block] <= moment {
            return 0;
        }
        let changed: &[u32; BLOCK] = self.changed[block * BLOCK..][..BLOCK].try_into().expect("whole blocks");
        bits::places(changed, move |at| at > moment)
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

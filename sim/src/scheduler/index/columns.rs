//! The loads of all nodes in visiting order, as blocks of columns: for those who look at most nodes of a block.

use super::bits::{self, BLOCK, ones};
use super::positions::Positions;
use crate::cluster::Nodes;
use crate::scheduler::lasting::LoadBlock;
use std::ops::Range;

/// With so many blocks before it a block is compared, whether both have the same capacities.
const NEAR: usize = 4;

/// The blocks, read when they are asked for.
#[derive(Debug, Default)]
pub(super) struct Columns {
    blocks: Vec<LoadBlock>,
    /// The visiting order that they are of.
    order: Option<u64>,
    /// When each was read; `None` if it never was.
    read: Vec<Option<u32>>,
}

impl Columns {
    /// These blocks, as the nodes are now.
    pub(super) fn bring(&mut self, range: Range<usize>, positions: &Positions, nodes: &Nodes) -> &[LoadBlock] {
        if self.order != Some(positions.number()) {
            self.order = Some(positions.number());
            self.blocks.resize_with(bits::blocks(positions.len()), LoadBlock::default);
            self.read.clear();
            self.read.resize(self.blocks.len(), None);
        }
        for block in range.clone() {
            if let Some(read) = self.read[block].replace(positions.clock(nodes)) {
                for lane in ones(positions.changed_since(block, read)) {
                    self.blocks[block].set(lane, nodes);
                }
            } else {
                self.blocks[block].clear();
                for id in positions.ids()[block * BLOCK..].iter().take(BLOCK) {
                    self.blocks[block].push(*id, nodes);
                }
                let (before, [here, ..]) = self.blocks.split_at_mut(block) else { continue };
                here.share_capacity(before.iter().rev().take(NEAR));
            }
        }
        &self.blocks[range]
    }

    /// These blocks, as they were when they were brought.
    #[inline]
    pub(super) fn known(&self, range: Range<usize>) -> &[LoadBlock] {
        &self.blocks[range]
    }
}

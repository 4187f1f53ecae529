//! What one class finds on the board: the scan for feasible nodes, the best of them, and which of several best ones is taken.

use super::bits::{self, BLOCK, cover, nth, ones};
use super::board::Board;
use super::summits::Chunk;
use crate::scheduler::tie_break::precedes_in_heap;
use std::ops::Range;

/// What a scan has found.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    /// How many nodes were looked at.
    pub(super) examined: usize,
    /// How many of them are feasible.
    pub(super) feasible: u32,
    /// The highest sum, and how many nodes have it.
    pub(super) best: i16,
    pub(super) ties: u32,
    lane: usize,
    /// The positions that were looked at, in the order of the scan.
    ranges: [Range<usize>; 2],
    /// The same as parts of blocks; none if all nodes were looked at from the first on.
    parts: Vec<Part>,
}

/// A block, or a part of one.
#[derive(Clone, Copy, Debug)]
struct Part {
    block: usize,
    mask: u64,
    /// Whether all nodes of the block are in it.
    whole: bool,
    /// No node has a higher sum.
    best: i16,
    /// How many have this one: if none, it is not known which is the highest.
    ties: u8,
}

impl Survey {
    /// Walks from `begin` round all positions, until `quota` feasible nodes are found. It ends before the next feasible one.
    ///
    /// Source: see `scan` in `evaluate.rs`, which defines it.
    pub(super) fn begin(&mut self, board: &mut Board, lane: usize, positions: usize, (begin, quota): (usize, usize)) {
        (self.lane, self.examined) = (lane, positions);
        self.ranges = [begin..positions, 0..begin];
        self.parts.clear();
        let (chunk, lane) = board.chunk_mut(lane);
        if begin == 0 && quota >= positions {
            self.feasible = chunk.feasible(lane);
            (self.best, self.ties) = chunk.peak(lane);
            return;
        }
        self.walk(chunk, lane, positions, quota);
        if self.feasible > 0 {
            self.rank(chunk, lane);
        }
    }

    /// Finds the parts, with the highest sums of the whole blocks.
    fn walk(&mut self, chunk: &Chunk, lane: usize, positions: usize, quota: usize) {
        self.feasible = 0;
        let [first, second] = self.ranges.clone();
        let begin = first.start;
        for (lap, range) in [first, second].into_iter().enumerate() {
            for (block, mask) in cover(range) {
                let all = whole(block, positions);
                let whole = mask == all;
                let feasible = || chunk.feasible_nodes(lane, block, all) & mask;
                let here = if whole { chunk.feasible_in(lane, block) } else { feasible().count_ones() };
                // Of a part of a block the highest sum of the block is no less than its own.
                let (best, ties) = chunk.summit(lane, block);
                let part = Part { block, mask, whole, best, ties: if whole { ties } else { 0 } };
                if (self.feasible + here) as usize <= quota {
                    self.feasible += here;
                    self.parts.push(part);
                    continue;
                }
                let end = nth(feasible(), quota as u32 - self.feasible);
                self.feasible = quota as u32;
                self.parts.push(Part { mask: mask & !(!0 << end), whole: false, ties: 0, ..part });
                let end = block * BLOCK + end;
                self.ranges = if lap == 0 { [begin..end, 0..0] } else { [begin..positions, 0..end] };
                self.examined = self.ranges.iter().map(ExactSizeIterator::len).sum();
                return;
            }
        }
    }

    /// Finds the best in the parts, of which at least one node is feasible.
    fn rank(&mut self, chunk: &mut Chunk, lane: usize) {
        loop {
            self.best = self.parts.iter().fold(-1, |best, part| best.max(part.best));
            let mut is_known = true;
            // Only those are looked at that may have the best.
            for part in self.parts.iter_mut().filter(|part| (part.best, part.ties) == (self.best, 0)) {
                is_known = false;
                if part.whole {
                    chunk.climb(part.block);
                    (part.best, part.ties) = chunk.summit(lane, part.block);
                } else {
                    (part.best, part.ties) = chunk.best_of(lane, part.block, part.mask);
                }
            }
            if is_known {
                break;
            }
        }
        self.ties = self.parts.iter().filter(|part| part.best == self.best).map(|part| u32::from(part.ties)).sum();
    }

    /// The sum at a position; negative if the node is refused.
    pub(super) fn sum(&self, position: usize, board: &Board) -> i64 {
        let (chunk, lane) = board.chunk(self.lane);
        chunk.sum(lane, position).into()
    }

    /// The position of the best node of this index, in the order of the walk.
    pub(super) fn tie(&self, index: u32, board: &Board) -> usize {
        let (chunk, lane) = board.chunk(self.lane);
        let (block, mask, left) = if self.parts.is_empty() {
            let (block, left) = chunk.nth(lane, self.best, index, self.ties).unwrap_or_default();
            (block, !0, left)
        } else {
            let mut left = index;
            let found = self.parts.iter().filter(|part| part.best == self.best).find(|part| {
                let is_there = u32::from(part.ties) > left;
                left -= if is_there { 0 } else { u32::from(part.ties) };
                is_there
            });
            let part = found.expect("an index is below the number of ties");
            (part.block, part.mask, left)
        };
        // Past the end no node has the sum.
        let place = if mask == !0 {
            chunk.nth_in(lane, block, self.best, left)
        } else {
            nth(self.best_in(chunk, lane, block) & mask, left)
        };
        block * BLOCK + place
    }

    /// The positions of all best nodes, in the order of the walk.
    pub(super) fn all<'a>(&'a self, board: &'a Board) -> impl Iterator<Item = usize> + 'a {
        let (chunk, lane) = board.chunk(self.lane);
        let ranges = self.ranges.clone().into_iter().flat_map(cover);
        ranges.filter(move |(block, _)| chunk.summit(lane, *block).0 >= self.best).flat_map(move |(block, mask)| {
            ones(self.best_in(chunk, lane, block) & mask).map(move |bit| block * BLOCK + bit)
        })
    }

    /// The position of the best node that comes out on top of a heap of all feasible ones.
    pub(super) fn top_of_heap(&self, board: &Board) -> usize {
        let (chunk, lane) = board.chunk(self.lane);
        let mut rank = 0;
        let mut top: Option<(usize, usize)> = None;
        for (block, mask) in self.ranges.clone().into_iter().flat_map(cover) {
            let feasible = chunk.feasible_nodes(lane, block, !0) & mask;
            if chunk.summit(lane, block).0 >= self.best {
                for bit in ones(self.best_in(chunk, lane, block) & mask) {
                    let rank = rank + (feasible & !(!0 << bit)).count_ones() as usize;
                    if top.is_none_or(|(other, _)| precedes_in_heap(rank, other)) {
                        top = Some((rank, block * BLOCK + bit));
                    }
                }
            }
            rank += feasible.count_ones() as usize;
        }
        top.map_or(0, |(_, position)| position)
    }

    /// The nodes of a block that have the highest sum of all.
    fn best_in(&self, chunk: &Chunk, lane: usize, block: usize) -> u64 {
        let best = self.best;
        bits::places(&chunk.column(lane, block), move |sum| sum == best)
    }
}

/// All positions of a block that there are.
fn whole(block: usize, positions: usize) -> u64 {
    match positions - block * BLOCK {
        here if here >= BLOCK => !0,
        here => !(!0 << here),
    }
}

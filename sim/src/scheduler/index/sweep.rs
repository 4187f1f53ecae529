//! A sweep: the nodes that a scan reaches, judged for one class and forgotten after the decision. It is for classes that come so seldom that
//! most of these nodes have changed since: to remember what was found would cost more than to find it again.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
#![expect(clippy::needless_bitwise_bool, reason = "lanes of a vector do not branch")]

use super::bits::{self, BLOCK, cover, nth, ones};
use super::plan::Plan;
use super::refresh::{self, Sources};
use crate::scheduler::lasting::lanes::{self, LaneWork, Lanes};
use crate::scheduler::tie_break::precedes_in_heap;
use std::ops::Range;

/// So many blocks are judged together: what comes of it stays in the nearest cache.
const TOGETHER: usize = 4;

/// What a sweep has found.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// How many nodes were looked at.
    pub(super) examined: usize,
    /// How many of them are feasible.
    pub(super) feasible: u32,
    /// The highest sum of the scores that are not normalised, and how many nodes have it.
    pub(super) best: i32,
    pub(super) ties: u32,
    /// What was looked at, in the order of the scan.
    parts: Vec<Part>,
    /// The sums, block by block as in `parts`; [`REFUSED`] where a node is not feasible.
    sums: Vec<Lanes>,
    fits: Vec<[bool; BLOCK]>,
}

/// The sum of a node that is not feasible, or not in the part of the block that was looked at.
const REFUSED: f64 = -1.0;

/// A block, or a part of one.
#[derive(Clone, Copy, Debug)]
struct Part {
    block: usize,
    /// The nodes that were looked at, and are feasible once that is known.
    nodes: u64,
    /// The highest sum.
    best: f64,
    /// The nodes that have the highest sum of all.
    ties: u64,
}

impl Sweep {
    /// Walks from `begin` round all positions, until `quota` feasible nodes are found. It ends before the next feasible one. `None` if a
    /// sum is out of range.
    ///
    /// Source: see `scan` in `evaluate.rs`, which defines it.
    pub(super) fn begin(
        &mut self,
        plan: &Plan,
        (begin, quota): (usize, usize),
        sources: &mut Sources<'_>,
    ) -> Option<()> {
        let positions = sources.positions.len();
        (self.examined, self.feasible) = (positions, 0);
        self.parts.clear();
        'walk: for (before, range) in [(0, begin..positions), (positions - begin, 0..begin)] {
            let mut at = range.start;
            while at < range.end {
                let wanted = (quota - self.feasible as usize) / BLOCK + 1;
                let end = range.end.min((at / BLOCK + wanted.min(TOGETHER)) * BLOCK);
                if let Some(next) = self.look(plan, at..end, quota as u32, sources)? {
                    self.examined = before + next - range.start;
                    break 'walk;
                }
                at = end;
            }
        }
        if self.feasible > 0 {
            self.rank();
        }
        Some(())
    }

    /// Looks at the nodes in a range; where the first feasible one stands that is beyond the quota.
    fn look(
        &mut self,
        plan: &Plan,
        range: Range<usize>,
        quota: u32,
        sources: &mut Sources<'_>,
    ) -> Option<Option<usize>> {
        let Sources { nodes, positions, specs, columns, .. } = sources;
        let from = self.parts.len();
        let part = |(block, mask)| Part { block, nodes: mask & specs.passing(block), best: REFUSED, ties: 0 };
        self.parts.extend(cover(range).map(part));
        let parts = &mut self.parts[from..];
        let blocks = parts.first()?.block..parts.last()?.block + 1;
        if self.sums.len() < from + parts.len() {
            self.sums.resize(from + parts.len(), [0.0; BLOCK]);
            self.fits.resize(from + parts.len(), [true; BLOCK]);
        }
        let (sums, fits) = (&mut self.sums[from..][..parts.len()], &mut self.fits[from..][..parts.len()]);
        refresh::judge(plan, nodes, columns.bring(blocks, positions, nodes), fits, sums);
        let mut taken = Taken { feasible: self.feasible, next: None, in_range: true };
        lanes::run(Take { parts, sums, fits, quota, taken: &mut taken });
        self.feasible = taken.feasible;
        taken.in_range.then_some(taken.next)
    }

    /// Finds the best of all parts.
    fn rank(&mut self) {
        let best = self.parts.iter().fold(REFUSED, |best, part| if part.best > best { part.best } else { best });
        self.best = best as i32;
        self.ties = 0;
        for (part, sums) in self.parts.iter_mut().zip(&self.sums).filter(|(part, _)| part.best >= best) {
            part.ties = bits::places(sums, move |sum| sum >= best);
            self.ties += part.ties.count_ones();
        }
    }

    /// The sum at a position; `None` if the node was not looked at, or is not feasible.
    pub(super) fn sum(&self, position: usize) -> Option<i64> {
        let (block, bit) = bits::place(position);
        let there = self.parts.iter().zip(&self.sums).find(|(part, _)| part.block == block && part.nodes & bit != 0);
        there.map(|(_, sums)| sums[position % BLOCK] as i64)
    }

    /// The position of the best node of this index, in the order of the walk.
    pub(super) fn tie(&self, index: u32) -> usize {
        let mut left = index;
        let found = self.parts.iter().find(|part| {
            let here = part.ties.count_ones();
            let is_there = here > left;
            left -= if is_there { 0 } else { here };
            is_there
        });
        let part = found.expect("an index is below the number of ties");
        part.block * BLOCK + nth(part.ties, left)
    }

    /// The positions of all best nodes, in the order of the walk.
    pub(super) fn all(&self) -> impl Iterator<Item = usize> + '_ {
        self.parts.iter().flat_map(|part| ones(part.ties).map(|bit| part.block * BLOCK + bit))
    }

    /// The position of the best node that comes out on top of a heap of all feasible ones.
    pub(super) fn top_of_heap(&self) -> usize {
        let mut before = 0;
        let mut top: Option<(usize, usize)> = None;
        for part in &self.parts {
            for bit in ones(part.ties) {
                let rank = before + (part.nodes & !(!0 << bit)).count_ones() as usize;
                if top.is_none_or(|(other, _)| precedes_in_heap(rank, other)) {
                    top = Some((rank, part.block * BLOCK + bit));
                }
            }
            before += part.nodes.count_ones() as usize;
        }
        top.map_or(0, |(_, position)| position)
    }
}

/// What has been taken of some parts.
struct Taken {
    /// How many feasible nodes there are so far.
    feasible: u32,
    /// Where the first one stands that is beyond the quota.
    next: Option<usize>,
    /// Whether no sum is negative or too large.
    in_range: bool,
}

/// Takes the nodes of some parts that fit, as long as they are wanted, and finds the best sum of each.
struct Take<'a> {
    parts: &'a mut [Part],
    sums: &'a mut [Lanes],
    fits: &'a [[bool; BLOCK]],
    quota: u32,
    taken: &'a mut Taken,
}

impl LaneWork for Take<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        const MOST: f64 = i32::MAX as f64;
        let Self { parts, sums, fits, quota, taken } = self;
        for ((part, sums), fits) in parts.iter_mut().zip(sums).zip(fits) {
            part.nodes &= bits::bits_of(fits);
            let wanted = quota - taken.feasible;
            if taken.next.is_some() {
                part.nodes = 0;
            } else if part.nodes.count_ones() > wanted {
                let end = nth(part.nodes, wanted);
                taken.next = Some(part.block * BLOCK + end);
                part.nodes &= !(!0 << end);
            }
            taken.feasible += part.nodes.count_ones();
            let mut in_range = true;
            let mut highest = [REFUSED; 8];
            for (number, sums) in sums.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                let nodes = part.nodes >> (8 * number);
                for lane in 0..8 {
                    let is_there = nodes >> lane & 1 == 1;
                    in_range &= !is_there | ((sums[lane] >= 0.0) & (sums[lane] <= MOST));
                    sums[lane] = if is_there { sums[lane] } else { REFUSED };
                    highest[lane] = if sums[lane] > highest[lane] { sums[lane] } else { highest[lane] };
                }
            }
            taken.in_range &= in_range;
            part.best = highest.iter().fold(REFUSED, |best, sum| if *sum > best { *sum } else { best });
        }
    }
}

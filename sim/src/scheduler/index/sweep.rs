//! A sweep: the nodes that a scan reaches, judged for one class and forgotten after the decision. It is for classes that come so seldom that
//! most of these nodes have changed since: to remember what was found would cost more than to find it again.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]

use super::bits::{self, BLOCK, cover, nth, ones};
use super::joint::Joint;
use super::plan::Plan;
use super::refresh::{self, Sources};
use crate::scheduler::lasting::lanes::{self, LaneWork, Lanes};
use crate::scheduler::lasting::{LoadBlock, REFUSED};
use crate::scheduler::tie_break::precedes_in_heap;
use std::ops::Range;

/// So many blocks are judged together: what comes of it stays in the nearest cache.
const TOGETHER: usize = 4;

/// What a sweep has found.
#[derive(Debug)]
pub(super) struct Sweep {
    /// How many nodes were looked at.
    pub(super) examined: usize,
    /// How many nodes have the highest sum.
    pub(super) ties: u32,
    /// The highest sum, as a [`rank`].
    best: i64,
    taken: Taken,
    /// What was looked at, in the order of the scan.
    parts: Vec<Part>,
    /// The sums, block by block as in `parts`; [`REFUSED`] where a node is not feasible.
    sums: Vec<Lanes>,
    fits: [[bool; BLOCK]; TOGETHER],
}

/// A block, or a part of one.
#[derive(Clone, Copy, Debug)]
struct Part {
    block: usize,
    /// The nodes that are looked at and that their specifications let pass; then the feasible ones of them.
    nodes: u64,
    /// The highest sum, as a [`rank`].
    best: i64,
    /// The nodes that have the highest sum of all.
    ties: u64,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            examined: 0,
            ties: 0,
            best: -1,
            taken: Taken::default(),
            parts: Vec::new(),
            sums: Vec::new(),
            fits: [[true; BLOCK]; TOGETHER],
        }
    }
}

impl Sweep {
    /// Walks from `begin` round all positions, until `quota` feasible nodes are found. It ends before the next feasible one. `None` if a
    /// sum is out of range.
    ///
    /// Source: see `scan` in `evaluate.rs`, which defines it.
    pub(super) fn begin(
        &mut self,
        (plan, joint): (&Plan, Option<&Joint>),
        (begin, quota): (usize, usize),
        sources: &mut Sources<'_>,
    ) -> Option<()> {
        let positions = sources.positions.len();
        (self.examined, self.taken) = (positions, Taken::default());
        self.parts.clear();
        'walk: for (before, range) in [(0, begin..positions), (positions - begin, 0..begin)] {
            let mut at = range.start;
            while at < range.end {
                let wanted = (quota - self.taken.feasible as usize) / BLOCK + 1;
                let end = range.end.min((at / BLOCK + wanted.min(TOGETHER)) * BLOCK);
                self.look((plan, joint), at..end, quota as u32, sources)?;
                if let Some(next) = self.taken.next {
                    self.examined = before + next - range.start;
                    break 'walk;
                }
                at = end;
            }
        }
        if self.feasible() > 0 {
            self.rank();
        }
        Some(())
    }

    /// Looks at the nodes in a range; `None` if a sum is out of range.
    fn look(
        &mut self,
        (plan, joint): (&Plan, Option<&Joint>),
        range: Range<usize>,
        quota: u32,
        sources: &mut Sources<'_>,
    ) -> Option<()> {
        let Sources { nodes, positions, specs, columns, .. } = sources;
        let from = self.parts.len();
        let part = |(block, mask)| Part { block, nodes: mask & specs.passing(block), best: -1, ties: 0 };
        self.parts.extend(cover(range).map(part));
        let parts = &mut self.parts[from..];
        let blocks = parts.first()?.block..parts.last()?.block + 1;
        if self.sums.len() < from + parts.len() {
            self.sums.resize(from + parts.len(), [0.0; BLOCK]);
        }
        let sums = &mut self.sums[from..][..parts.len()];
        let loads = columns.bring(blocks, positions, nodes);
        if let Some(joint) = joint.filter(|_| loads.iter().all(LoadBlock::is_exact)) {
            joint.judge(loads, sums);
        } else {
            let fits = &mut self.fits[..parts.len()];
            refresh::judge(plan, nodes, loads, fits, sums);
            let mut in_range = true;
            lanes::run(Enter { parts, fits, sums, in_range: &mut in_range });
            if !in_range {
                return None;
            }
        }
        lanes::run(Take { parts, sums, quota, taken: &mut self.taken });
        Some(())
    }

    /// Finds the best of all parts.
    fn rank(&mut self) {
        self.best = self.parts.iter().fold(-1, |best, part| best.max(part.best));
        let Self { parts, sums, best, .. } = self;
        lanes::run(Tie { parts, sums, best: *best });
        self.ties = self.parts.iter().map(|part| part.ties.count_ones()).sum();
    }

    /// How many of the nodes that were looked at are feasible.
    pub(super) fn feasible(&self) -> u32 {
        self.taken.feasible
    }

    /// The highest sum of the scores that are not normalised.
    pub(super) fn best(&self) -> i64 {
        f64::from_bits(self.best as u64) as i64
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

/// What has been taken so far.
#[derive(Debug, Default)]
struct Taken {
    /// How many feasible nodes.
    feasible: u32,
    /// Where the first one stands that is beyond the quota.
    next: Option<usize>,
}

/// A number in the place of a sum, higher for a higher sum, and negative where a node is refused: of whole numbers the vectors find the
/// highest in fewer steps.
#[inline(always)]
fn rank(sum: f64) -> i64 {
    sum.to_bits() as i64
}

/// Refuses the nodes that do not fit.
struct Enter<'a> {
    parts: &'a [Part],
    fits: &'a [[bool; BLOCK]],
    sums: &'a mut [Lanes],
    /// Whether the other sums of nodes that are asked about are neither negative nor too large.
    in_range: &'a mut bool,
}

impl LaneWork for Enter<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let most = rank(i32::MAX.into());
        for ((part, fits), sums) in self.parts.iter().zip(self.fits).zip(self.sums) {
            let mut outside = [0_u64; BLOCK];
            for lane in 0..BLOCK {
                let is_inside = rank(sums[lane]) >= 0 && rank(sums[lane]) <= most;
                outside[lane] = (u64::from(fits[lane]) & u64::from(!is_inside)) << lane;
                sums[lane] = if fits[lane] { sums[lane] } else { REFUSED };
            }
            *self.in_range &= outside.iter().fold(0, |all, bit| all | bit) & part.nodes == 0;
        }
    }
}

/// Takes the feasible nodes of some parts, as long as they are wanted. All others are refused afterwards.
struct Take<'a> {
    parts: &'a mut [Part],
    sums: &'a mut [Lanes],
    quota: u32,
    taken: &'a mut Taken,
}

impl LaneWork for Take<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { parts, sums, quota, taken } = self;
        for (part, sums) in parts.iter_mut().zip(sums) {
            let feasible = places(sums, |rank| rank >= 0);
            part.nodes &= feasible;
            let wanted = quota - taken.feasible;
            if part.nodes.count_ones() > wanted {
                let end = if taken.next.is_some() { 0 } else { nth(part.nodes, wanted) };
                taken.next = taken.next.or(Some(part.block * BLOCK + end));
                part.nodes &= !(!0 << end);
            }
            taken.feasible += part.nodes.count_ones();
            if part.nodes != feasible {
                keep(sums, part.nodes);
            }
            part.best = sums.iter().map(|sum| rank(*sum)).fold(-1, i64::max);
        }
    }
}

/// The places of the ranks for which this holds.
#[inline(always)]
fn places(sums: &Lanes, holds: impl Fn(i64) -> bool) -> u64 {
    let bits = sums.iter().enumerate().map(|(place, sum)| u64::from(holds(rank(*sum))) << place);
    bits.fold(0, |all, bit| all | bit)
}

/// Refuses the nodes of which the bit is not set.
#[inline(always)]
fn keep(sums: &mut Lanes, bits: u64) {
    for (place, sum) in sums.iter_mut().enumerate() {
        *sum = if bits >> place & 1 == 1 { *sum } else { REFUSED };
    }
}

/// Finds the nodes of the highest sum.
struct Tie<'a> {
    parts: &'a mut [Part],
    sums: &'a [Lanes],
    best: i64,
}

impl LaneWork for Tie<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { parts, sums, best } = self;
        for (part, sums) in parts.iter_mut().zip(sums).filter(|(part, _)| part.best == best) {
            part.ties = places(sums, |rank| rank == best);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn a_walk_takes_feasible_nodes_as_long_as_they_are_wanted_and_finds_the_best(
            sums in proptest::collection::vec(proptest::option::of(0_i32..4), 3 * BLOCK),
            range in (0..BLOCK, 2 * BLOCK..=3 * BLOCK),
            passing: [u64; 3],
            quota in 0_u32..200,
        ) {
            let (range, mut sweep) = (range.0..range.1, Sweep::default());
            let part = |(block, mask): (usize, u64)| Part { block, nodes: mask & passing[block], best: -1, ties: 0 };
            sweep.parts = cover(range.clone()).map(part).collect();
            let sum = |position: usize| sums[position].map_or(REFUSED, f64::from);
            sweep.sums = (0..3).map(|block| std::array::from_fn(|lane| sum(block * BLOCK + lane))).collect();
            let Sweep { parts, sums: lanes, taken, .. } = &mut sweep;
            lanes::run(Take { parts, sums: lanes, quota, taken });
            sweep.rank();

            let asked = range.filter(|position| passing[position / BLOCK] >> (position % BLOCK) & 1 == 1);
            let feasible: Vec<usize> = asked.filter(|position| sums[*position].is_some()).collect();
            let (wanted, others) = feasible.split_at(feasible.len().min(quota as usize));
            prop_assert_eq!(sweep.feasible() as usize, wanted.len());
            prop_assert_eq!(sweep.taken.next, others.first().copied());
            let best = wanted.iter().filter_map(|position| sums[*position]).max();
            let ties: Vec<usize> = wanted.iter().copied().filter(|position| sums[*position] == best).collect();
            if let Some(best) = best {
                prop_assert_eq!(sweep.best(), i64::from(best));
                prop_assert_eq!(sweep.ties as usize, ties.len());
                prop_assert_eq!(sweep.all().collect::<Vec<_>>(), ties.clone());
                for (index, position) in ties.iter().enumerate() {
                    prop_assert_eq!(sweep.tie(index as u32), *position);
                }
            }
            for (position, sum) in sums.iter().enumerate() {
                let sum = sum.map(i64::from).filter(|_| wanted.contains(&position));
                prop_assert_eq!(sweep.sum(position), sum);
            }
        }
    }
}

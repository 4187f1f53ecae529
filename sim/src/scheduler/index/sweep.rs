//! A sweep: the nodes that a scan reaches, judged for one class and forgotten after the decision. It is for classes that come so seldom that
//! most of these nodes have changed since: to remember what was found would cost more than to find it again.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
#![expect(clippy::needless_bitwise_bool, reason = "lanes of a vector do not branch")]

use super::bits::{self, BLOCK, cover, nth, ones};
use super::joint::Joint;
use super::plan::Plan;
use super::refresh::{self, Sources};
use super::share_columns::SharesInOrder;
use crate::scheduler::lasting::Totals;
use crate::scheduler::lasting::lanes::{self, LaneWork, Lanes};
use crate::scheduler::tie_break::precedes_in_heap;
use std::ops::Range;

/// So many blocks are judged together: what comes of it stays in the nearest cache.
const TOGETHER: usize = 16;

/// In the place of a sum: the node is not feasible.
const REFUSED: i16 = -1;

/// What a sweep has found.
#[derive(Debug)]
pub(super) struct Sweep {
    /// How many nodes were looked at.
    pub(super) examined: usize,
    /// How many nodes have the highest sum.
    pub(super) ties: u32,
    /// The highest sum.
    best: i16,
    taken: Taken,
    /// What was looked at, in the order of the scan.
    parts: Vec<Part>,
    /// The sums, block by block as in `parts`; [`REFUSED`] where a node is not feasible.
    sums: Vec<Totals>,
    fits: [u64; TOGETHER],
    totals: [Lanes; TOGETHER],
    passed: [[bool; BLOCK]; TOGETHER],
}

/// A block, or a part of one.
#[derive(Clone, Copy, Debug)]
struct Part {
    block: usize,
    /// The nodes that are looked at and that their specifications let pass; then the feasible ones of them.
    nodes: u64,
    /// The nodes that have the highest sum of all.
    ties: u64,
    /// How many.
    count: u32,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            examined: 0,
            ties: 0,
            best: REFUSED,
            taken: Taken::default(),
            parts: Vec::new(),
            sums: Vec::new(),
            fits: [0; TOGETHER],
            totals: [[0.0; BLOCK]; TOGETHER],
            passed: [[true; BLOCK]; TOGETHER],
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
        judges: (&Plan, Option<&Joint>),
        (begin, quota): (usize, usize),
        (sources, shares): (&mut Sources<'_>, &mut SharesInOrder),
    ) -> Option<()> {
        let positions = sources.positions.len();
        (self.examined, self.taken) = (positions, Taken::default());
        self.parts.clear();
        'walk: for (before, range) in [(0, begin..positions), (positions - begin, 0..begin)] {
            let mut at = range.start;
            while at < range.end {
                // If all nodes are feasible, the one after those that are wanted is among them.
                let last = at + quota - self.taken.feasible as usize;
                let end = range.end.min((last / BLOCK + 1).min(at / BLOCK + TOGETHER) * BLOCK);
                self.look(judges, at..end, quota as u32, (&mut *sources, &mut *shares))?;
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
        (sources, shares): (&mut Sources<'_>, &mut SharesInOrder),
    ) -> Option<()> {
        let Sources { nodes, positions, specs, columns, .. } = sources;
        let from = self.parts.len();
        let part = |(block, mask)| Part { block, nodes: mask & specs.passing(block), ties: 0, count: 0 };
        self.parts.extend(cover(range).map(part));
        let parts = &mut self.parts[from..];
        let blocks = parts.first()?.block..parts.last()?.block + 1;
        if self.sums.len() < from + parts.len() {
            self.sums.resize(from + parts.len(), Totals([0; BLOCK]));
        }
        let sums = &mut self.sums[from..][..parts.len()];
        let (fits, totals) = (&mut self.fits[..parts.len()], &mut self.totals[..parts.len()]);
        let mut brought = shares.bring(blocks, columns, (positions, nodes));
        if let Some(joint) = joint.filter(|_| brought.is_exact()) {
            joint.judge(&mut brought, fits, sums, totals);
        } else {
            let passed = &mut self.passed[..parts.len()];
            refresh::judge(plan, nodes, brought.loads, passed, totals);
            let mut in_range = true;
            lanes::run(Enter { parts, totals, passed, fits, sums, in_range: &mut in_range });
            if !in_range {
                return None;
            }
        }
        lanes::run(Take { parts, fits, sums, quota, taken: &mut self.taken });
        Some(())
    }

    /// Finds the best of all parts.
    fn rank(&mut self) {
        let Self { parts, sums, taken, best, ties, .. } = self;
        lanes::run(Tie { parts, sums, taken, best, ties });
    }

    /// How many of the nodes that were looked at are feasible.
    pub(super) fn feasible(&self) -> u32 {
        self.taken.feasible
    }

    /// The highest sum of the scores that are not normalised.
    pub(super) fn best(&self) -> i64 {
        self.best.into()
    }

    /// The sum at a position; `None` if the node was not looked at, or is not feasible.
    pub(super) fn sum(&self, position: usize) -> Option<i64> {
        let (block, bit) = bits::place(position);
        let there = self.parts.iter().zip(&self.sums).find(|(part, _)| part.block == block && part.nodes & bit != 0);
        there.map(|(_, sums)| sums.0[position % BLOCK].into())
    }

    /// The position of the best node of this index, in the order of the walk.
    pub(super) fn tie(&self, index: u32) -> usize {
        let mut left = index;
        let found = self.parts.iter().find(|part| {
            let is_there = part.count > left;
            left -= if is_there { 0 } else { part.count };
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
#[derive(Debug)]
struct Taken {
    /// How many feasible nodes.
    feasible: u32,
    /// Where the first one stands that is beyond the quota.
    next: Option<usize>,
    /// The highest sum in each lane of all blocks.
    best: Totals,
}

impl Default for Taken {
    fn default() -> Self {
        Self { feasible: 0, next: None, best: Totals([REFUSED; BLOCK]) }
    }
}

/// Makes sums of totals, and bits of what has passed.
struct Enter<'a> {
    parts: &'a [Part],
    totals: &'a [Lanes],
    passed: &'a [[bool; BLOCK]],
    fits: &'a mut [u64],
    sums: &'a mut [Totals],
    /// Whether the totals of nodes that are asked about, and fit, are neither negative nor too large.
    in_range: &'a mut bool,
}

impl LaneWork for Enter<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { parts, totals, passed, fits, sums, in_range } = self;
        for (index, (part, totals)) in parts.iter().zip(totals).enumerate() {
            let mut is_outside = [false; BLOCK];
            for lane in 0..BLOCK {
                is_outside[lane] = !(totals[lane] >= 0.0 && totals[lane] <= i16::MAX.into());
                sums[index].0[lane] = lanes::low_bits(totals[lane]) as i16;
            }
            fits[index] = bits::bits_of(&passed[index]);
            *in_range &= bits::bits_of(&is_outside) & fits[index] & part.nodes == 0;
        }
    }
}

/// Takes the feasible nodes of some parts, as long as they are wanted. All others are refused afterwards.
struct Take<'a> {
    parts: &'a mut [Part],
    fits: &'a [u64],
    sums: &'a mut [Totals],
    quota: u32,
    taken: &'a mut Taken,
}

impl LaneWork for Take<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { parts, fits, sums, quota, taken } = self;
        // A copy stays in registers.
        let (mut best, mut feasible) = (taken.best.0, taken.feasible);
        for ((part, fits), Totals(sums)) in parts.iter_mut().zip(fits).zip(sums) {
            let mut nodes = part.nodes & fits;
            let wanted = quota - feasible;
            if nodes.count_ones() > wanted {
                let end = if taken.next.is_some() { 0 } else { nth(nodes, wanted) };
                taken.next = taken.next.or(Some(part.block * BLOCK + end));
                nodes &= !(!0 << end);
            }
            part.nodes = nodes;
            feasible += nodes.count_ones();
            if nodes != !0 {
                keep(sums, nodes);
            }
            for (best, sum) in best.iter_mut().zip(&*sums) {
                *best = if *sum > *best { *sum } else { *best };
            }
        }
        (taken.best.0, taken.feasible) = (best, feasible);
    }
}

/// Refuses the nodes of which the bit is not set.
#[inline(always)]
fn keep(sums: &mut [i16; BLOCK], bits: u64) {
    for (place, sums) in sums.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let bits = (bits >> (16 * place)) as u16;
        for (lane, sum) in sums.iter_mut().enumerate() {
            // All bits are set in `REFUSED`.
            *sum |= ((bits >> lane & 1) as i16).wrapping_add(REFUSED);
        }
    }
}

/// Finds the nodes of the highest sum.
struct Tie<'a> {
    parts: &'a mut [Part],
    sums: &'a [Totals],
    taken: &'a Taken,
    best: &'a mut i16,
    ties: &'a mut u32,
}

impl LaneWork for Tie<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { parts, sums, taken, best, ties } = self;
        let highest = taken.best.0.iter().fold(REFUSED, |best, sum| if *sum > best { *sum } else { best });
        let mut count = 0;
        for (part, Totals(sums)) in parts.iter_mut().zip(sums) {
            // Few blocks have one.
            if sums.iter().fold(false, |some, sum| some | (*sum == highest)) {
                let mut has_it = [false; BLOCK];
                for (has_it, sum) in has_it.iter_mut().zip(sums) {
                    *has_it = *sum == highest;
                }
                part.ties = bits::bits_of(&has_it);
                part.count = part.ties.count_ones();
                count += part.count;
            }
        }
        (*best, *ties) = (highest, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn a_walk_takes_feasible_nodes_as_long_as_they_are_wanted_and_finds_the_best(
            sums in proptest::collection::vec(0_i16..4, 3 * BLOCK),
            fits: [u64; 3],
            range in (0..BLOCK, 2 * BLOCK..=3 * BLOCK),
            passing: [u64; 3],
            quota in 0_u32..200,
        ) {
            let (range, mut sweep) = (range.0..range.1, Sweep::default());
            let part = |(block, mask): (usize, u64)| Part { block, nodes: mask & passing[block], ties: 0, count: 0 };
            sweep.parts = cover(range.clone()).map(part).collect();
            sweep.sums = sums.as_chunks().0.iter().map(|sums| Totals(*sums)).collect();
            let Sweep { parts, sums: lanes, taken, .. } = &mut sweep;
            lanes::run(Take { parts, fits: &fits, sums: lanes, quota, taken });
            sweep.rank();

            let is_in = |bits: [u64; 3], position: usize| bits[position / BLOCK] >> (position % BLOCK) & 1 == 1;
            let feasible: Vec<usize> =
                range.filter(|position| is_in(passing, *position) && is_in(fits, *position)).collect();
            let (wanted, others) = feasible.split_at(feasible.len().min(quota as usize));
            prop_assert_eq!(sweep.feasible() as usize, wanted.len());
            prop_assert_eq!(sweep.taken.next, others.first().copied());
            let best = wanted.iter().map(|position| sums[*position]).max();
            let ties: Vec<usize> = wanted.iter().copied().filter(|position| Some(sums[*position]) == best).collect();
            if let Some(best) = best {
                prop_assert_eq!(sweep.best(), i64::from(best));
                prop_assert_eq!(sweep.ties as usize, ties.len());
                prop_assert_eq!(sweep.all().collect::<Vec<_>>(), ties.clone());
                for (index, position) in ties.iter().enumerate() {
                    prop_assert_eq!(sweep.tie(index as u32), *position);
                }
            }
            for (position, sum) in sums.iter().enumerate() {
                let sum = wanted.contains(&position).then_some(i64::from(*sum));
                prop_assert_eq!(sweep.sum(position), sum);
            }
        }
    }
}

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
    /// The highest sum of the scores that are not normalised, a whole number, and how many nodes have it.
    best: f64,
    pub(super) ties: u32,
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
    /// The nodes that are looked at and that their specifications let pass.
    asked: u64,
    /// How many nodes have the highest sum of all.
    ties: u32,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            examined: 0,
            best: REFUSED,
            ties: 0,
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
        let part = |(block, mask)| Part { block, asked: mask & specs.passing(block), ties: 0 };
        self.parts.extend(cover(range).map(part));
        let parts = &self.parts[from..];
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
            if !are_in_range(parts, fits, sums) {
                return None;
            }
        }
        lanes::run(Take { parts, sums, quota, taken: &mut self.taken });
        Some(())
    }

    /// Finds the best of all parts.
    fn rank(&mut self) {
        let best = self.taken.highest.iter().fold(REFUSED, |best, sum| if *sum > best { *sum } else { best });
        self.best = best;
        let Self { parts, sums, .. } = self;
        lanes::run(Count { parts, sums, best });
        self.ties = self.parts.iter().map(|part| part.ties).sum();
    }

    /// How many of the nodes that were looked at are feasible.
    pub(super) fn feasible(&self) -> u32 {
        self.taken.feasible
    }

    /// The highest sum of the scores that are not normalised.
    pub(super) fn best(&self) -> i64 {
        self.best as i64
    }

    /// The sum at a position; `None` if the node was not looked at, or is not feasible.
    pub(super) fn sum(&self, position: usize) -> Option<i64> {
        let (block, bit) = bits::place(position);
        let there = self.parts().find(|(part, sums)| part.block == block && feasible(sums) & bit != 0);
        there.map(|(_, sums)| sums[position % BLOCK] as i64)
    }

    /// The position of the best node of this index, in the order of the walk.
    pub(super) fn tie(&self, index: u32) -> usize {
        let mut left = index;
        let found = self.parts().find(|(part, _)| {
            let is_there = part.ties > left;
            left -= if is_there { 0 } else { part.ties };
            is_there
        });
        let (part, sums) = found.expect("an index is below the number of ties");
        part.block * BLOCK + nth(self.best_in(sums), left)
    }

    /// The positions of all best nodes, in the order of the walk.
    pub(super) fn all(&self) -> impl Iterator<Item = usize> + '_ {
        self.parts().flat_map(|(part, sums)| ones(self.best_in(sums)).map(|bit| part.block * BLOCK + bit))
    }

    /// The position of the best node that comes out on top of a heap of all feasible ones.
    pub(super) fn top_of_heap(&self) -> usize {
        let mut before = 0;
        let mut top: Option<(usize, usize)> = None;
        for (part, sums) in self.parts() {
            let feasible = feasible(sums);
            let best = if part.ties > 0 { self.best_in(sums) } else { 0 };
            for bit in ones(best) {
                let rank = before + (feasible & !(!0 << bit)).count_ones() as usize;
                if top.is_none_or(|(other, _)| precedes_in_heap(rank, other)) {
                    top = Some((rank, part.block * BLOCK + bit));
                }
            }
            before += feasible.count_ones() as usize;
        }
        top.map_or(0, |(_, position)| position)
    }

    fn parts(&self) -> impl Iterator<Item = (&Part, &Lanes)> {
        self.parts.iter().zip(&self.sums)
    }

    /// The nodes of a block that have the highest sum of all.
    fn best_in(&self, sums: &Lanes) -> u64 {
        let best = self.best;
        bits::places(sums, move |sum| sum >= best)
    }
}

/// The feasible nodes of a block.
fn feasible(sums: &Lanes) -> u64 {
    bits::places(sums, |sum| sum >= 0.0)
}

/// What has been taken so far.
#[derive(Debug)]
struct Taken {
    /// How many feasible nodes.
    feasible: u32,
    /// Where the first one stands that is beyond the quota.
    next: Option<usize>,
    /// The highest sums of those that are as many places apart.
    highest: [f64; 8],
}

impl Default for Taken {
    fn default() -> Self {
        Self { feasible: 0, next: None, highest: [REFUSED; 8] }
    }
}

/// Enters in the sums which nodes do not fit; whether the other sums of nodes that are asked about are neither negative nor too large.
fn are_in_range(parts: &[Part], fits: &[[bool; BLOCK]], sums: &mut [Lanes]) -> bool {
    let mut all = true;
    for ((part, fits), sums) in parts.iter().zip(fits).zip(sums) {
        for (lane, (fits, sum)) in fits.iter().zip(sums).enumerate() {
            all &= !fits || part.asked >> lane & 1 == 0 || (0.0..=f64::from(i32::MAX)).contains(sum);
            *sum = if *fits { *sum } else { REFUSED };
        }
    }
    all
}

/// Takes the feasible nodes of some parts, as long as they are wanted. All others are refused afterwards.
struct Take<'a> {
    parts: &'a [Part],
    sums: &'a mut [Lanes],
    quota: u32,
    taken: &'a mut Taken,
}

impl LaneWork for Take<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { parts, sums, quota, taken } = self;
        let mut highest = taken.highest;
        for (part, sums) in parts.iter().zip(sums) {
            if part.asked != !0 {
                keep(sums, part.asked);
            }
            let (mut here, mut higher) = look(sums, highest);
            let wanted = quota - taken.feasible;
            if here > wanted {
                let mut feasible = [false; BLOCK];
                feasible.iter_mut().zip(&*sums).for_each(|(feasible, sum)| *feasible = *sum >= 0.0);
                let end = if taken.next.is_some() { 0 } else { nth(bits::bits_of(&feasible), wanted) };
                taken.next = taken.next.or(Some(part.block * BLOCK + end));
                keep(sums, !(!0 << end));
                (here, higher) = look(sums, highest);
            }
            taken.feasible += here;
            highest = higher;
        }
        taken.highest = highest;
    }
}

/// How many sums are those of feasible nodes, and the highest ones, also among these.
#[inline(always)]
fn look(sums: &Lanes, mut highest: [f64; 8]) -> (u32, [f64; 8]) {
    let mut feasible = [0_u64; 8];
    for sums in sums.as_chunks::<8>().0 {
        for lane in 0..8 {
            highest[lane] = if sums[lane] > highest[lane] { sums[lane] } else { highest[lane] };
            feasible[lane] += u64::from(sums[lane] >= 0.0);
        }
    }
    (feasible.iter().sum::<u64>() as u32, highest)
}

/// Refuses the nodes of which the bit is not set.
#[inline(always)]
fn keep(sums: &mut Lanes, bits: u64) {
    for (place, sum) in sums.iter_mut().enumerate() {
        *sum = if bits >> place & 1 == 1 { *sum } else { REFUSED };
    }
}

/// Counts how often the highest sum comes.
struct Count<'a> {
    parts: &'a mut [Part],
    sums: &'a [Lanes],
    best: f64,
}

impl LaneWork for Count<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        for (part, sums) in self.parts.iter_mut().zip(self.sums) {
            let mut ties = [0_u64; 8];
            for sums in sums.as_chunks::<8>().0 {
                for lane in 0..8 {
                    ties[lane] += u64::from(sums[lane] >= self.best);
                }
            }
            part.ties = ties.iter().sum::<u64>() as u32;
        }
    }
}

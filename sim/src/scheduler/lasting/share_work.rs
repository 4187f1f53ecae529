//! What scores nodes by their loads as parts of what they have, many at once: see `shares.rs`.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]

use super::across::Asks;
use super::block::{LANES, LoadBlock, PartWork};
use super::lanes::{self, LaneWork};
use super::shares::{Kinds, PART, Run, ShareBlock, ShareColumns};

/// Blocks of nodes, each in both kinds of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Shares<'a> {
    /// What is exact.
    pub loads: &'a [LoadBlock],
    /// The same nodes. All of them [serve](ShareBlock::serves).
    pub blocks: &'a [ShareBlock],
    /// What the nodes have.
    pub kinds: &'a Kinds,
}

/// Scores nodes for any class. See [`ClassScore::add_nodes`](super::ClassScore::add_nodes).
pub trait ShareScore {
    /// Adds `weight` times the score to the lanes of the nodes in `totals`, which stay within [`i16`] whatever scores they are. The score
    /// of a node without room for what a pod of the class requests may be any.
    fn add(&self, shares: Shares<'_>, asks: &Asks, weight: i16, totals: &mut [[i16; LANES]]);
}

/// The work on one lane. Mark what is called `#[inline(always)]`: what is not inlined is not compiled for wide vectors.
pub trait ShareWork {
    /// The score of the node in this lane, which is of this kind, and whether that is in doubt.
    fn score<const N: usize>(&self, columns: &ShareColumns<'_, N>, kind: usize, lane: usize) -> (i32, bool);

    /// Whether a score of nodes of this kind may be in doubt at all.
    fn may_doubt(&self, _kinds: &Kinds, _block: &ShareBlock, _kind: usize) -> bool {
        true
    }
}

/// Does work on all lanes, and `exact` where that leaves a doubt: it adds the score, which is a whole number, to a total.
pub fn add_shares(
    shares: Shares<'_>,
    work: &impl ShareWork,
    exact: &impl PartWork<f64>,
    weight: i16,
    totals: &mut [[i16; LANES]],
) {
    lanes::run(Add { shares, work, exact, weight, totals });
}

struct Add<'a, W, E> {
    shares: Shares<'a>,
    work: &'a W,
    exact: &'a E,
    weight: i16,
    totals: &'a mut [[i16; LANES]],
}

impl<W: ShareWork, E: PartWork<f64>> LaneWork for Add<'_, W, E> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { shares: Shares { loads, blocks, kinds }, work, exact, weight, totals } = self;
        for ((block, loads), totals) in blocks.iter().zip(loads).zip(totals) {
            // What is written by parts and read as a whole just after makes the processor wait: so blocks of one kind are done at once.
            if let [Run { kind, lanes: _, part: None }] = *block.runs() {
                let columns = block.columns::<LANES>(0);
                let job = Job { work, kind: kind.into(), weight };
                if job.add::<LANES>(work.may_doubt(kinds, block, kind.into()), &columns, !0, totals) {
                    job.settle::<FUSED, LANES>(&columns, !0, (exact, loads, 0), totals);
                }
                continue;
            }
            for run in block.runs() {
                let (kind, part) = (run.kind.into(), run.part.unwrap_or(0).into());
                let columns = block.columns::<PART>(part);
                let totals = &mut totals.as_chunks_mut::<PART>().0[part];
                let job = Job { work, kind, weight };
                if job.add::<PART>(work.may_doubt(kinds, block, kind), &columns, run.lanes, totals) {
                    job.settle::<FUSED, PART>(&columns, run.lanes, (exact, loads, part * PART), totals);
                }
            }
        }
    }
}

/// The work on lanes of one kind.
struct Job<'a, W> {
    work: &'a W,
    kind: usize,
    weight: i16,
}

impl<W: ShareWork> Job<'_, W> {
    /// Adds to the totals in these lanes where nothing is in doubt; whether something is.
    #[inline(always)]
    fn add<const N: usize>(
        &self,
        may_doubt: bool,
        columns: &ShareColumns<'_, N>,
        lanes: u16,
        totals: &mut [i16; N],
    ) -> bool {
        if may_doubt {
            return self.add_certain::<true, N>(columns, lanes, totals);
        }
        self.add_certain::<false, N>(columns, lanes, totals)
    }

    #[inline(always)]
    fn add_certain<const DOUBT: bool, const N: usize>(
        &self,
        columns: &ShareColumns<'_, N>,
        lanes: u16,
        totals: &mut [i16; N],
    ) -> bool {
        let mut some = false;
        for (lane, total) in totals.iter_mut().enumerate() {
            let (score, in_doubt) = self.work.score(columns, self.kind, lane);
            let in_doubt = DOUBT & in_doubt & is_in::<N>(lanes, lane);
            *total += if in_doubt | !is_in::<N>(lanes, lane) { 0 } else { self.weight * score as i16 };
            some |= in_doubt;
        }
        some
    }

    /// Adds to the totals in these lanes where something is in doubt. The first lane is that of this number in the block of loads.
    #[inline(always)]
    fn settle<const FUSED: bool, const N: usize>(
        &self,
        columns: &ShareColumns<'_, N>,
        lanes: u16,
        (exact, loads, first): (&impl PartWork<f64>, &LoadBlock, usize),
        totals: &mut [i16; N],
    ) {
        let mut doubts = [false; N];
        for (lane, doubt) in doubts.iter_mut().enumerate() {
            *doubt = self.work.score(columns, self.kind, lane).1 & is_in::<N>(lanes, lane);
        }
        // Few lanes are in doubt: eight are passed over at once.
        let eights = doubts.as_chunks::<8>().0.iter().enumerate();
        for (number, eight) in eights.filter(|(_, eight)| **eight != [false; 8]) {
            for lane in (0..8).filter(|lane| eight[*lane]).map(|lane| 8 * number + lane) {
                let mut score = [0.0];
                exact.run::<FUSED, 1>(loads.part(first + lane), &mut score);
                totals[lane] += self.weight * score[0] as i16;
            }
        }
    }
}

/// Whether a lane is one of these. If there are all lanes of a block, they are all meant.
#[inline(always)]
fn is_in<const N: usize>(lanes: u16, lane: usize) -> bool {
    N > PART || lanes & 1 << lane != 0
}

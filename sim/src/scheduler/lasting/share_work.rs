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

/// Sums of scores, one for each lane of a block.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Totals(pub [i16; LANES]);

/// Scores nodes for any class. See [`ClassScore::add_nodes`](super::ClassScore::add_nodes).
pub trait ShareScore {
    /// Adds `weight` times the score to the lanes of the nodes in `totals`, which stay within [`i16`] whatever scores they are. The score
    /// of a node without room for what a pod of the class requests may be any.
    fn add(&self, shares: Shares<'_>, asks: &Asks, weight: i16, totals: &mut [Totals]);
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
    totals: &mut [Totals],
) {
    lanes::run(Add { shares, work, exact, weight, totals });
}

struct Add<'a, W, E> {
    shares: Shares<'a>,
    work: &'a W,
    exact: &'a E,
    weight: i16,
    totals: &'a mut [Totals],
}

/// What is in doubt in some blocks: for each lane one bit for each block.
type Doubts = [u16; LANES];

/// Of so many.
const NOTED: usize = u16::BITS as usize;

impl<W: ShareWork, E: PartWork<f64>> LaneWork for Add<'_, W, E> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { shares: Shares { loads, blocks, kinds }, work, exact, weight, totals } = self;
        let some = blocks.chunks(NOTED).zip(loads.chunks(NOTED)).zip(totals.chunks_mut(NOTED));
        for ((blocks, loads), totals) in some {
            let mut doubts: Doubts = [0; LANES];
            for (number, (block, Totals(totals))) in blocks.iter().zip(&mut *totals).enumerate() {
                let bit = 1 << number;
                // What is written by parts and read as a whole just after makes the processor wait: so blocks of one kind are done at once.
                if let [Run { kind, lanes: _, part: None }] = *block.runs() {
                    let job = Job { work, kind: kind.into(), weight, lanes: !0, bit };
                    let may_doubt = work.may_doubt(kinds, block, kind.into());
                    job.add::<LANES>(may_doubt, &block.columns(0), totals, &mut doubts);
                    continue;
                }
                for run in block.runs() {
                    let (kind, part): (usize, usize) = (run.kind.into(), run.part.unwrap_or(0).into());
                    let totals = &mut totals.as_chunks_mut::<PART>().0[part];
                    let doubts = &mut doubts.as_chunks_mut::<PART>().0[part];
                    let job = Job { work, kind, weight, lanes: run.lanes, bit };
                    job.add::<PART>(work.may_doubt(kinds, block, kind), &block.columns(part), totals, doubts);
                }
            }
            settle::<FUSED>(&doubts, exact, weight, loads, totals);
        }
    }
}

/// Adds to the totals where something is in doubt. These are few lanes: eight are passed over at once.
#[inline(always)]
fn settle<const FUSED: bool>(
    doubts: &Doubts,
    exact: &impl PartWork<f64>,
    weight: i16,
    loads: &[LoadBlock],
    totals: &mut [Totals],
) {
    let eights = doubts.as_chunks::<8>().0.iter().enumerate();
    for (number, eight) in eights.filter(|(_, eight)| **eight != [0; 8]) {
        for (lane, blocks) in eight.iter().enumerate().map(|(place, blocks)| (8 * number + place, *blocks)) {
            let mut left = blocks;
            while left != 0 {
                let block = left.trailing_zeros() as usize;
                left &= left - 1;
                let mut score = [0.0];
                exact.run::<FUSED, 1>(loads[block].part(lane), &mut score);
                totals[block].0[lane] += weight * score[0] as i16;
            }
        }
    }
}

/// The work on lanes of one kind.
struct Job<'a, W> {
    work: &'a W,
    kind: usize,
    weight: i16,
    /// In a part: its lanes that are meant.
    lanes: u16,
    /// That of the block in [`Doubts`].
    bit: u16,
}

impl<W: ShareWork> Job<'_, W> {
    /// Adds to the totals in these lanes where nothing is in doubt, and notes where something is.
    #[inline(always)]
    fn add<const N: usize>(
        &self,
        may_doubt: bool,
        columns: &ShareColumns<'_, N>,
        totals: &mut [i16; N],
        doubts: &mut [u16; N],
    ) {
        if may_doubt {
            self.add_certain::<true, N>(columns, totals, doubts);
        } else {
            self.add_certain::<false, N>(columns, totals, doubts);
        }
    }

    #[inline(always)]
    fn add_certain<const DOUBT: bool, const N: usize>(
        &self,
        columns: &ShareColumns<'_, N>,
        totals: &mut [i16; N],
        doubts: &mut [u16; N],
    ) {
        for (lane, (total, doubts)) in totals.iter_mut().zip(doubts).enumerate() {
            let (score, in_doubt) = self.work.score(columns, self.kind, lane);
            let in_doubt = DOUBT & in_doubt & is_in::<N>(self.lanes, lane);
            *total += if in_doubt | !is_in::<N>(self.lanes, lane) { 0 } else { self.weight * score as i16 };
            if DOUBT {
                *doubts |= if in_doubt { self.bit } else { 0 };
            }
        }
    }
}

/// Whether a lane is one of these. If there are all lanes of a block, they are all meant.
#[inline(always)]
fn is_in<const N: usize>(lanes: u16, lane: usize) -> bool {
    N > PART || lanes & 1 << lane != 0
}

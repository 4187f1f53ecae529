//! Sixteen lanes of a board: the sums of all nodes for as many classes, the highest ones of each block, and the highest of all.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]

use super::bits::{self, BLOCK};
use super::sums::Sums;
use crate::scheduler::lasting::lanes::{self, LaneWork};

/// How many classes.
pub(super) const CLASSES: usize = 16;

/// For each class the sum of the scores that are not normalised, or a negative number if the node is refused.
type Row = [i16; CLASSES];

/// The lanes of some classes.
pub(super) struct Chunk {
    peak: Peak,
    /// The rows of the nodes, block by block. Positions past the end are refused.
    rows: Vec<Rows>,
    summits: Vec<Summit>,
}

/// The rows of a block.
#[derive(Clone)]
#[repr(C, align(64))]
struct Rows([Row; BLOCK]);

/// What there is in a block of nodes for each class.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Summit {
    /// No node has a higher sum. Negative if all are refused.
    best: [i16; CLASSES],
    /// How many have this one: if none, it is not known which is the highest.
    ties: [u8; CLASSES],
    /// How many are not refused.
    feasible: [u8; CLASSES],
}

/// The same of all nodes.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Peak {
    ties: [i32; CLASSES],
    feasible: [i32; CLASSES],
    best: [i16; CLASSES],
}

impl Chunk {
    /// Of so many blocks, in which all nodes are refused.
    pub(super) fn new(blocks: usize) -> Self {
        let nothing = Summit { best: [-1; CLASSES], ties: [0; CLASSES], feasible: [0; CLASSES] };
        Self {
            peak: Peak { ties: [0; CLASSES], feasible: [0; CLASSES], best: [-1; CLASSES] },
            rows: vec![Rows([[-1; CLASSES]; BLOCK]); blocks],
            summits: vec![nothing; blocks],
        }
    }

    /// Gives a lane to a class, for which these are the sums of so many nodes.
    pub(super) fn fill(&mut self, lane: usize, positions: usize, sums: &Sums) {
        for position in 0..positions {
            self.rows[position / BLOCK].0[position % BLOCK][lane] = sums.get(position).max(-1) as i16;
        }
        self.peak.feasible[lane] = 0;
        for block in 0..self.summits.len() {
            let feasible = bits::places(&self.column(lane, block), |sum| sum >= 0).count_ones();
            self.peak.feasible[lane] += feasible as i32;
            self.summits[block].feasible[lane] = feasible as u8;
            let (best, ties) = sums.best(block);
            (self.summits[block].best[lane], self.summits[block].ties[lane]) = (best as i16, ties);
        }
        lanes::run(Scan(self));
    }

    /// A node has these sums from now on.
    #[inline(always)]
    pub(super) fn set_row(&mut self, block: usize, place: usize, new: Row) {
        // Nothing branches here, so that all lanes are done at once.
        let (summit, peak) = (&mut self.summits[block], &mut self.peak);
        let old = std::mem::replace(&mut self.rows[block].0[place], new);
        let before = *summit;
        let joins: [u8; CLASSES] = lanes_of(|l| u8::from(new[l] >= 0).wrapping_sub(u8::from(old[l] >= 0)));
        summit.feasible = lanes_of(|l| before.feasible[l].wrapping_add(joins[l]));
        peak.feasible = lanes_of(|l| peak.feasible[l] + i32::from(joins[l] as i8));
        let gained: [u8; CLASSES] = lanes_of(|l| before.ties[l].wrapping_add(u8::from(new[l] == before.best[l])));
        let ties: [u8; CLASSES] = lanes_of(|l| gained[l].wrapping_sub(u8::from(old[l] == before.best[l])));
        summit.ties = lanes_of(|l| if new[l] > before.best[l] { 1 } else { ties[l] });
        summit.best = lanes_of(|l| new[l].max(before.best[l]));
        let lost: [u8; CLASSES] = lanes_of(|l| before.ties[l] * u8::from(before.best[l] == peak.best[l]));
        let won: [u8; CLASSES] = lanes_of(|l| summit.ties[l] * u8::from(summit.best[l] >= peak.best[l]));
        let kept = |l: usize| (peak.ties[l] - i32::from(lost[l])) * i32::from(summit.best[l] <= peak.best[l]);
        peak.ties = lanes_of(|l| kept(l) + i32::from(won[l]));
        peak.best = lanes_of(|l| summit.best[l].max(peak.best[l]));
    }

    /// How many nodes are feasible.
    pub(super) fn feasible(&self, lane: usize) -> u32 {
        self.peak.feasible[lane] as u32
    }

    /// How many nodes of a block are feasible.
    #[inline]
    pub(super) fn feasible_in(&self, lane: usize, block: usize) -> u32 {
        self.summits[block].feasible[lane].into()
    }

    /// Which nodes of a block, of those that there are, are feasible.
    #[inline]
    pub(super) fn feasible_nodes(&self, lane: usize, block: usize, all: u64) -> u64 {
        // Nearly always all of them.
        if self.feasible_in(lane, block) == all.count_ones() {
            return all;
        }
        bits::places(&self.column(lane, block), |sum| sum >= 0)
    }

    /// The highest sum of all nodes, and how many have it; a negative one if all are refused.
    pub(super) fn peak(&mut self, lane: usize) -> (i16, u32) {
        while self.peak.best[lane] >= 0 && self.peak.ties[lane] == 0 {
            for block in 0..self.summits.len() {
                if self.summit(lane, block) == (self.peak.best[lane], 0) {
                    self.climb(block);
                }
            }
            lanes::run(Scan(self));
        }
        (self.peak.best[lane], self.peak.ties[lane] as u32)
    }

    /// The highest sum in a block, and how many nodes have it; a negative sum if all are refused. If none has it, no node has a higher one,
    /// and [`Chunk::climb`] finds the highest.
    #[inline]
    pub(super) fn summit(&self, lane: usize, block: usize) -> (i16, u8) {
        let summit = &self.summits[block];
        (summit.best[lane], summit.ties[lane])
    }

    /// Finds the highest sums in a block, for all classes.
    pub(super) fn climb(&mut self, block: usize) {
        let Summit { best, ties, .. } = &mut self.summits[block];
        lanes::run(Climb { rows: &self.rows[block].0, best, ties });
    }

    /// The highest sum in a part of a block, whose places are next to each other, and how many nodes have it; a negative sum and none if all
    /// are refused.
    pub(super) fn best_of(&self, lane: usize, block: usize, mask: u64) -> (i16, u8) {
        let part = mask.trailing_zeros() as usize..BLOCK - mask.leading_zeros() as usize;
        let (mut best, mut ties) = ([-1; CLASSES], [0; CLASSES]);
        lanes::run(Climb { rows: self.rows[block].0.get(part).unwrap_or_default(), best: &mut best, ties: &mut ties });
        (best[lane], if best[lane] < 0 { 0 } else { ties[lane] })
    }

    /// Of the nodes that have this sum, the highest of all, the block of the one of this index, and its index there. There are so many.
    pub(super) fn nth(&self, lane: usize, sum: i16, index: u32, ties: u32) -> Option<(usize, u32)> {
        let lane = lane % CLASSES;
        // Which blocks have the sum nobody can foresee: so no branch depends on it.
        let here = |summit: &Summit| u32::from(summit.ties[lane]) * u32::from(summit.best[lane] == sum);
        let mut blocks = self.summits.iter().enumerate();
        if index < ties / 2 {
            let mut left = index;
            return blocks.find_map(|(block, summit)| {
                let here = here(summit);
                let found = (here > left).then_some((block, left));
                left = left.wrapping_sub(here);
                found
            });
        }
        // It is nearer to the end.
        let mut behind = ties.checked_sub(index + 1)?;
        blocks.rev().find_map(|(block, summit)| {
            let here = here(summit);
            let found = (here > behind).then(|| (block, here - 1 - behind));
            behind = behind.wrapping_sub(here);
            found
        })
    }

    /// Of the nodes of a block that have this sum, the place of the one of this index.
    pub(super) fn nth_in(&self, lane: usize, block: usize, sum: i16, index: u32) -> usize {
        const FEW: usize = 8;
        let lane = lane % CLASSES;
        let mut left = index;
        for (number, rows) in self.rows[block].0.as_chunks::<FEW>().0.iter().enumerate() {
            let here: u32 = rows.iter().map(|row| u32::from(row[lane] == sum)).sum();
            if here > left {
                let mut passed = 0;
                let before = rows.iter().filter(|row| {
                    passed += u32::from(row[lane] == sum);
                    passed <= left
                });
                return number * FEW + before.count();
            }
            left -= here;
        }
        BLOCK
    }

    /// The sum at a position; negative if the node is refused.
    pub(super) fn sum(&self, lane: usize, position: usize) -> i16 {
        self.rows[position / BLOCK].0[position % BLOCK][lane]
    }

    /// The sums of a block in the order of its positions; past the end they are negative.
    #[inline]
    pub(super) fn column(&self, lane: usize, block: usize) -> [i16; BLOCK] {
        let rows = &self.rows[block].0;
        lanes_of(|place| rows[place][lane])
    }
}

/// One thing for each lane. What the library has for this is not always inlined.
#[inline(always)]
pub(super) fn lanes_of<T: Copy + Default, const N: usize>(lane: impl Fn(usize) -> T) -> [T; N] {
    let mut lanes = [T::default(); N];
    for (number, place) in lanes.iter_mut().enumerate() {
        *place = lane(number);
    }
    lanes
}

/// Finds the highest sums of all blocks.
struct Scan<'a>(&'a mut Chunk);

impl LaneWork for Scan<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Chunk { peak, summits, .. } = self.0;
        let mut best = [-1_i16; CLASSES];
        for summit in &*summits {
            best = lanes_of(|l| best[l].max(summit.best[l]));
        }
        let mut ties = [0_i32; CLASSES];
        for summit in &*summits {
            ties = lanes_of(|l| ties[l] + i32::from(summit.ties[l] * u8::from(summit.best[l] == best[l])));
        }
        (peak.best, peak.ties) = (best, ties);
    }
}

/// Finds the highest sums in some rows.
struct Climb<'a> {
    rows: &'a [Row],
    best: &'a mut [i16; CLASSES],
    ties: &'a mut [u8; CLASSES],
}

impl LaneWork for Climb<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let (mut best, mut ties) = ([-1_i16; CLASSES], [0_i16; CLASSES]);
        for row in self.rows {
            ties = lanes_of(|l| ties[l] * i16::from(row[l] <= best[l]) + i16::from(row[l] >= best[l]));
            best = lanes_of(|l| best[l].max(row[l]));
        }
        (*self.best, *self.ties) = (best, lanes_of(|l| ties[l] as u8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    /// The highest number that is not negative, and how many there are.
    fn best(numbers: impl Iterator<Item = i16> + Clone) -> (i16, usize) {
        let best = numbers.clone().max().filter(|best| *best >= 0).unwrap_or(-1);
        (best, numbers.filter(|number| best >= 0 && *number == best).count())
    }

    proptest! {
        #[test]
        fn peaks_and_summits_are_those_of_the_rows(
            changes in proptest::collection::vec((0_usize..150, proptest::array::uniform16(-1_i16..4)), 1..200),
            asked in 1_usize..8,
        ) {
            let mut chunk = Chunk::new(3);
            let mut rows = vec![[-1; CLASSES]; 3 * BLOCK];
            for (number, (position, row)) in changes.into_iter().enumerate() {
                chunk.set_row(position / BLOCK, position % BLOCK, row);
                rows[position] = row;
                if number % asked != 0 {
                    continue;
                }
                let lane = number % CLASSES;
                let sums = rows.iter().map(|row| row[lane]);
                prop_assert_eq!(chunk.feasible(lane) as usize, sums.clone().filter(|sum| *sum >= 0).count());
                let (peak, ties) = best(sums.clone());
                let found = chunk.peak(lane);
                prop_assert_eq!(found.0, peak);
                if peak >= 0 {
                    prop_assert_eq!(found.1 as usize, ties);
                    let places: Vec<usize> = (0..rows.len()).filter(|place| rows[*place][lane] == peak).collect();
                    for (index, place) in places.iter().enumerate() {
                        let before = places[..index].iter().filter(|other| **other / BLOCK == place / BLOCK).count();
                        let of_block = Some((place / BLOCK, before as u32));
                        prop_assert_eq!(chunk.nth(lane, peak, index as u32, ties as u32), of_block);
                        prop_assert_eq!(chunk.nth_in(lane, place / BLOCK, peak, before as u32), place % BLOCK);
                    }
                }
                prop_assert_eq!(chunk.nth(lane, peak, ties as u32, ties as u32).filter(|_| peak >= 0), None);
                for (block, rows) in rows.chunks(BLOCK).enumerate() {
                    let sums = rows.iter().map(|row| row[lane]);
                    prop_assert_eq!(chunk.column(lane, block).to_vec(), sums.clone().collect::<Vec<_>>());
                    prop_assert_eq!(chunk.feasible_in(lane, block) as usize, sums.clone().filter(|sum| *sum >= 0).count());
                    let (highest, ties) = best(sums);
                    prop_assert!(chunk.summit(lane, block).0 >= highest);
                    if chunk.summit(lane, block).1 == 0 {
                        chunk.climb(block);
                    }
                    let mask = (!0 << (asked * number % BLOCK)) & (!0 >> (number % BLOCK));
                    let sums = || rows.iter().map(|row| row[lane]);
                    let part = (0..BLOCK).filter(|place| mask >> place & 1 == 1).map(|place| rows[place][lane]);
                    let (most, equal) = best(part);
                    prop_assert_eq!(chunk.best_of(lane, block, mask), (most, equal as u8));
                    let feasible = sums().enumerate().map(|(place, sum)| u64::from(sum >= 0) << place).sum::<u64>();
                    for all in [!0, feasible | 1] {
                        prop_assert_eq!(chunk.feasible_nodes(lane, block, all) & all, feasible);
                    }
                    let found = chunk.summit(lane, block);
                    prop_assert_eq!((found.0, if highest < 0 { 0 } else { found.1.into() }), (highest, ties));
                }
            }
        }
    }
}

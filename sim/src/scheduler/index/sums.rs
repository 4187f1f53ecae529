//! The sums of scores of a view's nodes, in as little memory as they need: there is one for every node and class.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
#![expect(clippy::needless_bitwise_bool, reason = "lanes of a vector do not branch")]

use super::bits::{self, BLOCK};
use crate::scheduler::lasting::lanes::{self, LaneWork, Lanes};

/// For each position the sum of the scores that are not normalised, or a negative number if the node is refused. Whole blocks: the
/// positions past the end are refused.
#[derive(Debug)]
pub(super) enum Sums {
    /// As long as all of them are small.
    Narrow(Vec<i16>),
    Wide(Vec<i32>),
}

impl Default for Sums {
    fn default() -> Self {
        Self::Narrow(Vec::new())
    }
}

impl Sums {
    /// Nobody knows of any of so many blocks.
    pub(super) fn reset(&mut self, blocks: usize) {
        match self {
            Self::Narrow(list) => {
                list.clear();
                list.resize(blocks * BLOCK, i16::MIN);
            }
            Self::Wide(_) => *self = Self::Narrow(vec![i16::MIN; blocks * BLOCK]),
        }
    }

    /// How many bytes each position takes.
    pub(super) fn width(&self) -> usize {
        match self {
            Self::Narrow(_) => size_of::<i16>(),
            Self::Wide(_) => size_of::<i32>(),
        }
    }

    /// The number at a position.
    #[inline]
    pub(super) fn get(&self, position: usize) -> i32 {
        match self {
            Self::Narrow(list) => list[position].into(),
            Self::Wide(list) => list[position],
        }
    }

    /// Sets the number at a position.
    #[inline]
    pub(super) fn set(&mut self, position: usize, sum: i32) {
        match self {
            Self::Narrow(list) => match i16::try_from(sum) {
                Ok(sum) => list[position] = sum,
                Err(_) => self.widen()[position] = sum,
            },
            Self::Wide(list) => list[position] = sum,
        }
    }

    /// Sets all numbers of the blocks from `first` on, and says what is found there; `None` if a total is out of range.
    pub(super) fn enter(&mut self, first: usize, judged: &Judged<'_>, found: &mut [Found]) -> Option<()> {
        let places = first * BLOCK..(first + found.len()) * BLOCK;
        let mut fits = true;
        if let Self::Narrow(list) = self {
            let sums = list[places.clone()].as_chunks_mut().0;
            lanes::run(Enter { sums, judged, found: &mut *found, fits: &mut fits });
            if fits {
                return Some(());
            }
        }
        fits = true;
        let sums = self.widen()[places].as_chunks_mut().0;
        lanes::run(Enter { sums, judged, found, fits: &mut fits });
        fits.then_some(())
    }

    /// The highest number of a block, and at how many positions it is; -1 and none if all are negative.
    #[inline]
    pub(super) fn best(&self, block: usize) -> (i32, u8) {
        let mut found = [Found::default()];
        self.best_of(&[block as u32], &mut found);
        (found[0].best, found[0].ties)
    }

    /// The same of several blocks.
    pub(super) fn best_of(&self, blocks: &[u32], found: &mut [Found]) {
        match self {
            Self::Narrow(list) => lanes::run(Best { sums: list.as_chunks().0, blocks, found }),
            Self::Wide(list) => lanes::run(Best { sums: list.as_chunks().0, blocks, found }),
        }
    }

    /// The highest number at some positions of a block; -1 if all are negative.
    pub(super) fn best_among(&self, block: usize, members: u64) -> i32 {
        let mut best = -1;
        match self {
            Self::Narrow(list) => lanes::run(BestAmong { sums: of_block(list, block), members, best: &mut best }),
            Self::Wide(list) => lanes::run(BestAmong { sums: of_block(list, block), members, best: &mut best }),
        }
        best
    }

    /// The positions of a block that have this number.
    #[inline]
    pub(super) fn equal(&self, block: usize, sum: i32) -> u64 {
        match self {
            Self::Narrow(list) => match i16::try_from(sum) {
                Ok(sum) => bits::places(of_block(list, block), move |other| other == sum),
                Err(_) => 0,
            },
            Self::Wide(list) => bits::places(of_block(list, block), move |other| other == sum),
        }
    }

    #[cold]
    fn widen(&mut self) -> &mut Vec<i32> {
        if let Self::Narrow(list) = self {
            *self = Self::Wide(list.iter().map(|sum| i32::from(*sum)).collect());
        }
        let Self::Wide(list) = self else { unreachable!("made wide above") };
        list
    }
}

#[inline]
fn of_block<T>(list: &[T], block: usize) -> &[T; BLOCK] {
    list[block * BLOCK..][..BLOCK].try_into().expect("whole blocks")
}

/// What plugins have said of the nodes of some blocks.
pub(super) struct Judged<'a> {
    pub(super) fits: &'a [[bool; BLOCK]],
    pub(super) totals: &'a [Lanes],
    /// The nodes that pass otherwise.
    pub(super) passing: &'a [u64],
}

/// What there is in a block.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    /// The nodes that are not refused, if that was asked.
    pub(super) fitting: u64,
    /// The highest number; -1 if all are negative.
    pub(super) best: i32,
    /// At how many positions it is.
    pub(super) ties: u8,
}

trait Sum: Copy + Ord + From<i8> + Into<i32> {
    /// The largest.
    const MAX: f64;

    /// From a whole number that is not negative and not too large.
    fn of(number: f64) -> Self;
}

impl Sum for i16 {
    const MAX: f64 = i16::MAX as f64;

    #[inline(always)]
    fn of(number: f64) -> Self {
        lanes::low_bits(number) as Self
    }
}

impl Sum for i32 {
    const MAX: f64 = i32::MAX as f64;

    #[inline(always)]
    fn of(number: f64) -> Self {
        lanes::low_bits(number)
    }
}

/// Makes numbers of totals.
struct Enter<'a, T> {
    sums: &'a mut [[T; BLOCK]],
    judged: &'a Judged<'a>,
    found: &'a mut [Found],
    /// Whether they are neither negative nor too large.
    fits: &'a mut bool,
}

impl<T: Sum> LaneWork for Enter<'_, T> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Judged { fits, totals, passing } = self.judged;
        let mut in_range = true;
        for (index, (sums, found)) in self.sums.iter_mut().zip(self.found).enumerate() {
            let (fits, totals, passing) = (&fits[index], &totals[index], passing[index]);
            let fitting = bits::bits_of(fits) & passing;
            for lane in 0..BLOCK {
                let (total, fits) = (totals[lane], fitting >> lane & 1 == 1);
                in_range &= !fits | ((total >= 0.0) & (total <= T::MAX));
                sums[lane] = if fits { T::of(total) } else { T::from(-1) };
            }
            let (best, ties) = best(sums);
            *found = Found { fitting, best, ties };
        }
        *self.fits = in_range;
    }
}

/// Finds the highest number of blocks.
struct Best<'a, T> {
    sums: &'a [[T; BLOCK]],
    blocks: &'a [u32],
    found: &'a mut [Found],
}

impl<T: Sum> LaneWork for Best<'_, T> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        for (block, found) in self.blocks.iter().zip(self.found) {
            (found.best, found.ties) = best(&self.sums[*block as usize]);
        }
    }
}

/// Finds the highest number at some positions.
struct BestAmong<'a, T> {
    sums: &'a [T; BLOCK],
    members: u64,
    best: &'a mut i32,
}

impl<T: Sum> LaneWork for BestAmong<'_, T> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let mut asked = [T::from(-1); BLOCK];
        for (lane, (asked, sum)) in asked.iter_mut().zip(self.sums).enumerate() {
            *asked = if self.members >> lane & 1 == 1 { *sum } else { T::from(-1) };
        }
        *self.best = asked.iter().fold(T::from(-1), |best, sum| best.max(*sum)).into();
    }
}

#[inline(always)]
fn best<T: Sum>(sums: &[T; BLOCK]) -> (i32, u8) {
    let none = T::from(-1);
    let best = sums.iter().fold(none, |best, sum| best.max(*sum));
    let ties = sums.iter().map(|sum| u8::from(*sum == best)).sum();
    (best.into(), if best == none { 0 } else { ties })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn narrow_and_wide_sums_say_the_same(
            numbers in proptest::collection::vec(-3_i32..300, 2 * BLOCK),
            large in proptest::option::of((0..2 * BLOCK, 30_000_i32..70_000)),
        ) {
            let mut sums = Sums::default();
            sums.reset(2);
            let mut plain = numbers;
            // What is negative has been refused, by the one or the other.
            let enter = |sums: &mut Sums, plain: &mut [i32]| {
                let totals = [std::array::from_fn(|lane| f64::from(plain[BLOCK + lane]))];
                let fits = [std::array::from_fn(|lane| plain[BLOCK + lane] >= 0 || lane % 2 == 0)];
                let passes = |lane: &usize| plain[BLOCK + lane] >= 0 || lane % 2 == 1;
                let passing = [(0..BLOCK).filter(passes).fold(0, |all, lane| all | 1 << lane)];
                let judged = Judged { fits: &fits, totals: &totals, passing: &passing };
                let mut found = [Found::default()];
                sums.enter(1, &judged, &mut found).expect("nothing is out of range");
                plain[BLOCK..].iter_mut().for_each(|number| *number = (*number).max(-1));
                assert_eq!((found[0].best, found[0].ties), sums.best(1));
                let fitting = (0..BLOCK).filter(|lane| plain[BLOCK + lane] >= 0).fold(0, |all, lane| all | 1 << lane);
                assert_eq!(found[0].fitting, fitting);
            };
            enter(&mut sums, &mut plain);
            for (position, number) in plain[..BLOCK].iter().enumerate() {
                sums.set(position, *number);
            }
            if let Some((position, number)) = large {
                plain[position] = number;
                sums.set(position, number);
                if position >= BLOCK {
                    enter(&mut sums, &mut plain);
                }
            }
            for block in 0..2 {
                let here = &plain[block * BLOCK..][..BLOCK];
                let best = here.iter().copied().max().filter(|best| *best >= 0);
                let ties = here.iter().filter(|number| Some(**number) == best).count();
                prop_assert_eq!(sums.best(block), (best.unwrap_or(-1), ties as u8));
                let members = 0x00f0_0ff0_1234_5678_u64.rotate_left(block as u32 * 7);
                let among = (0..BLOCK).filter(|lane| members >> lane & 1 == 1).map(|lane| here[lane]).max();
                prop_assert_eq!(sums.best_among(block, members), among.unwrap_or(-1).max(-1));
                for number in [here[0], here[63], 31_000, 65_536 + here[0]] {
                    let places = sums.equal(block, number);
                    let expected = (0..BLOCK).filter(|place| here[*place] == number).fold(0, |all, place| all | 1 << place);
                    prop_assert_eq!(places, expected);
                }
            }
            prop_assert_eq!((0..2 * BLOCK).map(|position| sums.get(position)).collect::<Vec<_>>(), plain);
        }
    }
}

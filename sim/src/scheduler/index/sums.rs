//! The sums of scores of a view's nodes, in as little memory as they need: there is one for every node and class.

use super::bits::{self, BLOCK};
use crate::scheduler::lasting::lanes::{self, LaneWork};

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

    /// Sets all numbers of a block.
    pub(super) fn set_block(&mut self, block: usize, sums: &[i32; BLOCK]) {
        if let Self::Narrow(list) = self {
            let mut fits = true;
            let narrow = (&mut list[block * BLOCK..][..BLOCK]).try_into().expect("whole blocks");
            lanes::run(Narrow { sums, narrow, fits: &mut fits });
            if fits {
                return;
            }
        }
        self.widen()[block * BLOCK..][..BLOCK].copy_from_slice(sums);
    }

    /// The highest number of a block, and at how many positions it is; -1 and none if all are negative.
    #[inline]
    pub(super) fn best(&self, block: usize) -> (i32, u8) {
        let (mut best, mut ties) = (-1, 0);
        match self {
            Self::Narrow(list) => lanes::run(Best { sums: of_block(list, block), best: &mut best, ties: &mut ties }),
            Self::Wide(list) => lanes::run(Best { sums: of_block(list, block), best: &mut best, ties: &mut ties }),
        }
        (best, ties)
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

/// Makes numbers narrow.
struct Narrow<'a> {
    sums: &'a [i32; BLOCK],
    narrow: &'a mut [i16; BLOCK],
    /// Whether they are small enough.
    fits: &'a mut bool,
}

impl LaneWork for Narrow<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let mut fits = true;
        for (narrow, sum) in self.narrow.iter_mut().zip(self.sums) {
            *narrow = *sum as i16;
            fits &= i32::from(*narrow) == *sum;
        }
        *self.fits = fits;
    }
}

/// Finds the highest number of a block, and at how many positions it is.
struct Best<'a, T> {
    sums: &'a [T; BLOCK],
    best: &'a mut i32,
    ties: &'a mut u8,
}

impl<T: Copy + Ord + From<i8> + Into<i32>> LaneWork for Best<'_, T> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let none = T::from(-1);
        let best = self.sums.iter().fold(none, |best, sum| best.max(*sum));
        let ties = if best == none { 0 } else { self.sums.iter().map(|sum| u8::from(*sum == best)).sum() };
        (*self.best, *self.ties) = (best.into(), ties);
    }
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
            sums.set_block(1, plain[BLOCK..].try_into().expect("a block"));
            for position in 0..BLOCK {
                sums.set(position, plain[position]);
            }
            if let Some((position, number)) = large {
                plain[position] = number;
                sums.set(position, number);
                if position >= BLOCK {
                    sums.set_block(1, plain[BLOCK..].try_into().expect("a block"));
                }
            }
            for block in 0..2 {
                let here = &plain[block * BLOCK..][..BLOCK];
                let best = here.iter().copied().max().filter(|best| *best >= 0);
                let ties = here.iter().filter(|number| Some(**number) == best).count();
                prop_assert_eq!(sums.best(block), (best.unwrap_or(-1), ties as u8));
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

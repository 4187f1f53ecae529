//! Sets of positions as bits, 64 to a block.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]

use crate::scheduler::lasting::lanes::{self, LaneWork};
use std::ops::Range;

/// Positions in a block.
pub(super) const BLOCK: usize = 64;

/// How many blocks hold so many positions.
pub(super) const fn blocks(positions: usize) -> usize {
    positions.div_ceil(BLOCK)
}

/// The block of a position, and its bit there.
#[inline]
pub(super) const fn place(position: usize) -> (usize, u64) {
    (position / BLOCK, 1 << (position % BLOCK))
}

/// The blocks that a range of positions touches, each with the bits that are inside.
pub(super) fn cover(range: Range<usize>) -> impl Iterator<Item = (usize, u64)> + Clone {
    let (first, last) = (range.start / BLOCK, blocks(range.end));
    (first..last.max(first)).filter_map(move |block| {
        let low = if block == first { !0 << (range.start % BLOCK) } else { !0 };
        let high = if (block + 1) * BLOCK > range.end { !(!0 << (range.end % BLOCK)) } else { !0 };
        let mask = low & high;
        (mask != 0).then_some((block, mask))
    })
}

/// The numbers of the bits that are set, lowest first.
pub(super) fn ones(mut word: u64) -> impl Iterator<Item = usize> + Clone {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (bit < 64).then_some(bit as usize)
    })
}

/// The number of the set bit of this index, counted from the lowest.
#[inline]
pub(super) fn nth(word: u64, index: u32) -> usize {
    if index >= word.count_ones() {
        return BLOCK;
    }
    // It is in the lower or in the upper half of what is left: nobody can foresee where, so no branch depends on it.
    let (mut place, mut left) = (0, index);
    for half in [32, 16, 8, 4, 2, 1] {
        let below = (word >> place & !(!0 << half)).count_ones();
        let is_above = u32::from(left >= below);
        place += half * is_above;
        left -= below * is_above;
    }
    place as usize
}

/// The places of numbers for which this holds.
#[inline]
pub(super) fn places<T: Copy>(numbers: &[T; BLOCK], holds: impl Fn(T) -> bool + Copy) -> u64 {
    let mut bits = 0;
    lanes::run(Places { numbers, holds, bits: &mut bits });
    bits
}

struct Places<'a, T, F> {
    numbers: &'a [T; BLOCK],
    holds: F,
    bits: &'a mut u64,
}

impl<T: Copy, F: Fn(T) -> bool> LaneWork for Places<'_, T, F> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let mut lanes = [false; BLOCK];
        for (lane, number) in lanes.iter_mut().zip(self.numbers) {
            *lane = (self.holds)(*number);
        }
        *self.bits = bits_of(&lanes);
    }
}

/// The places that are true.
#[inline(always)]
pub(super) fn bits_of(lanes: &[bool; BLOCK]) -> u64 {
    let mut bits = 0;
    for (place, eight) in lanes.as_chunks::<8>().0.iter().enumerate() {
        // The lowest bits of two bytes come together, then those of two such pairs, then all eight.
        let bytes = u64::from_le_bytes(eight.map(u8::from));
        let pairs = bytes | bytes >> 7;
        let fours = pairs | pairs >> 14;
        bits |= ((fours | fours >> 28) & 0xff) << (8 * place);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cover_has_each_position_once() {
        for range in [0..0, 5..5, 0..64, 0..65, 3..64, 63..64, 64..65, 10..200, 128..192] {
            let found: Vec<usize> =
                cover(range.clone()).flat_map(|(block, mask)| ones(mask).map(move |bit| block * BLOCK + bit)).collect();
            assert_eq!(found, range.clone().collect::<Vec<_>>(), "{range:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn lanes_become_bits(bits: u64) {
            let lanes = std::array::from_fn(|lane| bits >> lane & 1 == 1);
            proptest::prop_assert_eq!(bits_of(&lanes), bits);
            proptest::prop_assert_eq!(places(&lanes, |lane| lane), bits);
        }
    }

    #[test]
    fn bits_are_found_by_their_index() {
        let word = 1 | 1 << 7 | 1 << 63;
        assert_eq!([nth(word, 0), nth(word, 1), nth(word, 2), nth(word, 3)], [0, 7, 63, BLOCK]);
        for word in [0, !0, 0x8000_0001_0000_0000, 0x00f3_0ff0_1230_5678] {
            for index in 0..65 {
                assert_eq!(nth(word, index), ones(word).nth(index as usize).unwrap_or(BLOCK), "{index} of {word:x}");
            }
        }
    }
}

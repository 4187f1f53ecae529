//! Sets of positions as bits, 64 to a block.

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
pub(super) fn ones(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (bit < 64).then_some(bit as usize)
    })
}

/// The number of the set bit of this index, counted from the lowest.
pub(super) fn nth(word: u64, index: u32) -> usize {
    ones(word).nth(index as usize).unwrap_or(BLOCK)
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

    #[test]
    fn bits_are_found_by_their_index() {
        let word = 1 | 1 << 7 | 1 << 63;
        assert_eq!([nth(word, 0), nth(word, 1), nth(word, 2), nth(word, 3)], [0, 7, 63, BLOCK]);
    }
}

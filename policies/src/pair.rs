//! CPU and memory of a node side by side, in arithmetic that the compiler does for both at once.
//!
//! Amounts below 2^46 are exact as `f64`, and so is the hundredfold of one. A quotient of such numbers is rounded, but never up to a
//! whole number that it does not reach. So [`whole`] of it is what integer division gives.

use towtank_sim::cluster::NodeLoad;

/// Two numbers, of CPU and of memory.
pub(crate) type Pair = [f64; 2];

/// Amounts from here on are not exact, nor are their sums and multiples.
const LIMIT: i64 = 1 << 46;

/// From here to its double, `f64` has the whole numbers and nothing between.
const WHOLE: f64 = (1_u64 << 52) as f64;

/// Whether all amounts are exact, and what the node has is not 0.
#[inline]
pub(crate) fn is_exact(allocatable: [i64; 2], taken: [i64; 2]) -> bool {
    // A 0 becomes -1, which has the high bits that small amounts lack.
    let bits = allocatable[0].wrapping_sub(1) | allocatable[1].wrapping_sub(1) | taken[0] | taken[1];
    (bits as u64) < LIMIT as u64
}

/// What a node has of CPU and memory.
#[inline]
pub(crate) fn allocatable(load: &NodeLoad) -> [i64; 2] {
    [load.allocatable[0], load.allocatable[1]]
}

/// What the pods on a node request of CPU and memory.
#[inline]
pub(crate) fn requested(load: &NodeLoad) -> [i64; 2] {
    [load.requested[0], load.requested[1]]
}

/// The amounts, which are exact.
#[inline]
pub(crate) fn pair(amounts: [i64; 2]) -> Pair {
    let exact = |amount: i64| f64::from_bits(amount as u64 | WHOLE.to_bits()) - WHOLE;
    [exact(amounts[0]), exact(amounts[1])]
}

/// For each of the two.
#[inline]
pub(crate) fn zip(a: Pair, b: Pair, f: impl Fn(f64, f64) -> f64) -> Pair {
    [f(a[0], b[0]), f(a[1], b[1])]
}

/// The whole part of a number from 0 to 2^51.
#[inline]
pub(crate) fn whole(number: f64) -> f64 {
    let nearest = (number + WHOLE) - WHOLE;
    nearest - if nearest > number { 1.0 } else { 0.0 }
}

/// A whole number from 0 to 2^51 as an integer.
#[inline]
pub(crate) fn integer(whole: f64) -> i64 {
    ((whole + WHOLE).to_bits() - WHOLE.to_bits()) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn whole_parts_of_quotients_are_those_of_integers(a in 0..LIMIT, b in 1..LIMIT, factor in 0_i64..=100) {
            for (a, b) in [(a, b), (b * factor / 100, b), (a % 1000, b % 1000 + 1)] {
                let [x, y] = pair([a, b]);
                prop_assert_eq!([x, y], [a as f64, b as f64]);
                prop_assert_eq!(integer(whole(100.0 * x.min(y) / y)), 100 * a.min(b) / b);
            }
        }
    }

    #[test]
    fn amounts_are_exact_below_the_limit_only() {
        assert!(is_exact([1, LIMIT], [0, LIMIT - 1]));
        for (allocatable, taken) in [([0, 1], [0, 0]), ([1, 1], [0, LIMIT]), ([1, -5], [0, 0]), ([1, 1], [-1, 0])] {
            assert!(!is_exact(allocatable, taken), "{allocatable:?} {taken:?}");
        }
        assert!(!is_exact([LIMIT + 1, 1], [0, 0]));
        assert!(!is_exact([i64::MIN, i64::MAX], [0, 0]));
    }
}

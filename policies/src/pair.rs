//! CPU and memory of a node side by side, in arithmetic that the compiler does for both at once.
//!
//! Amounts below 2^46 are exact as `f64`, and so is the hundredfold of one. A quotient of such numbers is rounded, but never up to a
//! whole number that it does not reach. So [`whole_part`] of it is what integer division gives.

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
    // Not by `map`: that is not always inlined.
    [exact(amounts[0]), exact(amounts[1])]
}

/// For each of the two.
#[inline]
pub(crate) fn zip(a: Pair, b: Pair, f: impl Fn(f64, f64) -> f64) -> Pair {
    [f(a[0], b[0]), f(a[1], b[1])]
}

/// The whole part of a number from 1 to 2^30, without a branch that depends on it.
///
/// Twice the number, less a half, is rounded to the nearest whole number, of two to the even one: that is twice the whole part, or
/// one more. Half of it is the whole part. The subtraction and the rounding are one step, so nothing is rounded twice.
#[inline]
pub(crate) fn whole_part(number: f64) -> u32 {
    ((number + number) + (WHOLE - 0.5)).to_bits() as u32 >> 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn whole_parts_of_quotients_are_those_of_integers(a in 0..LIMIT, b in 1..LIMIT, percent in 0_i64..=100) {
            for (a, b) in [(a, b), (b / 100 * percent, b), (b / 100 * percent, b / 100 * 100 + 1), (a % 1000, b % 1000 + 1)] {
                let [x, y] = pair([a, b]);
                prop_assert_eq!([x.to_bits(), y.to_bits()], [(a as f64).to_bits(), (b as f64).to_bits()]);
                let one_more = (100.0 * x.min(y) + y) / y;
                prop_assert_eq!(i64::from(whole_part(one_more)), 100 * a.min(b) / b + 1);
            }
        }
    }

    #[test]
    fn whole_parts_are_right_beside_whole_numbers() {
        for whole in 1..=200_u32 {
            let number = f64::from(whole);
            assert_eq!(whole_part(number), whole);
            assert_eq!(whole_part(number.next_up()), whole);
            assert_eq!(whole_part(number + 0.25), whole);
            assert_eq!(whole_part(number + 0.5), whole);
            assert_eq!(whole_part((number + 1.0).next_down()), whole);
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

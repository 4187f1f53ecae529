//! Arithmetic on many nodes at once, as wide as the processor allows.
//!
//! The width is chosen when the program runs. Nothing depends on it: each lane computes what it would alone, every operation rounds as
//! IEEE 754 says, and a quotient is the nearest number whether it comes from a division or from [`quotient`]'s shorter way.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]

use super::block::LANES;
use pulp::{Arch, Simd, WithSimd};

/// One number for each lane of a block.
pub type Lanes = [f64; LANES];

/// From here to its double, `f64` has the whole numbers and nothing between.
const WHOLE: f64 = (1_u64 << 52) as f64;

/// Work on lanes.
pub trait LaneWork {
    /// Does it. `FUSED` says that the processor multiplies and adds in one step, with one rounding, as fast as it does one of both.
    /// Mark the implementation `#[inline(always)]`, and what it calls: what is not inlined is not compiled for wide vectors.
    fn run<const FUSED: bool>(self);
}

/// Does work on lanes in code that was compiled for this processor.
#[inline]
pub fn run(work: impl LaneWork) {
    struct Wide<W>(W);
    impl<W: LaneWork> WithSimd for Wide<W> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            if S::IS_SCALAR { self.0.run::<false>() } else { self.0.run::<true>() }
        }
    }
    Arch::new().dispatch(Wide(work));
}

/// `a / b`, rounded to nearest, of whole numbers: `a` from 0 to 2^53, `b` from 1 to 2^46; `reciprocal` is `1 / b`, rounded to nearest.
///
/// With fused steps the division is replaced by three of them. The first guess is off by at most 2 units in the last place, because the
/// reciprocal and the product are each off by half of their own. The rest, a whole number of the guess's units times `b`, is below
/// 2^48 of them and thus exact. The correction `rest * reciprocal` misses `rest / b` by 2^-53 of at most 2 units, and the sum is
/// rounded once. That could be another number than the nearest to `a / b` only if `a / b` were closer than 2^-52 units to the middle
/// between two numbers. But the middle is an odd multiple of half a unit, so its distance from `a / b` is a multiple of 1 / (2 b)
/// units, and it is not 0: the odd multiple has 54 bits, and would have to divide `a`.
#[inline(always)]
pub fn quotient<const FUSED: bool>(a: f64, b: f64, reciprocal: f64) -> f64 {
    if FUSED {
        let near = a * reciprocal;
        let rest = (-near).mul_add(b, a);
        rest.mul_add(reciprocal, near)
    } else {
        a / b
    }
}

/// The whole part of `a / b`, of whole numbers: `a` from 0 to 2^53, `b` from 1 to 2^43, and the quotient at most 100; `reciprocal` is
/// `1 / b`, rounded to nearest.
///
/// With fused steps the division is replaced by one. The reciprocal is off by 2^-53 of itself, which is 2^-46 of a quotient of 100, and
/// rounding adds half a unit in the last place, 2^-47. What is added beforehand, 2^-44, is more than both together, so that a whole
/// quotient is not missed; all three together are less than 2^-43, by which any other quotient is away from the next whole number.
#[inline(always)]
pub fn whole_quotient<const FUSED: bool>(a: f64, b: f64, reciprocal: f64) -> f64 {
    const NUDGE: f64 = 1.0 / (1_u64 << 44) as f64;
    whole_part::<FUSED>(if FUSED { a.mul_add(reciprocal, NUDGE) } else { a / b })
}

/// `a * b + c`, of whole numbers whose product and sum are exact: rounded once or twice, it is the same.
#[inline(always)]
pub fn product_sum<const FUSED: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// The whole part of a number from 0 to 2^51.
#[inline(always)]
pub fn whole_part<const FUSED: bool>(number: f64) -> f64 {
    if FUSED {
        // What has fused steps also rounds in one.
        number.floor()
    } else {
        let nearest = (number + WHOLE) - WHOLE;
        nearest - if nearest > number { 1.0 } else { 0.0 }
    }
}

/// The lowest 32 bits of a whole number from 0 to 2^52.
#[inline(always)]
pub(crate) fn low_bits(number: f64) -> i32 {
    (number + WHOLE).to_bits() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn a_quotient_is_the_same_both_ways(a in 0_i64..1 << 53, b in 1_i64..1 << 46, scale in 0_u32..53, small in 0_u32..46, off in -2_i64..=2) {
            // Also numbers near multiples, of any size.
            let (a, b) = (a >> scale, (b >> small).max(1));
            let near = (a / b * b + off).clamp(0, 1 << 53);
            for (a, b) in [(a, b), (near, b), (a.min(b), b), (100 * a.min(b) + b, b)] {
                let (a, b) = (a as f64, b as f64);
                let short = quotient::<true>(a, b, 1.0 / b);
                prop_assert_eq!(short.to_bits(), (a / b).to_bits(), "{} / {}", a, b);
            }
        }

        #[test]
        fn whole_quotients_are_those_of_integers(a in 0_i64..1 << 43, b in 1_i64..1 << 43, part in 0_i64..=100, off in -2_i64..=2) {
            let near = |b: i64| (b / 100 * part + b % 100 * part / 100 + off).max(0);
            for (a, b) in [(a, b), (near(b), b), (near(b / 100 * 100), b / 100 * 100 + 1), (a % 1000, b % 1000 + 1)] {
                let a = a.min(b);
                let (hundredfold, has) = (100.0 * a as f64, b as f64);
                prop_assert_eq!(whole_quotient::<true>(hundredfold, has, 1.0 / has) as i64, 100 * a / b);
                prop_assert_eq!(whole_quotient::<false>(hundredfold, has, 1.0 / has) as i64, 100 * a / b);
            }
        }

        #[test]
        fn whole_quotients_are_right_beside_whole_numbers(whole in 0_i64..=100, b in 1_i64..1 << 43, small in 0_u32..43) {
            let b = (b >> small).max(1);
            for a in [whole * b - 1, whole * b, whole * b + 1].into_iter().filter(|a| (0..=100 * b).contains(a)) {
                let (amount, has) = (a as f64, b as f64);
                prop_assert_eq!(whole_quotient::<true>(amount, has, 1.0 / has) as i64, a / b);
                prop_assert_eq!(whole_quotient::<false>(amount, has, 1.0 / has) as i64, a / b);
            }
        }
    }

    #[test]
    fn whole_parts_are_right_beside_whole_numbers() {
        for whole in 0..=200_u32 {
            let number = f64::from(whole);
            for (near, part) in [(number, number), (number + 0.5, number), ((number + 1.0).next_down(), number)] {
                assert_eq!((whole_part::<true>(near), whole_part::<false>(near)), (part, part), "of {near}");
            }
        }
    }

    #[test]
    fn work_is_done_once_in_every_lane() {
        struct Add<'a>(&'a mut Lanes);
        impl LaneWork for Add<'_> {
            #[inline(always)]
            fn run<const FUSED: bool>(self) {
                self.0.iter_mut().for_each(|lane| *lane += 1.0);
            }
        }
        let mut lanes: Lanes = std::array::from_fn(|lane| lane as f64);
        run(Add(&mut lanes));
        assert_eq!(lanes.map(|number| number as usize), std::array::from_fn(|lane| lane + 1));
    }
}

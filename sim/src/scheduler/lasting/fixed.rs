//! Parts of what a node has, as numbers of 32 bits with 24 places after the point: twice as many of them fit into a vector as of [`f64`],
//! and what is known of a node is divided by what the node has once, when it changes, and not for each pod that looks at it.
//!
//! Such a number is not exact. Each function here says by how much it may be off, and so when the whole part of a difference is certain;
//! where it is not, what judges has to fall back on exact numbers. A `unit` here is 2^-24.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]

/// Places after the point.
const PLACES: u32 = 24;

/// One, in units.
const ONE: f64 = (1_u32 << PLACES) as f64;

/// What is after the point.
const FRACTION: i32 = (1 << PLACES) - 1;

/// More than a hundred, or less than minus a hundred, is not told apart from it: both differ by less than 2^31 units.
const MOST: f64 = 100.0 * ONE;

/// Far more than what a product of two [`f64`] that is at most [`MOST`] is off.
const TINY: f64 = 1.0 / (1_u32 << 16) as f64;

/// So many parts a whole may have if each shall be more than three units: then [`percent_left`] is certain.
pub const MOST_PARTS: u32 = (1 << PLACES) / 3;

/// The nearest whole number to one whose size is below 2^31. Converting it would take the lanes apart, to look for what is too large.
#[inline(always)]
fn nearest(number: f64) -> i32 {
    // From here to four thirds of it there are only whole numbers, and their lowest bits are those of what was added.
    const WHOLE: f64 = (3_u64 << 51) as f64;
    (number + WHOLE).to_bits() as i32
}

/// The number, or what is next to it between two others.
#[inline(always)]
fn within(least: f64, number: f64, most: f64) -> f64 {
    let number = if number > least { number } else { least };
    if number < most { number } else { most }
}

/// What is left, in percent of what there is: not less than the true number, and more by at most `1 + 2^-15` units. What is less than
/// minus ten percent may be anything below 0.
pub(super) fn left(percent: f64) -> i32 {
    nearest(within(-0.1 * MOST, percent * ONE, MOST) + 0.5 + TINY)
}

/// What is asked for, in percent of what there is, at least 0 and at most 100: not more than the true number, and less by at most
/// `1 + 2^-15` units.
#[inline(always)]
pub fn asked(percent: f64) -> i32 {
    nearest(within(0.5 + TINY, percent * ONE, MOST) - 0.5 - TINY)
}

/// The whole percents of what is left after what is asked for has been taken, at least 0; and whether that is in doubt: it may be one less.
///
/// The difference is more than the true one by at most `2 + 2^-14` units. So its whole part is that of the true one, unless it has less
/// than three units after the point. If all amounts are multiples of one, of which [`MOST_PARTS`] make what there is, no true difference
/// is within three units below a whole number, and nothing is in doubt: that is for the caller to know.
#[inline(always)]
pub fn percent_left(left: i32, asked: i32) -> (i32, bool) {
    let difference = left.wrapping_sub(asked);
    let whole = difference >> PLACES;
    (if whole > 0 { whole } else { 0 }, difference & FRACTION < 3)
}

/// Half of the percents by which two shares differ, from -50 to 50: off by at most `1/2 + 2^-16` units. What is beyond is cut off.
#[inline(always)]
pub fn tilt(difference: f64) -> i32 {
    nearest(within(-0.5 * MOST, difference * (50.0 * ONE), 0.5 * MOST))
}

/// The whole part of a hundred less the sum of two tilts without its sign; and whether that is in doubt: it may be one more.
///
/// The sum is off by at most `1 + 2^-15` units. So what is after its point is certain enough if the sum is at least two units away from
/// any whole number. The sum of whoever computes it with [`f64`] is off by far less than 2^-20 units, and has the same whole part then.
#[inline(always)]
pub fn evenness(one: i32, other: i32) -> (i32, bool) {
    let beside = one.wrapping_add(other).wrapping_abs().wrapping_add(1);
    // As the sum is not a whole number, a hundred less its whole part is one too many.
    (99 - (beside >> PLACES), beside & FRACTION < 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    /// Amounts of any size, many of them round.
    fn amount(bits: u64, size: u32, round: u32) -> i64 {
        (bits >> 21 >> size.min(42) >> round << round) as i64
    }

    proptest! {
        #[test]
        fn percents_are_those_of_integers_or_in_doubt(
            has: u64,
            taken: u64,
            pod: u64,
            (size, small, round) in (0_u32..43, 0_u32..43, 0_u32..43),
            whole in 0_i64..=100,
            off in -2_i64..=2,
        ) {
            let has = amount(has, size, round).max(1);
            let pod = amount(pod, size + small, round);
            // Anything, also more than there is, and what makes the percents whole or nearly so.
            let near = has - (has / 100 * whole + has % 100 * whole / 100) - pod + off;
            for taken in [amount(taken, size, round), near.max(0)] {
                let reciprocal = 1.0 / has as f64;
                let left = left((100 * (has - taken)) as f64 * reciprocal);
                let asked = asked((100 * pod) as f64 * reciprocal);
                let (percent, in_doubt) = percent_left(left, asked);
                let expected = (100 * (has - taken - pod)).max(0) / has;
                let common = [has, taken, pod].iter().fold(0, |all, amount| all | amount).trailing_zeros();
                if !in_doubt || has >> common <= i64::from(MOST_PARTS) {
                    prop_assert_eq!(i64::from(percent), expected, "{} - {} - {}", has, taken, pod);
                }
                prop_assert!((expected..=expected + 1).contains(&percent.into()));
            }
        }

        #[test]
        fn evenness_is_that_of_floats_or_in_doubt(
            has: [u64; 2],
            taken: [u64; 2],
            (size, small, round) in (0_u32..43, 0_u32..43, 0_u32..43),
            part in 0_u32..=64,
        ) {
            let has = has.map(|bits| amount(bits, size, round).max(1));
            let share = |amount: i64, place: usize| (amount as f64 / has[place] as f64).min(1.0);
            let any = [0, 1].map(|place| amount(taken[place], size, round) % (has[place] + 1));
            // Also shares that are equal, or differ by whole percents.
            let alike = has.map(|has| has / 64 * i64::from(part));
            let apart = [has[0] / 100 * i64::from(part), 0];
            for taken in [any, alike, apart] {
                let pod = [0, 1].map(|place: usize| (has[place] - taken[place]) >> small);
                let difference = |amounts: [i64; 2]| {
                    let [cpu, memory] = [0, 1].map(|place: usize| amounts[place] as f64 * (1.0 / has[place] as f64));
                    cpu - memory
                };
                let (found, in_doubt) = evenness(tilt(difference(taken)), tilt(difference(pod)));
                let after = [0, 1].map(|place| share(taken[place] + pod[place], place));
                let expected = (1.0 - ((after[0] - after[1]) / 2.0).abs()) * 100.0;
                let more = expected as i32 - found;
                prop_assert!(more == 0 || in_doubt && more == 1, "{:?} and {:?} of {:?}", taken, pod, has);
                prop_assert!(!in_doubt || (expected - expected.round()).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn what_is_out_of_range_does_not_overflow() {
        for (number, least) in [(1e30, 100), (-1e30, 0), (100.0, 100), (0.0, 0)] {
            assert_eq!(percent_left(left(number), asked(0.0)).0, least);
            assert_eq!(percent_left(left(number), asked(1e30)).0, 0);
            assert!((-1..=99).contains(&evenness(tilt(number), tilt(number)).0));
        }
    }
}

//! The natural logarithm with the bits that kube-scheduler gets, whatever machine this runs on.

use std::f64::consts::FRAC_1_SQRT_2;

const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// The coefficients of the approximation, for the odd and for the even powers of the square.
const ODD: [f64; 4] =
    [6.666_666_666_666_735e-1, 2.857_142_874_366_239e-1, 1.818_357_216_161_805e-1, 1.479_819_860_511_658_6e-1];
const EVEN: [f64; 3] = [3.999_999_999_940_942e-1, 2.222_219_843_214_978_4e-1, 1.531_383_769_920_937_3e-1];

/// The natural logarithm of a number of 1 or more that is not infinite.
///
/// Source: the method of FreeBSD's `e_log.c`, in the order of operations of Go's `math.Log`.
pub(super) fn ln(x: f64) -> f64 {
    // The number as f times a power of 2, with f between the root of 1/2 and the root of 2.
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7FF) as i32 - 0x3FE;
    let mut f = f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FE0_0000_0000_0000);
    if f < FRAC_1_SQRT_2 {
        f *= 2.0;
        exponent -= 1;
    }
    let f = f - 1.0;
    let exponent = f64::from(exponent);
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2 * (ODD[0] + s4 * (ODD[1] + s4 * (ODD[2] + s4 * ODD[3])));
    let even = s4 * (EVEN[0] + s4 * (EVEN[1] + s4 * EVEN[2]));
    let half_square = 0.5 * f * f;
    exponent * LN_2_HIGH - ((half_square - (s * (half_square + (odd + even)) + exponent * LN_2_LOW)) - f)
}

#[cfg(test)]
mod tests {
    use super::ln;

    #[test]
    fn it_is_a_logarithm_to_the_last_bit_but_one() {
        for n in 2..=20_002_i32 {
            let (ours, theirs) = (ln(f64::from(n)), f64::from(n).ln());
            assert!((ours.to_bits() as i64 - theirs.to_bits() as i64).abs() <= 1, "{n}: {ours} and {theirs}");
        }
        assert_eq!(ln(1.0).to_bits(), 0.0_f64.to_bits());
    }
}

//! How many times as large a mean is as another one, with an interval.

use super::{Interval, Pair, student};

/// The interval of the ratio of two means, other over baseline, with this confidence, by Fieller's theorem: all ratios ρ for which the
/// mean of `other − ρ·baseline` is no further from 0 than Student's t allows. 1 is in it if and only if 0 is in the t interval of the mean
/// difference, so that a difference in percent and one in units never contradict each other.
///
/// `None` of fewer than two pairs, and where the baseline's mean is not positive beyond doubt: then the interval would have no end.
///
/// Source: Fieller, "Some Problems in Interval Estimation", Journal of the Royal Statistical Society B 16 (1954).
pub fn ratio_of_means(pairs: &[Pair], confidence: f64) -> Option<Interval> {
    if pairs.len() < 2 {
        return None;
    }
    let count = pairs.len() as f64;
    let mean = |of: fn(&Pair) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let (base, other) = (mean(|pair| pair.baseline), mean(|pair| pair.other));
    if base <= 0.0 {
        return None;
    }
    // The variances and the covariance of the two means.
    let product = |of: fn(f64, f64) -> f64| {
        pairs.iter().map(|pair| of(pair.baseline - base, pair.other - other)).sum::<f64>() / (count - 1.0) / count
    };
    let (base_base, both, other_other) = (product(|b, _| b * b), product(|b, o| b * o), product(|_, o| o * o));
    let t = student::quantile(0.5 + confidence / 2.0, pairs.len() as u64 - 1);
    // A·ρ² − 2·B·ρ + C ≤ 0.
    let a = base * base - t * t * base_base;
    let b = base * other - t * t * both;
    let c = other * other - t * t * other_other;
    if a <= 0.0 {
        return None;
    }
    let root = (b * b - a * c).max(0.0).sqrt();
    Some(Interval { low: (b - root) / a, high: (b + root) / a })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::mean_interval;

    fn pairs(of: &[(f64, f64)]) -> Vec<Pair> {
        of.iter().map(|&(baseline, other)| Pair { baseline, other }).collect()
    }

    #[test]
    fn a_constant_factor_has_no_spread() {
        let found = ratio_of_means(&pairs(&[(10.0, 9.0), (20.0, 18.0), (40.0, 36.0)]), 0.95);
        // The baseline itself varies too much to be bounded away from 0 in three pairs.
        assert_eq!(found, None);
        let found = ratio_of_means(&pairs(&[(100.0, 90.0), (110.0, 99.0), (120.0, 108.0)]), 0.95).unwrap();
        assert!((found.low - 0.9).abs() < 1e-6 && (found.high - 0.9).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn it_says_of_one_what_the_difference_says_of_zero() {
        for shift in [-4.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 4.0] {
            let noise = [0.3, -1.1, 0.8, 2.0, -0.6, -1.9, 1.2, 0.1];
            let base = [50.0, 54.0, 47.0, 52.0, 49.0, 55.0, 51.0, 46.0];
            let all: Vec<Pair> =
                base.iter().zip(noise).map(|(b, e)| Pair { baseline: *b, other: b + shift + e }).collect();
            let differences: Vec<f64> = all.iter().map(|pair| pair.other - pair.baseline).collect();
            let difference = mean_interval(&differences, 0.95).unwrap();
            assert_eq!(ratio_of_means(&all, 0.95).unwrap().contains(1.0), difference.contains(0.0), "{shift}");
        }
    }
}

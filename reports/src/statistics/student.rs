//! Student's t: the interval of a mean of few numbers.

use super::Interval;
use crate::stats::Moments;
use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// The quantile of Student's t with so many degrees of freedom, at least 1: the value that a share `probability` does not exceed.
pub fn quantile(probability: f64, degrees_of_freedom: u64) -> f64 {
    let distribution = StudentsT::new(0.0, 1.0, degrees_of_freedom.max(1) as f64);
    distribution.map_or(f64::NAN, |distribution| distribution.inverse_cdf(probability.clamp(0.0, 1.0)))
}

/// The interval that holds the mean of what the numbers are drawn from with this confidence (such as 0.95): mean ± t·s/√n with n − 1
/// degrees of freedom. Exact where the numbers are normal, and close where their mean is. `None` of fewer than two numbers.
///
/// Source: "Student", "The Probable Error of a Mean", Biometrika 6 (1908).
pub fn mean_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    let moments = Moments::of(values).filter(|_| values.len() > 1)?;
    let t = quantile(0.5 + confidence / 2.0, values.len() as u64 - 1);
    let half = t * moments.standard_deviation / (values.len() as f64).sqrt();
    Some(Interval { low: moments.mean - half, high: moments.mean + half })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_printed_tables() {
        for (probability, degrees, expected) in [
            (0.975, 1, 12.706),
            (0.975, 2, 4.303),
            (0.975, 4, 2.776),
            (0.975, 9, 2.262),
            (0.975, 30, 2.042),
            (0.975, 1_000_000, 1.960),
            (0.8, 9, 0.883),
            (0.995, 9, 3.250),
            (0.025, 9, -2.262),
        ] {
            let found = quantile(probability, degrees);
            assert!((found - expected).abs() < 6e-4, "{probability} {degrees}: {found} and not {expected}");
        }
    }

    #[test]
    fn an_interval_is_as_wide_as_its_numbers_vary() {
        // Mean 5, standard deviation √2.5, five numbers: 2.776 · √2.5 / √5 = 1.963.
        let interval = mean_interval(&[3.0, 4.0, 5.0, 6.0, 7.0], 0.95).unwrap();
        assert!((interval.low - 3.037).abs() < 1e-3 && (interval.high - 6.963).abs() < 1e-3, "{interval:?}");
        assert_eq!(mean_interval(&[4.0, 4.0], 0.95), Some(Interval { low: 4.0, high: 4.0 }));
        assert_eq!(mean_interval(&[4.0], 0.95), None);
    }
}

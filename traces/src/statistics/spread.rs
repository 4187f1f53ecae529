//! Percentiles of many numbers in little memory.

use hdrhistogram::Histogram;

/// The spread of whole numbers from 0 on: exact count, sum, least and greatest; percentiles to three significant digits.
///
/// They are kept in a high dynamic range histogram (Tene's HdrHistogram), whose memory follows the ratio of the numbers and not their
/// count.
#[derive(Clone, Debug)]
pub struct Spread {
    histogram: Histogram<u64>,
    sum: i128,
    min: i64,
    max: i64,
}

/// Significant digits of a percentile.
const DIGITS: u8 = 3;

impl Default for Spread {
    fn default() -> Self {
        let histogram = Histogram::new(DIGITS).expect("0 to 5 digits are possible");
        Self { histogram, sum: 0, min: i64::MAX, max: i64::MIN }
    }
}

impl Spread {
    /// Adds a number so many times. Below zero it counts as zero.
    #[inline]
    pub(super) fn add(&mut self, number: i64, times: u64) {
        let number = number.max(0);
        self.histogram.record_n(number as u64, times).expect("a histogram that resizes takes any number");
        self.sum += i128::from(number) * i128::from(times);
        self.min = self.min.min(number);
        self.max = self.max.max(number);
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The arithmetic mean; `None` without numbers.
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum as f64 / self.count() as f64)
    }

    /// Their sum.
    pub const fn sum(&self) -> i128 {
        self.sum
    }

    /// The least number; `None` without numbers.
    pub fn min(&self) -> Option<i64> {
        (self.count() > 0).then_some(self.min)
    }

    /// The greatest number; `None` without numbers.
    pub fn max(&self) -> Option<i64> {
        (self.count() > 0).then_some(self.max)
    }

    /// The smallest number that at least so many percent of the numbers do not exceed, to three significant digits; `None`
    /// without numbers.
    pub fn percentile(&self, percent: f64) -> Option<i64> {
        let value = || self.histogram.value_at_quantile(percent / 100.0) as i64;
        (self.count() > 0).then(|| value().clamp(self.min, self.max))
    }

    /// Numbers and the share of all that are not greater, in ascending order, for a curve.
    pub fn cumulative(&self) -> Vec<(i64, f64)> {
        let all = self.count() as f64;
        let mut below = 0;
        self.histogram
            .iter_recorded()
            .map(|step| {
                below += step.count_since_last_iteration();
                ((step.value_iterated_to() as i64).min(self.max), below as f64 / all)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_a_thousandth() {
        let mut spread = Spread::default();
        for number in 1..=100_000 {
            spread.add(number * number, 1);
        }
        for percent in [1.0, 50.0, 90.0, 99.0, 99.9] {
            let exact = (percent * 1000.0_f64).powi(2);
            let found = spread.percentile(percent).unwrap() as f64;
            assert!((found / exact - 1.0).abs() < 2e-3, "{percent}: {found} {exact}");
        }
        assert_eq!((spread.min(), spread.max()), (Some(1), Some(10_000_000_000)));
        assert_eq!(Spread::default().percentile(50.0), None);
    }
}

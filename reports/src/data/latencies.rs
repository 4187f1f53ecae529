//! Waiting times, one sample per pod, with exact percentiles.

use crate::data::{LatencySummary, NANOS_PER_SECOND};
use crate::stats;

/// A bag of durations in nanoseconds; the order of arrival is not kept.
///
/// Every sample is stored (8 bytes each), so percentiles are exact: two million pods cost 16 MB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Latencies {
    samples_ns: Vec<i64>,
}

impl Latencies {
    /// Adds one duration in nanoseconds; negative ones are a bug of the caller and panic.
    pub fn push(&mut self, nanoseconds: i64) {
        assert!(nanoseconds >= 0, "a latency cannot be negative: {nanoseconds} ns");
        self.samples_ns.push(nanoseconds);
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.samples_ns.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.samples_ns.is_empty()
    }

    /// All samples in ascending order, in nanoseconds.
    pub fn sorted(&self) -> Vec<i64> {
        let mut sorted = self.samples_ns.clone();
        sorted.sort_unstable();
        sorted
    }

    /// The numbers that `summary.json` keeps, in seconds; percentiles are nearest-rank.
    pub fn summary(&self) -> LatencySummary {
        let sorted = self.sorted();
        let seconds = |percent| stats::percentile(&sorted, percent).map(|ns| ns as f64 / NANOS_PER_SECOND as f64);
        LatencySummary {
            count: sorted.len() as u64,
            p50: seconds(50),
            p90: seconds(90),
            p99: seconds(99),
            max: seconds(100),
        }
    }
}

impl Extend<i64> for Latencies {
    fn extend<I: IntoIterator<Item = i64>>(&mut self, nanoseconds: I) {
        nanoseconds.into_iter().for_each(|ns| self.push(ns));
    }
}

impl FromIterator<i64> for Latencies {
    fn from_iter<I: IntoIterator<Item = i64>>(nanoseconds: I) -> Self {
        let mut latencies = Self::default();
        latencies.extend(nanoseconds);
        latencies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_is_in_seconds_and_empty_is_null() {
        let summary: LatencySummary =
            (1..=100).map(|second| second * NANOS_PER_SECOND).collect::<Latencies>().summary();
        assert_eq!(
            (summary.p50, summary.p90, summary.p99, summary.max),
            (Some(50.0), Some(90.0), Some(99.0), Some(100.0))
        );
        assert_eq!(Latencies::default().summary(), LatencySummary::default());
    }
}

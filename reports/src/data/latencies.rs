//! Waiting times, one sample per pod, with exact percentiles.

use crate::data::{LatencySummary, NANOS_PER_SECOND};

/// So many values that come again and again are counted instead of kept.
const COUNTED: usize = 4;

/// A bag of durations in nanoseconds; the order of arrival is not kept.
///
/// The first few values are counted, which are often all that there are: waits of no time, or latencies that never differ. Every
/// other sample is stored (8 bytes each), so percentiles are exact: two million pods cost 16 MB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Latencies {
    counted: Vec<(i64, u64)>,
    samples_ns: Vec<i64>,
}

/// Samples as the steps of their distribution: each value, ascending, with how many samples are not above it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps(Vec<(i64, u64)>);

impl Latencies {
    /// Adds one duration in nanoseconds; negative ones are a bug of the caller and panic.
    pub fn push(&mut self, nanoseconds: i64) {
        assert!(nanoseconds >= 0, "a latency cannot be negative: {nanoseconds} ns");
        if let Some((_, count)) = self.counted.iter_mut().find(|(value, _)| *value == nanoseconds) {
            *count += 1;
        } else if self.counted.len() < COUNTED {
            self.counted.push((nanoseconds, 1));
        } else {
            self.samples_ns.push(nanoseconds);
        }
    }

    /// Number of samples.
    pub fn len(&self) -> u64 {
        self.samples_ns.len() as u64 + self.counted.iter().map(|(_, count)| count).sum::<u64>()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.counted.is_empty()
    }

    /// The arithmetic mean, in nanoseconds; `None` without samples.
    pub fn mean(&self) -> Option<f64> {
        let counted = self.counted.iter().map(|(value, count)| i128::from(*value) * i128::from(*count));
        let sum: i128 = counted.chain(self.samples_ns.iter().copied().map(i128::from)).sum();
        (!self.is_empty()).then(|| sum as f64 / self.len() as f64)
    }

    /// The distribution of the samples, in nanoseconds.
    pub fn steps(&self) -> Steps {
        let mut counts = self.counted.clone();
        let mut sorted = self.samples_ns.clone();
        sorted.sort_unstable();
        counts.extend(sorted.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len() as u64)));
        counts.sort_unstable();
        let mut sum = 0;
        for (_, count) in &mut counts {
            sum += *count;
            *count = sum;
        }
        Steps(counts)
    }

    /// The numbers that `summary.json` keeps, in seconds; percentiles are nearest-rank.
    pub fn summary(&self) -> LatencySummary {
        let steps = self.steps();
        let seconds = |percent| steps.percentile(percent).map(|ns| ns as f64 / NANOS_PER_SECOND as f64);
        LatencySummary { count: steps.len(), p50: seconds(50), p90: seconds(90), p99: seconds(99), max: seconds(100) }
    }
}

impl Steps {
    /// Number of samples.
    pub fn len(&self) -> u64 {
        self.0.last().map_or(0, |(_, up_to)| *up_to)
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sample of this place in ascending order, from 0 on; `None` beyond the last.
    pub fn nth(&self, place: u64) -> Option<i64> {
        self.0.get(self.0.partition_point(|(_, up_to)| *up_to <= place)).map(|(value, _)| *value)
    }

    /// The nearest-rank percentile: the smallest sample that at least `percent` % of them do not exceed.
    ///
    /// `percent` is 0 to 100; 0 gives the smallest sample and 100 the largest. The answer is always an observed value, never
    /// an interpolation. `None` without samples.
    pub fn percentile(&self, percent: u32) -> Option<i64> {
        let rank = (self.len() * u64::from(percent.min(100))).div_ceil(100);
        self.nth(rank.saturating_sub(1))
    }

    /// The corners of the cumulative distribution: each distinct value, ascending, with how many samples are not above it.
    pub fn counts(&self) -> &[(i64, u64)] {
        &self.0
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

    #[test]
    fn percentiles_are_samples() {
        let steps = |samples: &[i64]| samples.iter().copied().collect::<Latencies>().steps();
        assert_eq!(steps(&[50, 15, 40, 20, 35]).percentile(30), Some(20));
        assert_eq!(steps(&[50, 15, 40, 20, 35]).percentile(100), Some(50));
        assert_eq!(steps(&[]).percentile(50), None);
        let hundred = steps(&(1..=100).rev().collect::<Vec<_>>());
        for (percent, expected) in [(0, 1), (1, 1), (50, 50), (90, 90), (99, 99), (100, 100), (200, 100)] {
            assert_eq!(hundred.percentile(percent), Some(expected), "p{percent}");
        }
        assert_eq!(steps(&[7]).percentile(99), Some(7));
        assert_eq!(steps(&[1, 2]).percentile(50), Some(1));
        assert_eq!(steps(&[1, 2]).percentile(51), Some(2));
    }

    #[test]
    fn counted_and_kept_samples_make_one_distribution() {
        let steps = [9, 3, 0, 4, 5, 0, 1, 5, 1].into_iter().collect::<Latencies>().steps();
        assert_eq!(steps, Steps(vec![(0, 2), (1, 4), (3, 5), (4, 6), (5, 8), (9, 9)]));
        assert_eq!((steps.nth(4), steps.nth(8), steps.nth(9)), (Some(3), Some(9), None));
        assert_eq!(Steps::default().counts(), []);
        let latencies: Latencies = [9, 3, 0, 4, 5, 0, 1, 5, 1, i64::MAX].into_iter().collect();
        assert_eq!((latencies.mean(), Latencies::default().mean()), (Some((28.0 + i64::MAX as f64) / 10.0), None));
    }
}

//! Waiting times, one sample per pod, with exact percentiles.

use crate::data::{LatencySummary, NANOS_PER_SECOND};
use hdrhistogram::Histogram;

/// So many values that come again and again are counted instead of kept.
const COUNTED: usize = 4;

/// So many other samples are kept; with more of them, all are put into a histogram.
const EXACT: usize = 10_000_000;

/// The histogram tells numbers apart to so many digits.
const DIGITS: u8 = 3;

/// By how much a percentile may be off then, as a fraction of itself.
const RELATIVE_ERROR: f64 = 1e-3;

/// A bag of durations in nanoseconds; the order of arrival is not kept.
///
/// The first few values are counted, which are often all that there are: waits of no time, or latencies that never differ. Every
/// other sample is stored (8 bytes each), so percentiles are exact: two million pods cost 16 MB. From ten million on they go into a high
/// dynamic range histogram (Tene's HdrHistogram), whose percentiles are off by a thousandth at most. The sum is always exact.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Latencies {
    counted: Vec<(i64, u64)>,
    samples_ns: Vec<i64>,
    histogram: Option<Box<Histogram<u64>>>,
    sum_ns: i128,
}

/// Samples as the steps of their distribution: each value, ascending, with how many samples are not above it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps(Vec<(i64, u64)>);

impl Latencies {
    /// Adds one duration in nanoseconds; negative ones are a bug of the caller and panic.
    #[inline]
    pub fn push(&mut self, nanoseconds: i64) {
        // Often nearly all are the same, and then it is the first that came.
        match self.counted.first_mut() {
            Some((value, count)) if *value == nanoseconds => {
                *count += 1;
                self.sum_ns += i128::from(nanoseconds);
            }
            _ => self.push_other(nanoseconds),
        }
    }

    /// Adds the same duration several times.
    pub fn push_many(&mut self, nanoseconds: i64, times: u64) {
        match self.counted.iter_mut().find(|(value, _)| *value == nanoseconds) {
            Some((_, count)) => {
                *count += times;
                self.sum_ns += i128::from(nanoseconds) * i128::from(times);
            }
            None => (0..times).for_each(|_| self.push(nanoseconds)),
        }
    }

    #[inline(never)]
    fn push_other(&mut self, nanoseconds: i64) {
        assert!(nanoseconds >= 0, "a latency cannot be negative: {nanoseconds} ns");
        self.sum_ns += i128::from(nanoseconds);
        if let Some((_, count)) = self.counted.iter_mut().find(|(value, _)| *value == nanoseconds) {
            *count += 1;
        } else if self.counted.len() < COUNTED {
            self.counted.push((nanoseconds, 1));
        } else if let Some(histogram) = &mut self.histogram {
            histogram.saturating_record(nanoseconds as u64);
        } else {
            self.samples_ns.push(nanoseconds);
            if self.samples_ns.len() > EXACT {
                self.coarsen();
            }
        }
    }

    /// Puts the kept samples into a histogram.
    fn coarsen(&mut self) {
        let mut histogram = Histogram::new_with_max(i64::MAX as u64, DIGITS)
            .expect("a range of 1 to 2^63 and three digits are possible");
        for sample in std::mem::take(&mut self.samples_ns) {
            histogram.saturating_record(sample as u64);
        }
        self.histogram = Some(Box::new(histogram));
    }

    /// Number of samples.
    pub fn len(&self) -> u64 {
        let coarse = self.histogram.as_ref().map_or(0, |histogram| histogram.len());
        coarse + self.samples_ns.len() as u64 + self.counted.iter().map(|(_, count)| count).sum::<u64>()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.counted.is_empty()
    }

    /// The largest sample, in nanoseconds; `None` without any. Of a histogram it is as exact as that.
    pub fn max(&self) -> Option<i64> {
        let counted = self.counted.iter().map(|(value, _)| *value);
        let coarse = self.histogram.iter().map(|histogram| histogram.max() as i64);
        counted.chain(self.samples_ns.iter().copied()).chain(coarse).max()
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
        let histogram =
            self.histogram.iter().flat_map(|histogram| histogram.iter_recorded().map(|step| (step, histogram.max())));
        // A step stands for all samples below its end; the last one ends with the largest sample.
        counts.extend(
            histogram.map(|(step, max)| (step.value_iterated_to().min(max) as i64, step.count_since_last_iteration())),
        );
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
        self.clone().sum_up()
    }

    /// The same without a copy of the samples: they are put into another order.
    pub fn sum_up(&mut self) -> LatencySummary {
        let count = self.len();
        let percentiles = if self.histogram.is_some() {
            let steps = self.steps();
            PERCENTILES.map(|percent| steps.percentile(percent))
        } else {
            self.places(PERCENTILES.map(|percent| rank(count, percent)))
        };
        let seconds = |nanoseconds: i64| nanoseconds as f64 / NANOS_PER_SECOND as f64;
        let [p50, p90, p99, max] = percentiles.map(|found| found.map(seconds));
        let mean = (count > 0).then(|| self.sum_ns as f64 / count as f64 / NANOS_PER_SECOND as f64);
        LatencySummary {
            count,
            p50,
            p90,
            p99,
            max,
            mean,
            relative_error: self.histogram.is_some().then_some(RELATIVE_ERROR),
        }
    }

    /// The samples of these places, ascending, from 0 on, when all are in order. They are looked for and not sorted: a percentile of
    /// millions of samples takes one pass over them.
    fn places<const N: usize>(&mut self, places: [u64; N]) -> [Option<i64>; N] {
        self.counted.sort_unstable();
        // Of each counted value the places that it has among all.
        let mut before = 0;
        let blocks: Vec<(std::ops::Range<u64>, i64)> = self
            .counted
            .iter()
            .map(|(value, count)| {
                let start = before + self.samples_ns.iter().filter(|sample| *sample < value).count() as u64;
                before += count;
                (start..start + count, *value)
            })
            .collect();
        let mut found = [None; N];
        let mut rest = &mut self.samples_ns[..];
        for (place, found) in places.into_iter().zip(&mut found).rev() {
            let counted = blocks.iter().filter(|(block, _)| block.end <= place);
            let place_among_kept = place - counted.map(|(block, _)| block.end - block.start).sum::<u64>();
            let block = blocks.iter().find(|(block, _)| block.contains(&place));
            *found = if let Some((_, value)) = block {
                Some(*value)
            } else if (place_among_kept as usize) < rest.len() {
                let (below, sample, _) = rest.select_nth_unstable(place_among_kept as usize);
                let sample = *sample;
                // The next place is not above this one: it may be the same.
                let until = below.len() + 1;
                rest = &mut std::mem::take(&mut rest)[..until];
                Some(sample)
            } else {
                None
            };
        }
        found
    }
}

/// The percentiles of a summary, ascending; the last one is the largest sample.
const PERCENTILES: [u32; 4] = [50, 90, 99, 100];

/// The place, from 0 on, of the smallest of so many samples that at least `percent` % of them do not exceed.
fn rank(count: u64, percent: u32) -> u64 {
    (count * u64::from(percent.min(100))).div_ceil(100).saturating_sub(1)
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
        self.nth(rank(self.len(), percent))
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
    fn a_histogram_is_off_by_a_thousandth_at_most() {
        let exact: Latencies = (1..=100_000).map(|i| i * i * 7).collect();
        let mut coarse = exact.clone();
        coarse.coarsen();
        coarse.push(3);
        assert_eq!(coarse.len(), exact.len() + 1);
        let (steps, rough) = (exact.steps(), coarse.steps());
        for percent in [1, 10, 50, 90, 99, 100] {
            let (exact, rough) = (steps.percentile(percent).unwrap() as f64, rough.percentile(percent).unwrap() as f64);
            assert!((rough - exact).abs() <= 1.5 * RELATIVE_ERROR * exact, "p{percent}: {rough} and not {exact}");
        }
        assert_eq!(coarse.summary().relative_error, Some(RELATIVE_ERROR));
        assert_eq!(exact.summary().relative_error, None);
        let mean = exact.summary().mean.unwrap();
        assert!((mean - 7.0 * 100_001.0 * 200_001.0 / 6.0 / 1e9).abs() < 1e-9, "{mean}");
    }

    #[test]
    fn the_quick_way_gives_the_percentiles_of_the_distribution() {
        let mut latencies = Latencies::default();
        for i in 0..5_000_i64 {
            latencies.push(i * 7919 % 611);
            latencies.push([5, 0, 300, 610][(i % 4) as usize]);
            let steps = latencies.steps();
            if i % 97 == 0 {
                let found = latencies.summary();
                let expected = [50, 90, 99, 100].map(|percent| steps.percentile(percent).map(|ns| ns as f64 / 1e9));
                assert_eq!([found.p50, found.p90, found.p99, found.max], expected, "{i}");
            }
        }
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

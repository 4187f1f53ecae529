//! A Prometheus histogram.

use std::fmt::Write as _;

/// Counts of values in exponential buckets.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    bounds: Vec<f64>,
    counts: Vec<u64>,
    sum: f64,
    count: u64,
}

impl Histogram {
    /// So many buckets; the first ends at `start`, and each other one `factor` times further.
    pub(super) fn exponential(start: f64, factor: f64, buckets: usize) -> Self {
        let bounds: Vec<f64> = std::iter::successors(Some(start), |bound| Some(bound * factor)).take(buckets).collect();
        Self { counts: vec![0; bounds.len()], bounds, sum: 0.0, count: 0 }
    }

    pub(super) fn observe(&mut self, value: f64) {
        self.observe_many(value, 1);
    }

    /// As often as `times` says.
    pub(super) fn observe_many(&mut self, value: f64, times: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += times;
        }
        self.sum += value * times as f64;
        self.count += times;
    }

    /// Writes its series. `labels` is empty, or such as `result="scheduled"`.
    pub(super) fn write(&self, into: &mut String, name: &str, labels: &str) {
        let (comma, braced) = if labels.is_empty() { ("", String::new()) } else { (",", format!("{{{labels}}}")) };
        let mut below = 0;
        for (bound, count) in self.bounds.iter().zip(&self.counts) {
            below += count;
            let _ = writeln!(into, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {below}");
        }
        let Self { count, sum, .. } = self;
        let _ = writeln!(
            into,
            "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {count}\n{name}_sum{braced} {sum}\n{name}_count{braced} {count}"
        );
    }
}

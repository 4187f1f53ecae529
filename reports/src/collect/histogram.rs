//! A Prometheus histogram.

/// Counts of values in buckets.
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
        Self::with_bounds(&bounds)
    }

    /// Buckets that end here, in order.
    pub(super) fn with_bounds(bounds: &[f64]) -> Self {
        Self { counts: vec![0; bounds.len()], bounds: bounds.to_vec(), sum: 0.0, count: 0 }
    }

    #[inline]
    pub(super) fn observe(&mut self, value: f64) {
        self.observe_many(value, 1);
    }

    /// As often as `times` says.
    pub(super) fn observe_many(&mut self, value: f64, times: u64) {
        // Most latencies are none.
        let is_low = self.bounds.first().is_some_and(|first| value <= *first);
        let bucket = if is_low { 0 } else { self.bounds.partition_point(|bound| *bound < value) };
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += times;
        }
        self.sum += value * times as f64;
        self.count += times;
    }

    /// The end of each bucket, and how many values are in it alone.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        self.bounds.iter().copied().zip(self.counts.iter().copied())
    }

    /// How many values there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    pub(super) fn sum(&self) -> f64 {
        self.sum
    }
}

//! What all pods together ask for at a time, if each of them starts when it is submitted.

use super::bins::Bins;
use towtank_sim::model::ClassId;

/// One resource's amount over time.
#[derive(Clone, Debug, Default)]
pub struct Level {
    now: i64,
    since: i64,
    /// The largest amount.
    pub peak: i64,
    /// When it was first reached, in nanoseconds.
    pub peak_at: i64,
    /// The amount over time: each bin's sum is an integral in amount times nanoseconds.
    pub bins: Bins,
}

impl Level {
    /// Changes the amount at an instant that is not before the last one.
    pub(super) fn change(&mut self, at: i64, by: i64) {
        self.settle(at);
        self.now = self.now.saturating_add(by);
    }

    /// Counts what has been held so far. What is added and taken away in one instant makes no peak.
    pub(super) fn settle(&mut self, at: i64) {
        if at > self.since {
            self.bins.hold(self.since, at, self.now);
            if self.now > self.peak {
                self.peak = self.now;
                self.peak_at = self.since;
            }
            self.since = at;
        }
    }

    /// The mean amount from the start to an instant.
    pub fn mean(&self, end: i64) -> f64 {
        let sum: i128 = self.bins.all().iter().map(|bin| bin.sum).sum();
        if end > 0 { sum as f64 / end as f64 } else { 0.0 }
    }
}

/// The pods that are there, by when they go: a radix heap, because times never go back and there may be a million.
///
/// Source: R. K. Ahuja et al., "Faster algorithms for the shortest path problem", Journal of the ACM 37 (1990), section 3.
#[derive(Clone, Debug)]
pub(super) struct Live {
    /// No end is before it.
    base: i64,
    /// By the highest bit in which an end differs from the base; the first one for those that do not.
    buckets: [Bucket; 65],
}

/// So many pods of a class end at an instant.
pub(super) type Ended = (i64, ClassId, u32);

/// Ends in no order.
#[derive(Clone, Debug)]
struct Bucket {
    earliest: i64,
    ends: Vec<Ended>,
}

impl Default for Live {
    fn default() -> Self {
        Self { base: 0, buckets: [const { Bucket { earliest: i64::MAX, ends: Vec::new() } }; 65] }
    }
}

impl Live {
    /// Notes that so many pods of a class end at an instant, which is not before the last one asked about.
    pub(super) fn add(&mut self, end: i64, class: ClassId, pods: u32) {
        let end = end.max(self.base);
        let place = u64::BITS - (end ^ self.base).leading_zeros();
        let bucket = &mut self.buckets[place as usize];
        bucket.earliest = bucket.earliest.min(end);
        bucket.ends.push((end, class, pods));
    }

    /// One that ends no later than this: when, of which class and how many. Those of one instant come in any order.
    pub(super) fn ended(&mut self, by: i64) -> Option<Ended> {
        if self.buckets[0].ends.is_empty() {
            let first = self.buckets.iter().position(|bucket| !bucket.ends.is_empty())?;
            let bucket = &mut self.buckets[first];
            if bucket.earliest > by {
                return None;
            }
            self.base = std::mem::replace(&mut bucket.earliest, i64::MAX);
            let mut ends = std::mem::take(&mut bucket.ends);
            for (end, class, pods) in ends.drain(..) {
                self.add(end, class, pods);
            }
            // Its memory serves again.
            self.buckets[first].ends = ends;
        }
        self.buckets[0].ends.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Asked about from time to time, it gives what a sorted list gives.
        #[test]
        fn pods_end_in_order(steps in prop::collection::vec((0..50_i64, prop::collection::vec(0..1_i64 << 40, 0..6)), 0..40)) {
            let (mut live, mut plain, mut at) = (Live::default(), Vec::<Ended>::new(), 0);
            for (step, lengths) in steps {
                at += step << 32;
                let mut given: Vec<Ended> = std::iter::from_fn(|| live.ended(at)).collect();
                prop_assert!(given.is_sorted_by_key(|(end, ..)| *end));
                given.sort_unstable();
                plain.sort_unstable();
                let left = plain.split_off(plain.partition_point(|(end, ..)| *end <= at));
                prop_assert_eq!(given, plain);
                plain = left;
                for (i, length) in lengths.into_iter().enumerate() {
                    live.add(at + length, ClassId(i as u32), 1);
                    plain.push((at + length, ClassId(i as u32), 1));
                }
            }
        }
    }

    #[test]
    fn an_instant_makes_no_peak() {
        let mut level = Level::default();
        level.change(0, 5);
        level.change(10, 7);
        level.change(10, -5);
        level.settle(20);
        assert_eq!((level.peak, level.peak_at), (7, 10));
        assert!((level.mean(20) - 6.0).abs() < 1e-12);
    }
}

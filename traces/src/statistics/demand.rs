//! What all pods together ask for at a time, if each of them starts when it is submitted.

use super::bins::Bins;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
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

/// The pods that are there, by when they go.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    ends: BinaryHeap<Reverse<(i64, ClassId, u32)>>,
}

impl Live {
    /// Notes that so many pods of a class end at an instant.
    pub(super) fn add(&mut self, end: i64, class: ClassId, pods: u32) {
        self.ends.push(Reverse((end, class, pods)));
    }

    /// The next that end no later than this: when, of which class and how many.
    pub(super) fn ended(&mut self, by: i64) -> Option<(i64, ClassId, u32)> {
        self.ends.peek().filter(|Reverse((end, ..))| *end <= by)?;
        self.ends.pop().map(|Reverse(ended)| ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

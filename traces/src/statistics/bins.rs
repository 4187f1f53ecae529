//! Sums over time without knowing how long the time will be.

/// At most so many bins; when more are needed, two become one.
const BINS: usize = 1024;

/// Equal stretches of time from zero on, each with a sum and a peak. Memory is bounded: a bin's width doubles as often as needed.
#[derive(Clone, Debug)]
pub struct Bins {
    width: i64,
    all: Vec<Bin>,
    /// The bin that was used last, and the time from which to which it is.
    last: (usize, i64, i64),
}

/// One stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    /// What was added: a count, or a value times nanoseconds.
    pub sum: i128,
    /// The largest value that was held.
    pub peak: i64,
}

impl Default for Bins {
    fn default() -> Self {
        Self { width: 1_000_000_000, all: Vec::new(), last: (0, 0, 0) }
    }
}

impl Bins {
    /// The width of a bin in nanoseconds.
    pub const fn width(&self) -> i64 {
        self.width
    }

    /// The bins from time zero on.
    pub fn all(&self) -> &[Bin] {
        &self.all
    }

    /// Adds a count at an instant, in nanoseconds from zero.
    #[inline]
    pub(super) fn count(&mut self, at: i64, count: i64) {
        let place = self.place(at);
        self.all[place].sum += i128::from(count);
    }

    /// Holds a value from one instant to another.
    pub(super) fn hold(&mut self, from: i64, to: i64, value: i64) {
        if to <= from || value == 0 {
            return;
        }
        let (place, start, end) = self.last;
        if start <= from && to <= end {
            // Nearly always: changes are far closer together than bins are wide.
            let bin = &mut self.all[place];
            bin.sum += i128::from(value) * i128::from(to - from);
            bin.peak = bin.peak.max(value);
            return;
        }
        let (mut at, last) = (from, self.place(to - 1));
        for place in self.place(from)..=last {
            let end = ((place as i64 + 1) * self.width).min(to);
            let bin = &mut self.all[place];
            bin.sum += i128::from(value) * i128::from(end - at);
            bin.peak = bin.peak.max(value);
            at = end;
        }
    }

    /// The bin of an instant, which is there afterwards.
    #[inline]
    fn place(&mut self, at: i64) -> usize {
        let at = at.max(0);
        let (last, start, end) = self.last;
        if start <= at && at < end {
            return last;
        }
        while at / self.width >= BINS as i64 {
            self.merge();
        }
        let place = (at / self.width) as usize;
        if self.all.len() <= place {
            self.all.resize(place + 1, Bin::default());
        }
        let start = place as i64 * self.width;
        self.last = (place, start, start.saturating_add(self.width));
        place
    }

    fn merge(&mut self) {
        let pair = |pair: &[Bin]| {
            pair.iter().fold(Bin::default(), |a, b| Bin { sum: a.sum + b.sum, peak: a.peak.max(b.peak) })
        };
        self.all = self.all.chunks(2).map(pair).collect();
        // 1,024 bins of 2^33 s are more than any time that can be counted.
        self.width = self.width.saturating_mul(2);
        self.last = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However wide the bins become, nothing is lost.
        #[test]
        fn sums_and_peaks_survive_merging(steps in prop::collection::vec((1..10_000_000_000_000_i64, 0..1000_i64), 1..60)) {
            let mut bins = Bins::default();
            let (mut at, mut sum, mut peak) = (0, 0_i128, 0);
            for (length, value) in steps {
                bins.hold(at, at + length, value);
                at += length;
                sum += i128::from(value) * i128::from(length);
                peak = peak.max(value);
            }
            prop_assert_eq!(bins.all().iter().map(|bin| bin.sum).sum::<i128>(), sum);
            prop_assert_eq!(bins.all().iter().map(|bin| bin.peak).max().unwrap_or(0), peak);
            prop_assert!(bins.all().len() <= BINS);
        }
    }
}

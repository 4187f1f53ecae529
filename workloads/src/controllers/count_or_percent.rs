//! Counts of pods that may be written as percentages.

/// A number of pods, or a percentage of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountOrPercent {
    /// So many.
    Count(u32),
    /// So many of a hundred.
    Percent(u32),
}

impl CountOrPercent {
    /// The count, of `total` pods, with a fraction rounded up.
    pub const fn round_up(self, total: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => (percent as u64 * total as u64).div_ceil(100) as u32,
        }
    }

    /// The count, of `total` pods, with a fraction rounded down.
    pub const fn round_down(self, total: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => (percent as u64 * total as u64 / 100) as u32,
        }
    }

    /// Two numbers that stand for it in the fingerprint.
    pub(super) const fn words(self) -> [u64; 2] {
        match self {
            Self::Count(count) => [0, count as u64],
            Self::Percent(percent) => [1, percent as u64],
        }
    }
}

//! Events that happen again are the same event, with a higher count.

use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher as _;

/// So many events are remembered at least, and at most twice as many. Upstream's recorder remembers the last 4,096
/// (`maxLruCacheEntries` in `staging/src/k8s.io/client-go/tools/record/events_cache.go`).
const REMEMBERED: usize = 1 << 16;

/// What is known of an event that may happen again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The number of the event.
    pub(super) number: u64,
    /// When it happened first, in nanoseconds since the start.
    pub(super) first_ns: i64,
    /// The nanosecond that its name has.
    pub(super) named: i64,
    /// How often it has happened.
    pub(super) count: u32,
}

/// What an event says, in one number.
pub(super) fn digest(reason: &str, message: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(reason.as_bytes());
    hasher.write_u8(0);
    hasher.write(message.as_bytes());
    hasher.finish()
}

/// The events of late, in bounded memory.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    recent: FxHashMap<(u64, u64), Known>,
    older: FxHashMap<(u64, u64), Known>,
}

impl Repeats {
    /// Counts an event about the object with this uid that says this, by its [`digest`]. If nothing like it is remembered, it is as `new` says.
    pub(super) fn count(&mut self, uid: u64, said: u64, new: impl FnOnce() -> Known) -> Known {
        let key = (uid, said);
        if let Some(known) = self.recent.get_mut(&key) {
            known.count += 1;
            return *known;
        }
        let mut known = self.older.remove(&key).unwrap_or_else(|| Known { count: 0, ..new() });
        known.count += 1;
        if self.recent.len() == REMEMBERED {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(key, known);
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_again_is_counted_and_what_is_long_ago_is_forgotten() {
        let mut repeats = Repeats::default();
        let new = |number| Known { number, first_ns: 0, named: 0, count: 0 };
        assert_eq!(repeats.count(1, digest("FailedScheduling", "no"), || new(1)).count, 1);
        assert_eq!(repeats.count(1, digest("FailedScheduling", "no"), || new(2)), Known { count: 2, ..new(1) });
        assert_eq!(repeats.count(1, digest("FailedScheduling", "yes"), || new(3)).count, 1, "another message");
        assert_eq!(repeats.count(2, digest("FailedScheduling", "no"), || new(4)).count, 1, "another pod");
        for uid in 0..REMEMBERED as u64 {
            repeats.count(100 + uid, digest("Other", ""), || new(5));
        }
        assert_eq!(repeats.count(1, digest("FailedScheduling", "no"), || new(6)), Known { count: 3, ..new(1) });
        for uid in 0..3 * REMEMBERED as u64 {
            repeats.count(100 + uid, digest("Another", ""), || new(7));
        }
        assert_eq!(repeats.count(1, digest("FailedScheduling", "no"), || new(8)).number, 8);
    }
}

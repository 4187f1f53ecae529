//! What changed, in order, for those who keep something about each node.

use crate::model::NodeId;

/// The latest changes: of nodes, or of what is on them. Readers remember where they stopped; one that comes back too late has to
/// look at every node.
#[derive(Debug)]
pub struct ChangeLog<T = NodeId> {
    /// How many changes have been dropped.
    dropped: u64,
    entries: Vec<T>,
}

impl<T> Default for ChangeLog<T> {
    fn default() -> Self {
        Self { dropped: 0, entries: Vec::new() }
    }
}

impl<T> ChangeLog<T> {
    /// The number of changes so far: where a reader that has seen everything will go on.
    #[inline]
    pub fn end(&self) -> u64 {
        self.dropped + self.entries.len() as u64
    }

    /// The changes since a reader stopped there, oldest first; `None` if not all of that is remembered. A node may be among them
    /// more than once.
    pub fn since(&self, seen: u64) -> Option<&[T]> {
        self.entries.get(usize::try_from(seen.checked_sub(self.dropped)?).ok()?..)
    }

    /// Notes a change of one of so many nodes. Twice as many changes are worth remembering: more of them, and looking at every
    /// node is no more work.
    pub(super) fn push(&mut self, change: T, nodes: usize) {
        let keep = 2 * nodes.max(512);
        if self.entries.len() >= 2 * keep {
            let old = self.entries.len() - keep;
            self.entries.drain(..old);
            self.dropped += old as u64;
        }
        self.entries.push(change);
    }

    /// There was a change, which nobody will ask for.
    pub(super) fn pass(&mut self) {
        debug_assert!(self.entries.is_empty(), "later changes are remembered only if those before are");
        self.dropped += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_comes_too_late_is_told_so() {
        let mut log = ChangeLog::default();
        for i in 0..3000 {
            log.push(NodeId::new(i), 512);
        }
        assert_eq!(log.end(), 3000);
        assert_eq!(log.since(2998), Some(&[NodeId::new(2998), NodeId::new(2999)][..]));
        assert_eq!(log.since(3000), Some(&[][..]));
        assert_eq!(log.since(10), None);
    }

    #[test]
    fn who_asks_first_is_told_of_nothing_before() {
        let mut log = ChangeLog::default();
        log.pass();
        log.pass();
        log.push(NodeId::new(7), 1);
        assert_eq!((log.end(), log.since(1)), (3, None));
        assert_eq!(log.since(2), Some(&[NodeId::new(7)][..]));
    }
}

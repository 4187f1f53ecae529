//! The pods without a node, in order of creation.

use crate::model::PodId;

/// So many entries are never worth cleaning up.
const SLACK: usize = 1024;

/// A list of pods that had no node when they came. Most get one at once: those that have stay in the list, until there are more
/// of them than of the others.
#[derive(Debug, Default)]
pub(super) struct Unbound(Vec<PodId>);

impl Unbound {
    /// Every pod that has no node, and some others, in order of creation.
    pub(super) fn iter(&self) -> impl Iterator<Item = PodId> + '_ {
        self.0.iter().copied()
    }

    /// A pod without a node is new.
    pub(super) fn push(&mut self, id: PodId) {
        self.0.push(id);
    }

    /// Drops a pod, if it is the last one.
    pub(super) fn forget_last(&mut self, id: PodId) {
        if self.0.last() == Some(&id) {
            self.0.pop();
        }
    }

    /// Whether too few of the list have no node, when so many have none.
    pub(super) fn is_overfull(&self, pending: usize) -> bool {
        self.0.len() > 2 * pending + SLACK
    }

    /// Keeps those that have none.
    pub(super) fn retain(&mut self, is_unbound: impl Fn(PodId) -> bool) {
        self.0.retain(|id| is_unbound(*id));
    }
}

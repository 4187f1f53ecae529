//! Whether all pods were tried in vain, so that no run waits for the next attempts.

use super::Scheduler;
use super::latency::AttemptLatency;
use super::queue::SchedulingQueue;
use crate::cluster::Cluster;

/// Pods that are tried so often, each, while others of lower priority wait, keep these waiting for ever.
const ROUNDS: usize = 3;

/// The attempts in a row that found no node, while nothing changed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fruitless {
    /// The cluster's version meanwhile.
    version: u64,
    attempts: usize,
    /// Pods that have come into the queue, or back, since the last change have higher sequence numbers.
    since: u64,
    /// The last attempts in a row that were of such pods.
    repeated: usize,
}

impl Fruitless {
    /// Something changed that does not show in the cluster's version.
    pub(super) fn start_anew(&mut self, sequence: u64) {
        (self.attempts, self.since, self.repeated) = (0, sequence, 0);
    }

    /// An attempt was made in a cluster of this version, of the pod that the queue gave last.
    pub(super) fn count(&mut self, version: u64, queue: &SchedulingQueue) {
        if self.version != version {
            self.version = version;
            self.start_anew(queue.last_sequence());
        }
        self.attempts += 1;
        self.repeated = if queue.sequence_of_popped() > self.since { self.repeated + 1 } else { 0 };
    }

    /// More of them were made in no time, so that nobody was kept waiting by them.
    pub(super) fn count_more(&mut self, attempts: usize) {
        self.attempts += attempts;
    }

    /// Perhaps a pod that left was one of those that were tried.
    pub(super) fn forget_one(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
    }

    /// How many more may be made together: the one with which all are in vain is made by itself, for the run may end before the next.
    pub(super) fn left(&self, candidates: usize) -> usize {
        candidates.saturating_sub(self.attempts + 1)
    }
}

impl Scheduler {
    /// Whether all pods were tried in vain. They are tried again every five minutes; with as many of them as attempts take time,
    /// that would go on for ever: no run waits for it. Nor does one wait for a pod that is never next, because others that come before it are
    /// tried in vain again and again.
    pub(super) fn is_in_vain(&self, cluster: &Cluster) -> bool {
        let Fruitless { version, attempts, since, repeated } = self.fruitless;
        let candidates = self.candidates();
        if version != cluster.version() || attempts < candidates {
            return false;
        }
        // Where attempts take no time, all that can be tried is tried before anything is tried again.
        self.settings.latency == AttemptLatency::None
            || repeated >= ROUNDS.saturating_mul(candidates)
            || !(self.queue.has_one_from(since) || self.in_flight.is_some() && self.queue.sequence_of_popped() <= since)
    }

    /// How many pods could be tried, or are.
    pub(super) fn candidates(&self) -> usize {
        let pending = self.queue.pending();
        pending.active + pending.backoff + pending.unschedulable + usize::from(self.in_flight.is_some())
    }
}

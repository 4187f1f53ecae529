//! The scheduling queue's part of `metrics.prom`: what came in, who waits where, and on which plugin's account.
//!
//! Source: `pkg/scheduler/backend/queue/scheduling_queue.go`.

use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::model::PodId;
use towtank_sim::scheduler::{EventLabel, Pool, Profile};
use towtank_sim::time::SimTime;

/// The pools in upstream's order.
pub(super) const POOLS: [&str; 4] = ["active", "backoff", "unschedulable", "gated"];

/// Follows pods through the queue.
#[derive(Debug, Default)]
pub(super) struct QueueMetrics {
    /// Pods that came into a pool, by its name and the event.
    pub(super) incoming: BTreeMap<(&'static str, EventLabel), u64>,
    /// Pods that are in each of the [`POOLS`].
    pub(super) pending: [u64; POOLS.len()],
    /// Pods that were rejected by a plugin and have not been tried since, by plugin and profile.
    pub(super) unschedulable: BTreeMap<(&'static str, Arc<str>), u64>,
    pods: FxHashMap<PodId, Followed>,
}

/// A pod that has been in the queue and is not bound.
#[derive(Debug, Default)]
struct Followed {
    /// When it first came into the active pool.
    first: Option<SimTime>,
    /// The number of the pool that it is in.
    pool: Option<usize>,
    rejected_by: Vec<(&'static str, Arc<str>)>,
}

impl QueueMetrics {
    /// A pod came into a pool. What is held back counts as unschedulable here, as upstream has it.
    pub(super) fn moved(&mut self, pod: PodId, to: Pool, cause: EventLabel, now: SimTime) {
        let counted = if matches!(to, Pool::Gated(_)) { Pool::Unschedulable } else { to };
        *self.incoming.entry((POOLS[number(counted)], cause)).or_default() += 1;
        self.enter(pod, to, now);
    }

    fn enter(&mut self, pod: PodId, to: Pool, now: SimTime) {
        let pool = number(to);
        self.leave_pool(pod);
        self.pending[pool] += 1;
        let followed = self.pods.entry(pod).or_default();
        followed.pool = Some(pool);
        if to == Pool::Active {
            followed.first.get_or_insert(now);
        }
    }

    /// A pod is tried: what plugins said of it before is void.
    pub(super) fn tried(&mut self, pod: PodId) {
        self.leave_pool(pod);
        let Some(followed) = self.pods.get_mut(&pod) else { return };
        for key in std::mem::take(&mut followed.rejected_by) {
            self.unschedulable.entry(key).and_modify(|count| *count = count.saturating_sub(1));
        }
    }

    /// An attempt failed, and plugins of the profile, one bit each, are to blame.
    pub(super) fn failed(&mut self, pod: PodId, to: Option<Pool>, plugins: u64, profile: &Profile, now: SimTime) {
        self.tried(pod);
        let Some(to) = to else { return };
        if matches!(to, Pool::Unschedulable | Pool::ErrorBackoff) {
            self.moved(pod, to, EventLabel::SCHEDULE_ATTEMPT_FAILURE, now);
        } else {
            // Something has happened meanwhile that brings it back: a move of its own tells of it.
            self.enter(pod, to, now);
        }
        let Some(followed) = self.pods.get_mut(&pod) else { return };
        followed.rejected_by = profile.names(plugins).into_iter().map(|name| (name, profile.name.clone())).collect();
        for key in &followed.rejected_by {
            *self.unschedulable.entry(key.clone()).or_default() += 1;
        }
    }

    /// A pod is bound or gone. Gives when it first came into the active pool.
    pub(super) fn left(&mut self, pod: PodId) -> Option<SimTime> {
        self.tried(pod);
        self.pods.remove(&pod)?.first
    }

    fn leave_pool(&mut self, pod: PodId) {
        if let Some(pool) = self.pods.get_mut(&pod).and_then(|followed| followed.pool.take()) {
            self.pending[pool] -= 1;
        }
    }
}

fn number(pool: Pool) -> usize {
    match pool {
        Pool::Active => 0,
        Pool::Backoff | Pool::ErrorBackoff => 1,
        Pool::Unschedulable => 2,
        Pool::Gated(_) => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use towtank_sim::model::pod::PodSpec;
    use towtank_sim::{cluster::Cluster, model::pod::NewPod};

    #[test]
    fn a_pod_is_in_one_pool_and_blamed_on_its_last_rejectors() {
        let mut cluster = Cluster::default();
        let class = cluster.intern(PodSpec::default());
        let pod = cluster.create_pod(NewPod::new("a", class)).expect("no quota");
        let at = SimTime::from_secs;
        let profile = Profile { name: "p".into(), ..Profile::default() };
        let mut queue = QueueMetrics::default();
        queue.moved(pod, Pool::Gated(0), EventLabel::UNSCHEDULED_POD_ADD, at(1));
        assert_eq!(queue.pending, [0, 0, 0, 1]);
        queue.moved(pod, Pool::Active, EventLabel::UNSCHEDULED_POD_UPDATE, at(2));
        assert_eq!(queue.pending, [1, 0, 0, 0]);
        queue.tried(pod);
        queue.failed(pod, Some(Pool::Unschedulable), 0, &profile, at(3));
        assert_eq!(queue.pending, [0, 0, 1, 0]);
        let failures = ("unschedulable", EventLabel::SCHEDULE_ATTEMPT_FAILURE);
        assert_eq!(queue.incoming.get(&failures), Some(&1));
        assert_eq!(queue.left(pod), Some(at(2)), "counted from when it could first be tried");
        assert_eq!(queue.pending, [0; 4]);
        assert_eq!(queue.left(pod), None);
    }
}

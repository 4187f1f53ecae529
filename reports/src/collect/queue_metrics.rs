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
    /// Pods that came into a pool, by its number and the event. So few that a list does, and every attempt comes by
    /// here.
    incoming: Vec<((usize, EventLabel), u64)>,
    /// Pods that are in each of the [`POOLS`].
    pub(super) pending: [u64; POOLS.len()],
    /// Who has been blamed, and for how many pods that have not been tried since.
    blames: Vec<Blame>,
    pods: FxHashMap<PodId, Followed>,
}

/// Plugins of a profile, one bit each, that rejected pods together.
#[derive(Debug)]
struct Blame {
    plugins: u64,
    profile: Arc<str>,
    names: Vec<&'static str>,
    pods: u64,
}

/// A pod that has been in the queue and is not bound.
#[derive(Debug, Default)]
struct Followed {
    /// When it first came into the active pool.
    first: Option<SimTime>,
    /// The number of the pool that it is in.
    pool: Option<usize>,
    /// The number of the blame.
    rejected_by: Option<usize>,
}

impl QueueMetrics {
    /// A pod came into a pool. What is held back counts as unschedulable here, as upstream has it.
    pub(super) fn moved(&mut self, pod: PodId, to: Pool, cause: EventLabel, now: SimTime) {
        let counted = if matches!(to, Pool::Gated(_)) { Pool::Unschedulable } else { to };
        let key = (number(counted), cause);
        match self.incoming.iter_mut().find(|(known, _)| *known == key) {
            Some((_, pods)) => *pods += 1,
            None => self.incoming.push((key, 1)),
        }
        self.enter(pod, to, now);
    }

    fn enter(&mut self, pod: PodId, to: Pool, now: SimTime) {
        let pool = number(to);
        let followed = self.pods.entry(pod).or_default();
        if let Some(before) = followed.pool.replace(pool) {
            self.pending[before] -= 1;
        }
        self.pending[pool] += 1;
        if to == Pool::Active {
            followed.first.get_or_insert(now);
        }
    }

    /// A pod is tried: what plugins said of it before is void.
    pub(super) fn tried(&mut self, pod: PodId) {
        let Some(followed) = self.pods.get_mut(&pod) else { return };
        if let Some(pool) = followed.pool.take() {
            self.pending[pool] -= 1;
        }
        if let Some(blame) = followed.rejected_by.take() {
            self.blames[blame].pods -= 1;
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
        let blame = self.blame(plugins, profile);
        if let Some(followed) = self.pods.get_mut(&pod) {
            followed.rejected_by = Some(blame);
            self.blames[blame].pods += 1;
        }
    }

    fn blame(&mut self, plugins: u64, profile: &Profile) -> usize {
        let same = |blame: &Blame| blame.plugins == plugins && blame.profile == profile.name;
        self.blames.iter().position(same).unwrap_or_else(|| {
            let names = profile.names(plugins);
            self.blames.push(Blame { plugins, profile: profile.name.clone(), names, pods: 0 });
            self.blames.len() - 1
        })
    }

    /// Pods that came into a pool, by its name and the event.
    pub(super) fn incoming(&self) -> BTreeMap<(&'static str, EventLabel), u64> {
        self.incoming.iter().map(|((pool, cause), pods)| ((POOLS[*pool], *cause), *pods)).collect()
    }

    /// Pods that were rejected by a plugin and have not been tried since, by plugin and profile.
    pub(super) fn unschedulable(&self) -> BTreeMap<(&'static str, Arc<str>), u64> {
        let mut counts = BTreeMap::new();
        for Blame { profile, names, pods, .. } in &self.blames {
            for name in names {
                *counts.entry((*name, profile.clone())).or_default() += pods;
            }
        }
        counts
    }

    /// A pod is bound or gone. Gives when it first came into the active pool.
    pub(super) fn left(&mut self, pod: PodId) -> Option<SimTime> {
        self.tried(pod);
        self.pods.remove(&pod)?.first
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
        assert_eq!(queue.incoming().get(&failures), Some(&1));
        assert_eq!(queue.left(pod), Some(at(2)), "counted from when it could first be tried");
        assert_eq!(queue.pending, [0; 4]);
        assert_eq!(queue.left(pod), None);
    }
}

//! How long pods worked whose machines may have failed under them.

use rustc_hash::FxHashMap;
use towtank_sim::cluster::{Change, Cluster};
use towtank_sim::model::PodId;
use towtank_sim::model::pod::{Pod, PodClass};
use towtank_sim::model::resources::ResourceId;
use towtank_sim::time::SimTime;

/// Remembers the pods whose containers were lost with their machine, which are few. A pod that is on its way out when its machine fails
/// counts as working until it is gone: the store says nothing of its containers.
#[derive(Debug, Default)]
pub(super) struct WorkTimes {
    lost: FxHashMap<PodId, Lost>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Lost {
    /// For how long its containers were gone before.
    nanoseconds: i64,
    /// Since when they are.
    since: Option<SimTime>,
}

impl WorkTimes {
    /// Hears of starts and of readiness: [`Change::PodStarted`], [`Change::PodReadiness`].
    #[inline]
    pub(super) fn note(&mut self, change: Change, cluster: &Cluster) {
        match change {
            Change::PodStarted(id) if !self.lost.is_empty() => self.look(id, cluster),
            Change::PodReadiness(id) => self.look(id, cluster),
            _ => {}
        }
    }

    fn look(&mut self, id: PodId, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id).filter(|pod| pod.started.is_some()) else { return };
        if !pod.working {
            self.lost.entry(id).or_default().since.get_or_insert(cluster.now);
        } else if let Some(lost) = self.lost.get_mut(&id) {
            lost.nanoseconds += lost.since.take().map_or(0, |since| cluster.now.since(since).0);
        }
    }

    /// For how long the pod has worked until now, in nanoseconds.
    #[inline]
    pub(super) fn of(&self, id: PodId, pod: &Pod, now: SimTime) -> i64 {
        pod.started.get().map_or(0, |started| now.since(started).0 - self.lost(id, now))
    }

    /// For how long the containers of a pod, which were started, were gone until now, in nanoseconds.
    #[inline]
    pub(super) fn lost(&self, id: PodId, now: SimTime) -> i64 {
        let lost = if self.lost.is_empty() { None } else { self.lost.get(&id) };
        lost.map_or(0, |lost| lost.nanoseconds + lost.since.map_or(0, |since| now.since(since).0))
    }

    /// The pod is gone.
    #[inline]
    pub(super) fn forget(&mut self, id: PodId) {
        if !self.lost.is_empty() {
            self.lost.remove(&id);
        }
    }
}

/// What a pod of a class uses while it works, in milli-CPU and bytes, as the cluster's totals count it.
#[inline]
pub(super) fn usage(pod: &Pod, class: &PodClass) -> [i64; 2] {
    pod.usage.of([ResourceId::CPU, ResourceId::MEMORY].map(|id| class.requests.get(id)))
}

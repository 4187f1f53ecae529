//! How long pods waited.

use crate::data::{Latencies, LatencyPair, SchedulingParts, StartParts};
use rustc_hash::{FxHashMap, FxHashSet};
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::model::PodId;
use towtank_sim::model::pod::Pod;
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::time::{SimTime, Span};

/// Collects the latencies of scheduling and of startup, one sample per pod.
#[derive(Debug, Default)]
pub struct LatencyCollector {
    scheduling: Latencies,
    startup: Latencies,
    start: Latencies,
    /// From running to ready.
    ready: Latencies,
    /// Pulling images, init containers and containers.
    parts: [Latencies; 3],
    /// What kubelets have said of pods that have not started.
    starting: FxHashMap<PodId, [Span; 3]>,
    /// Pods that have started and have not been ready.
    unready: FxHashSet<PodId>,
}

impl LatencyCollector {
    /// Percentiles of all, with the parts that others have followed; and the samples of scheduling and startup.
    pub fn finish(mut self, parts: SchedulingParts) -> (LatencyPair, Latencies, Latencies) {
        let has_parts = !self.parts[0].is_empty() || self.ready.max().is_some_and(|longest| longest > 0);
        let start_parts = has_parts.then(|| {
            let [pull, init, containers] = self.parts.each_mut().map(Latencies::sum_up);
            StartParts { pull, init, containers, ready: self.ready.sum_up() }
        });
        let pair = LatencyPair {
            scheduling: self.scheduling.sum_up(),
            parts: Some(parts),
            startup: self.startup.sum_up(),
            start: self.start.sum_up(),
            start_parts,
        };
        (pair, self.scheduling, self.startup)
    }

    /// The scheduler has placed a pod.
    #[inline]
    pub(super) fn scheduled(&mut self, pod: &Pod, now: SimTime) {
        self.scheduling.push((now - pod.created).0);
    }

    /// A pod has ended, perhaps before it started or was ready.
    #[inline]
    pub(super) fn pod_ended(&mut self, pod: PodId) {
        if !self.unready.is_empty() {
            self.unready.remove(&pod);
        }
        if !self.starting.is_empty() {
            self.starting.remove(&pod);
        }
    }

    /// A pod has started.
    #[inline]
    pub(super) fn started(&mut self, id: PodId, cluster: &Cluster) {
        // A pod whose machine came back starts again: only the first start counts.
        let Some(pod) = cluster.pod(id).filter(|pod| pod.started == cluster.now) else { return };
        self.startup.push((cluster.now - pod.created).0);
        self.start.push(pod.bound.get().map_or(0, |bound| (cluster.now - bound).0));
        if pod.ready {
            self.ready.push(0);
        } else {
            self.unready.insert(id);
        }
        if !self.starting.is_empty()
            && let Some(parts) = self.starting.remove(&id)
        {
            for (samples, part) in self.parts.iter_mut().zip(parts) {
                samples.push(part.0);
            }
        }
    }

    /// A pod became ready, or ceased to be: only the first time counts.
    fn readiness(&mut self, id: PodId, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id).filter(|pod| pod.ready) else { return };
        if self.unready.remove(&id) {
            self.ready.push(pod.started.get().map_or(0, |started| (cluster.now - started).0));
        }
    }
}

impl Observer for LatencyCollector {
    fn interest(&self) -> NoteKinds {
        let starts = Interest::POD_STARTED.and(Interest::POD_READINESS);
        let ends = Interest::POD_FINISHED.and(Interest::POD_REMOVED);
        NoteKinds::SCHEDULED.and(NoteKinds::STARTING).and(NoteKinds::changes(starts.and(ends)))
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match *note {
            Note::Scheduled { pod, .. } => {
                if let Some(pod) = cluster.pod(pod) {
                    self.scheduled(pod, cluster.now);
                }
            }
            Note::Starting { pod, pull, init, start } => {
                self.starting.insert(pod, [pull, init, start]);
            }
            Note::Change(Change::PodStarted(pod)) => self.started(pod, cluster),
            Note::Change(Change::PodReadiness(pod)) if !self.unready.is_empty() => self.readiness(pod, cluster),
            Note::Change(Change::PodFinished(pod) | Change::PodRemoved(pod)) => self.pod_ended(pod),
            _ => {}
        }
    }
}

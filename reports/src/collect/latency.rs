//! How long pods waited.

use crate::data::{Latencies, LatencyPair, SchedulingParts};
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::observe::{Note, NoteKinds, Observer};

/// Collects the latencies of scheduling and of startup, one sample per pod.
#[derive(Debug, Default)]
pub struct LatencyCollector {
    scheduling: Latencies,
    startup: Latencies,
    start: Latencies,
}

impl LatencyCollector {
    /// Percentiles of all, with the parts that others have followed; and the samples of scheduling and startup.
    pub fn finish(mut self, parts: SchedulingParts) -> (LatencyPair, Latencies, Latencies) {
        let pair = LatencyPair {
            scheduling: self.scheduling.sum_up(),
            parts: Some(parts),
            startup: self.startup.sum_up(),
            start: self.start.sum_up(),
        };
        (pair, self.scheduling, self.startup)
    }
}

impl Observer for LatencyCollector {
    fn interest(&self) -> NoteKinds {
        NoteKinds::SCHEDULED.and(NoteKinds::changes(Interest::POD_STARTED))
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            // From creation to binding, for pods that the scheduler placed.
            Note::Scheduled { pod, .. } => {
                if let Some(pod) = cluster.pod(*pod) {
                    self.scheduling.push((cluster.now - pod.created).0);
                }
            }
            // A pod whose machine came back starts again: only the first start counts.
            Note::Change(Change::PodStarted(pod)) => {
                if let Some(pod) = cluster.pod(*pod).filter(|pod| pod.started == cluster.now) {
                    self.startup.push((cluster.now - pod.created).0);
                    self.start.push(pod.bound.get().map_or(0, |bound| (cluster.now - bound).0));
                }
            }
            _ => {}
        }
    }
}

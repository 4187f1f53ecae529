//! How long pods took that ended well.

use crate::data::Latencies;
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::model::PodId;
use towtank_sim::model::pod::PodPhase;
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::time::{SimTime, Span};

/// Runs shorter than this count as this long in the bounded slowdown.
///
/// Source: Feitelson, Rudolph, Schwiegelshohn, Sevcik and Wong, "Theory and Practice in Parallel Job Scheduling", JSSPP 1997, which has 10 s.
pub const BOUND: Span = Span::from_secs(10);

/// Collects times from creation to the end, and what of them was run time.
#[derive(Debug, Default)]
pub struct CompletionCollector {
    completion: Completion,
}

/// Of the pods that ended well.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// From creation to the end.
    pub turnaround: Latencies,
    /// Sum, number and largest of the slowdowns of pods that ran for some time.
    pub slowdown: (f64, u64, f64),
    /// Sum and largest of the bounded slowdowns, of all.
    pub bounded: (f64, f64),
    /// When the last pod ended, well or badly.
    pub last_end: Option<SimTime>,
}

impl CompletionCollector {
    /// What was collected.
    pub fn finish(self) -> Completion {
        self.completion
    }

    /// A pod has ended by itself.
    #[inline]
    pub(super) fn pod_finished(&mut self, id: PodId, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id) else { return };
        let of = &mut self.completion;
        of.last_end = Some(cluster.now);
        if pod.phase != PodPhase::Succeeded {
            return;
        }
        let turnaround = (cluster.now - pod.created).0;
        let run = pod.started.get().map_or(0, |started| (cluster.now - started).0);
        of.turnaround.push(turnaround);
        if run > 0 {
            let slowdown = turnaround as f64 / run as f64;
            of.slowdown = (of.slowdown.0 + slowdown, of.slowdown.1 + 1, of.slowdown.2.max(slowdown));
        }
        let bounded = bounded_slowdown(turnaround, run);
        of.bounded = (of.bounded.0 + bounded, of.bounded.1.max(bounded));
    }
}

impl Observer for CompletionCollector {
    fn interest(&self) -> NoteKinds {
        NoteKinds::changes(Interest::POD_FINISHED)
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        if let Note::Change(Change::PodFinished(id)) = note {
            self.pod_finished(*id, cluster);
        }
    }
}

/// `max(1, turnaround / max(run, 10 s))`; times in nanoseconds.
pub fn bounded_slowdown(turnaround: i64, run: i64) -> f64 {
    (turnaround as f64 / run.max(BOUND.0) as f64).max(1.0)
}

//! Where each pod waits until it is bound.

use crate::data::{Latencies, SchedulingParts};
use towtank_sim::scheduler::Waits;
use towtank_sim::time::Span;

/// How long the pods that were bound had waited where. Of each pod a sample for each part remains.
#[derive(Debug, Default)]
pub(super) struct WaitingParts {
    queue: Latencies,
    backoff: Latencies,
    unschedulable: Latencies,
    admission: Latencies,
    decision: Latencies,
    bind: Latencies,
    /// How many pods were bound in the instant in which they came, after the first of them.
    at_once: Option<u64>,
}

impl WaitingParts {
    /// A pod is bound, so long after its creation, and after a last attempt that took so long.
    pub(super) fn bound(&mut self, waits: &Waits, took: Span, since_creation: Span) {
        let Waits { active, backoff, unschedulable, gated, tried, .. } = *waits;
        if since_creation.0 | active.0 | backoff.0 | unschedulable.0 | gated.0 | tried.0 | took.0 == 0 {
            if let Some(more) = &mut self.at_once {
                *more += 1;
                return;
            }
            self.at_once = Some(0);
        }
        let decision = tried.0 + took.0;
        let rest = since_creation.0 - active.0 - backoff.0 - unschedulable.0 - gated.0 - decision;
        self.queue.push(active.0);
        self.backoff.push(backoff.0);
        self.unschedulable.push(unschedulable.0);
        self.admission.push(gated.0);
        self.decision.push(decision);
        self.bind.push(rest.max(0));
    }

    /// How long bound pods have waited where.
    pub(super) fn sum_up(&mut self) -> SchedulingParts {
        let Self { queue, backoff, unschedulable, admission, decision, bind, at_once } = self;
        let more = at_once.take().unwrap_or(0);
        for part in [&mut *queue, backoff, unschedulable, admission, decision, bind] {
            part.push_many(0, more);
        }
        let [queue, backoff, unschedulable] = [queue, backoff, unschedulable].map(Latencies::sum_up);
        let [admission, decision, bind] = [admission, decision, bind].map(Latencies::sum_up);
        SchedulingParts { admission, queue, backoff, unschedulable, decision, bind }
    }
}

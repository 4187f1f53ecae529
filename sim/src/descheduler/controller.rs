//! The descheduler in a simulation.

use super::{Eviction, PodView, Policy, View};
use crate::agenda::{Rank, Subject, Timer};
use crate::cluster::Interest;
use crate::controller::{Context, Controller};
use crate::disruption::{EvictionTrial, evict};
use crate::observe::{Note, Regarding};
use crate::time::Span;

/// Runs cycles of a policy, one after each interval. They keep no run going that is otherwise over.
#[derive(Debug)]
pub struct Descheduler {
    policy: Policy,
    interval: Span,
}

impl Descheduler {
    /// A descheduler with a cycle after each interval, which is above zero.
    pub const fn new(policy: Policy, interval: Span) -> Self {
        Self { policy, interval }
    }

    fn cycle(&self, cx: &mut Context<'_>) {
        let mut trial = EvictionTrial::new(cx.cluster);
        let mut view = View::of(cx.cluster);
        let grants = &mut |pod: &PodView<'_>| pod.id.is_some_and(|id| trial.grants(id));
        let evictions = self.policy.cycle(&mut view, grants);
        let id = |Eviction { pod, strategy }: Eviction| Some((view.pods[pod].id?, strategy));
        let evictions: Vec<_> = evictions.into_iter().filter_map(id).collect();
        for (pod, strategy) in evictions {
            let Some(node) = cx.cluster.pod(pod).and_then(|pod| pod.node) else { continue };
            let message = format!("pod eviction from {} node by sigs.k8s.io/descheduler", cx.cluster.node(node).name());
            if evict(cx, pod).is_ok() {
                let regarding = Regarding::Pod(pod);
                cx.note(&Note::Event { warning: false, reason: strategy, regarding, message: &message });
            }
        }
    }

    fn next(&self, cx: &mut Context<'_>) {
        let timer = Timer { kind: 0, tag: 0, about: Subject::Itself };
        cx.remind_in_background(cx.now() + self.interval, Rank::Control, timer);
    }
}

impl Controller for Descheduler {
    fn name(&self) -> &'static str {
        "descheduler"
    }

    fn interest(&self) -> Interest {
        Interest::NONE
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        self.next(cx);
    }

    fn on_timer(&mut self, _: Timer, cx: &mut Context<'_>) {
        self.cycle(cx);
        self.next(cx);
    }
}

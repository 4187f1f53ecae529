//! The kubelet of every node: pods start some time after they were bound, end by themselves, and stop when they are
//! deleted.
//!
//! Simplified: a pod is one piece of work. Its start is made of three latencies one after the other, for images, for the sandbox with the init
//! containers and for the containers; it becomes ready when it starts, or a fourth latency later. A pod that ends is not restarted, whatever its
//! restart policy: its run time is its life. When a machine stops, its pods lose their work and begin again when it is back.

use crate::agenda::{Rank, Subject, Timer};
use crate::cluster::{Change, Interest, NodeChange};
use crate::controller::{Context, Controller};
use crate::model::pod::{Pod, PodPhase, Run};
use crate::model::{NodeId, PodId};
use crate::observe::Note;
use crate::random::{Distribution, Rng, rewind_for};
use crate::time::{SimTime, Span};

/// A latency: none, fixed, or drawn (in seconds).
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Latency {
    /// No time.
    #[default]
    None,
    /// Always this.
    Constant(Span),
    /// A sample in seconds.
    Drawn(Distribution),
}

impl Latency {
    /// The latency of one pod, named by its namespace and its name: it depends on the name alone, so that under another policy
    /// the same pod has the same latency.
    pub fn sample<'p>(&self, rng: &mut Rng, pod: impl FnOnce() -> [&'p str; 2]) -> Span {
        match self {
            Self::None => Span::ZERO,
            Self::Constant(span) => *span,
            Self::Drawn(distribution) => {
                rewind_for(rng, pod());
                Span::try_from_secs_f64(distribution.sample(rng)).unwrap_or(Span::MAX)
            }
        }
    }
}

/// The kubelets' settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KubeletSettings {
    /// From binding to the images being there.
    pub pull: Latency,
    /// From there to the end of the init containers.
    pub init: Latency,
    /// From there to running; all of it from binding on, where the two before take no time.
    pub start: Latency,
    /// From running to ready.
    pub ready: Latency,
    /// From the request to delete to the pod being gone, at most its termination grace period.
    pub stop: Latency,
}

impl KubeletSettings {
    /// Whether the start has parts that are told apart.
    fn has_parts(&self) -> bool {
        self.pull != Latency::None || self.init != Latency::None
    }

    /// Whether pods start in the instant in which they are bound.
    fn starts_at_once(&self) -> bool {
        !self.has_parts() && self.start == Latency::None
    }
}

/// All kubelets.
#[derive(Debug)]
pub struct Kubelet {
    settings: KubeletSettings,
    rngs: Option<Rngs>,
}

/// A stream for each latency.
#[derive(Debug)]
struct Rngs {
    pull: Rng,
    init: Rng,
    start: Rng,
    ready: Rng,
    stop: Rng,
}

mod timer {
    pub(super) const START: u16 = 0;
    pub(super) const END: u16 = 1;
    pub(super) const STOP: u16 = 2;
    pub(super) const READY: u16 = 3;
}

impl Kubelet {
    /// Kubelets with these settings.
    pub fn new(settings: KubeletSettings) -> Self {
        Self { settings, rngs: None }
    }

    fn start_later(&mut self, id: PodId, cx: &mut Context<'_>) {
        if self.settings.starts_at_once() {
            return Self::plan(timer::START, id, cx.now(), cx);
        }
        let (Some(pod), Some(rngs)) = (cx.cluster.pod(id), &mut self.rngs) else { return };
        let name = || [&*cx.cluster.class_of(pod).spec.namespace, &*pod.name];
        let settings = &self.settings;
        let pull = settings.pull.sample(&mut rngs.pull, name);
        let init = settings.init.sample(&mut rngs.init, name);
        let start = settings.start.sample(&mut rngs.start, name);
        Self::plan(timer::START, id, cx.now() + pull + init + start, cx);
        if settings.has_parts() {
            cx.note(&Note::Starting { pod: id, pull, init, start });
        }
    }

    fn stop_later(&mut self, id: PodId, cx: &mut Context<'_>) {
        let Some(pod) = cx.cluster.pod(id) else { return };
        let Some(node) = pod.node else { return };
        if !cx.cluster.node(node).machine_up {
            return;
        }
        let spec = &cx.cluster.class_of(pod).spec;
        let grace = pod.grace().unwrap_or(spec.termination_grace);
        let name = || [&*spec.namespace, &*pod.name];
        let latency = self.rngs.as_mut().map_or(Span::ZERO, |rngs| self.settings.stop.sample(&mut rngs.stop, name));
        Self::plan(timer::STOP, id, cx.now() + latency.min(grace), cx);
    }

    fn plan(kind: u16, id: PodId, at: SimTime, cx: &mut Context<'_>) {
        // A timer is void when the pod's containers have been lost since.
        let Some(tag) = cx.cluster.pod(id).map(Pod::restarts) else { return };
        cx.remind(at, Rank::Kubelet, Timer { kind, tag, about: Subject::Pod(id) });
    }

    fn started(&mut self, id: PodId, cx: &mut Context<'_>) {
        cx.cluster.start(id);
        let Some(pod) = cx.cluster.pod(id) else { return };
        let run = pod.run();
        if let (Some(rngs), true) = (&mut self.rngs, self.settings.ready != Latency::None) {
            let name = || [&*cx.cluster.class_of(pod).spec.namespace, &*pod.name];
            let latency = self.settings.ready.sample(&mut rngs.ready, name);
            cx.cluster.set_ready(id, false);
            Self::plan(timer::READY, id, cx.now() + latency, cx);
        }
        if let Run::Succeeds(span) | Run::Fails(span) = run {
            Self::plan(timer::END, id, cx.now() + span, cx);
        }
    }

    fn ended(id: PodId, cx: &mut Context<'_>) {
        let phase = match cx.cluster.pod(id).map(Pod::run) {
            Some(Run::Succeeds(_)) => PodPhase::Succeeded,
            Some(Run::Fails(_)) => PodPhase::Failed,
            _ => return,
        };
        cx.cluster.finish(id, phase);
    }

    /// A machine stopped: its pods lose their work. Or it runs again: they begin anew, and those asked to go do.
    fn machine_changed(&mut self, node: NodeId, cx: &mut Context<'_>) {
        let node = cx.cluster.node(node);
        let (up, mut pods) = (node.machine_up, node.pods.to_vec());
        pods.sort_by_key(|id| cx.cluster.pod(*id).map_or(0, |pod| pod.uid));
        for id in pods {
            if !up {
                cx.cluster.interrupt(id);
            } else if cx.cluster.pod(id).is_some_and(|pod| pod.deleting.is_some()) {
                self.stop_later(id, cx);
            } else {
                self.start_later(id, cx);
            }
        }
    }
}

impl Controller for Kubelet {
    fn name(&self) -> &'static str {
        "kubelet"
    }

    fn interest(&self) -> Interest {
        Interest::POD_BOUND.and(Interest::POD_DELETING).and(Interest::NODES)
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        let [pull, init, start, ready, stop] =
            ["pull", "init", "start", "ready", "stop"].map(|latency| cx.streams.stream(&format!("kubelet/{latency}")));
        self.rngs = Some(Rngs { pull, init, start, ready, stop });
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodBound(id, node) if cx.cluster.node(node).machine_up => self.start_later(id, cx),
            Change::PodDeleting(id, _) => self.stop_later(id, cx),
            Change::NodeChanged(node, what) if what.contains(NodeChange::MACHINE) => self.machine_changed(node, cx),
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        let Subject::Pod(id) = timer.about else { return };
        let Some(pod) = cx.cluster.pod(id).filter(|pod| pod.restarts() == timer.tag) else { return };
        match timer.kind {
            timer::START if pod.deleting.is_none() => self.started(id, cx),
            timer::READY if pod.deleting.is_none() => cx.cluster.set_ready(id, true),
            // Also one that has been asked to stop may come to its own end first.
            timer::END => Self::ended(id, cx),
            timer::STOP => cx.cluster.remove_pod(id),
            _ => {}
        }
    }
}

//! The scheduler of the recordings: one pod after another, to the node with the fewest pods.

use super::script::{Kubelets, Script};
use super::shared::SharedRef;
use std::rc::Rc;
use towtank_sim::agenda::{Rank, Subject, Timer};
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::taint::Effect;
use towtank_sim::model::{NodeId, PodId};
use towtank_sim::time::{SimTime, Span};

/// How long after its creation a pod is tried, and again after each time that no node was found.
const WAIT: Span = Span::from_secs(1);
/// How long there is at least between two bindings.
const BIND_EVERY: f64 = 1.1;

pub(super) struct ToyScheduler {
    /// Pods in the order of their creation, and when each is tried next.
    waiting: Vec<(PodId, SimTime)>,
    free_at: SimTime,
    bind_every: Span,
    kubelets: Kubelets,
    shared: SharedRef,
}

impl ToyScheduler {
    pub(super) fn new(script: &Script, shared: &SharedRef) -> Self {
        let bind_every = script.options.get("bindEvery").copied().unwrap_or(BIND_EVERY);
        Self {
            waiting: Vec::new(),
            free_at: SimTime::ZERO,
            bind_every: Span::try_from_secs_f64(bind_every).unwrap_or_default(),
            kubelets: script.kubelet.clone(),
            shared: Rc::clone(shared),
        }
    }

    fn look(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        self.waiting.retain(|(id, _)| cx.cluster.pod(*id).is_some_and(|pod| pod.is_active() && pod.node.is_none()));
        if now >= self.free_at {
            for (id, at) in &mut self.waiting {
                if *at > now {
                    continue;
                }
                match node_for(*id, cx.cluster) {
                    Some(node) => {
                        cx.cluster.bind(*id, node);
                        self.free_at = now + self.bind_every;
                        break;
                    }
                    None => *at = now + WAIT,
                }
            }
        }
        let due = self.waiting.iter().filter(|(id, _)| cx.cluster.pod(*id).is_some_and(|pod| pod.node.is_none()));
        if let Some(next) = due.map(|(_, at)| *at).min() {
            let timer = Timer { kind: 0, tag: 0, about: Subject::Itself };
            cx.remind(next.max(self.free_at), Rank::Machine, timer);
        }
    }
}

/// The node with the fewest pods among those that suit a pod; of several, that with the least name.
fn node_for(id: PodId, cluster: &Cluster) -> Option<NodeId> {
    let spec = &cluster.class_of(cluster.pod(id)?).spec;
    let suitable = cluster.nodes().iter().filter(|node| suits(spec, node));
    let pods = |node: &Node| node.pods.len();
    let best = suitable.min_by(|a, b| {
        let name = |node: &Node| (node.spec.name.len(), node.spec.name.clone());
        pods(a).cmp(&pods(b)).then_with(|| name(a).cmp(&name(b)))
    })?;
    Some(best.id)
}

fn suits(spec: &PodSpec, node: &Node) -> bool {
    let labels = &node.spec.labels;
    let selected = spec.node_selector.iter().all(|(key, value)| labels.get(key) == Some(value));
    let affinity =
        spec.node_affinity.required.as_ref().is_none_or(|required| required.matches(&node.spec.name, labels));
    let tolerated = node
        .spec
        .taints
        .iter()
        .filter(|taint| taint.effect != Effect::PreferNoSchedule)
        .all(|taint| spec.tolerations.iter().any(|toleration| toleration.tolerates(taint)));
    !node.spec.unschedulable && selected && affinity && tolerated
}

impl Controller for ToyScheduler {
    fn name(&self) -> &'static str {
        "scheduler"
    }

    fn interest(&self) -> Interest {
        Interest::POD_CREATED
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        let Change::PodCreated(id) = change else { return };
        let Some(pod) = cx.cluster.pod(id) else { return };
        let name = self.shared.borrow().names.pod(id, cx.cluster);
        let image = cx.cluster.class_of(pod).spec.containers.first().map_or("", |container| &container.image);
        if self.kubelets.behaviour(&name, image).schedule < 0.0 || pod.node.is_some() {
            return;
        }
        let at = cx.now() + WAIT;
        self.waiting.push((id, at));
        cx.remind(at.max(self.free_at), Rank::Machine, Timer { kind: 0, tag: 0, about: Subject::Itself });
    }

    fn on_timer(&mut self, _timer: Timer, cx: &mut Context<'_>) {
        self.look(cx);
    }
}

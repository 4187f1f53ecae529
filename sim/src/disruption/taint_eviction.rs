//! Taint eviction: pods that do not tolerate a `NoExecute` taint leave the node, at once or when their time is up.
//!
//! Source: `pkg/controller/tainteviction/taint_eviction.go`.

use crate::agenda::{Rank, Subject, Timer};
use crate::cluster::{Cause, Change, Cluster, Interest, NodeChange};
use crate::controller::{Context, Controller};
use crate::model::node::{Node, NodeSpec};
use crate::model::taint::{Effect, Taint, Toleration};
use crate::model::{NodeId, PodId};
use crate::observe::{Note, Regarding};
use crate::time::{SimTime, Span};
use std::collections::{BTreeMap, BTreeSet};

/// The controller.
#[derive(Debug, Default)]
pub struct TaintEviction {
    /// The pods to be evicted, and when.
    scheduled: BTreeMap<PodId, SimTime>,
    /// Every node with a `NoExecute` taint, and perhaps some that have left: almost every pod comes to another one.
    tainted: BTreeSet<NodeId>,
    /// How far the changes of specifications have been read for that.
    seen: u64,
}

/// How long a pod may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stay {
    For(Span),
    Forever,
}

impl TaintEviction {
    /// The controller.
    pub fn new() -> Self {
        Self::default()
    }

    fn process_pod(&mut self, id: PodId, taints: &[Taint], cx: &mut Context<'_>) {
        let Some(pod) = cx.cluster.pod(id).filter(|pod| pod.is_active()) else { return };
        match stay(taints, &cx.cluster.class_of(pod).spec.tolerations) {
            Stay::Forever => self.cancel(id, cx),
            Stay::For(Span::ZERO) => {
                self.cancel(id, cx);
                evict(id, cx);
            }
            // An eviction that is already under way keeps its time, as upstream.
            Stay::For(_) if self.scheduled.contains_key(&id) => {}
            Stay::For(span) => {
                let at = cx.now() + span;
                self.scheduled.insert(id, at);
                cx.remind(at, Rank::Control, Timer { kind: 0, tag: 0, about: Subject::Pod(id) });
            }
        }
    }

    fn cancel(&mut self, id: PodId, cx: &mut Context<'_>) {
        if self.scheduled.remove(&id).is_some() {
            tell("Cancelling deletion of Pod", id, cx);
        }
    }

    fn is_tainted(&mut self, node: NodeId, cluster: &Cluster) -> bool {
        let (nodes, log) = (cluster.nodes(), cluster.nodes().spec_log());
        let mut look = |node: &Node| {
            if no_execute(&node.spec).is_empty() {
                self.tainted.remove(&node.id);
            } else {
                self.tainted.insert(node.id);
            }
        };
        match log.since(self.seen) {
            Some(changed) => changed.iter().filter_map(|id| nodes.find(*id)).for_each(&mut look),
            None => nodes.iter().for_each(&mut look),
        }
        self.seen = log.end();
        // Of one that has just left nothing is known for sure.
        self.tainted.contains(&node) || nodes.find(node).is_none()
    }

    fn taints_changed(&mut self, node: NodeId, cx: &mut Context<'_>) {
        let node = cx.cluster.node(node);
        let taints = no_execute(&node.spec);
        if node.previous.as_ref().is_some_and(|before| no_execute(before) == taints) {
            return;
        }
        let mut pods = node.pods.to_vec();
        pods.sort_by_key(|id| cx.cluster.pod(*id).map_or(0, |pod| pod.uid));
        for id in pods {
            self.process_pod(id, &taints, cx);
        }
    }
}

impl Controller for TaintEviction {
    fn name(&self) -> &'static str {
        "taint-eviction"
    }

    fn interest(&self) -> Interest {
        Interest::NODES.and(Interest::POD_BOUND)
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::NodeChanged(node, what) if what.contains(NodeChange::TAINTS) => self.taints_changed(node, cx),
            Change::PodBound(pod, node) if self.is_tainted(node, cx.cluster) => {
                let taints = no_execute(&cx.cluster.node(node).spec);
                if !taints.is_empty() {
                    self.process_pod(pod, &taints, cx);
                }
            }
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        let Subject::Pod(id) = timer.about else { return };
        if self.scheduled.get(&id) == Some(&cx.now()) {
            self.scheduled.remove(&id);
            evict(id, cx);
        }
    }
}

fn evict(id: PodId, cx: &mut Context<'_>) {
    if cx.cluster.pod(id).is_some_and(crate::model::pod::Pod::is_active) {
        tell("Marking for deletion Pod", id, cx);
        cx.cluster.delete_pod(id, Cause::TaintEvicted);
    }
}

fn tell(what: &str, id: PodId, cx: &mut Context<'_>) {
    let Some(pod) = cx.cluster.pod(id) else { return };
    let message = format!("{what} {}/{}", cx.cluster.class_of(pod).spec.namespace, pod.name);
    let regarding = Regarding::Pod(id);
    cx.note(&Note::Event { warning: false, reason: "TaintManagerEviction", regarding, message: &message });
}

fn no_execute(spec: &NodeSpec) -> Vec<Taint> {
    spec.taints.iter().filter(|taint| taint.effect == Effect::NoExecute).cloned().collect()
}

/// The least time over the tolerations that are used: the first that covers each taint.
fn stay(taints: &[Taint], tolerations: &[Toleration]) -> Stay {
    let mut stay = Stay::Forever;
    for taint in taints {
        let Some(toleration) = tolerations.iter().find(|toleration| toleration.tolerates(taint)) else {
            return Stay::For(Span::ZERO);
        };
        if let Some(span) = toleration.seconds {
            let span = span.max(Span::ZERO);
            stay = match stay {
                Stay::For(least) => Stay::For(least.min(span)),
                Stay::Forever => Stay::For(span),
            };
        }
    }
    stay
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::taint::TolerationOperator;

    fn taint(key: &str) -> Taint {
        Taint { key: key.into(), value: String::new(), effect: Effect::NoExecute }
    }

    fn toleration(key: &str, seconds: Option<i64>) -> Toleration {
        let operator = TolerationOperator::Exists;
        Toleration { key: key.into(), operator, seconds: seconds.map(Span::from_secs), ..Toleration::default() }
    }

    #[test]
    fn the_shortest_of_the_tolerations_in_use_counts() {
        let check = |taints: &[&str], tolerations: &[(&str, Option<i64>)], expected: Stay| {
            let taints: Vec<Taint> = taints.iter().map(|key| taint(key)).collect();
            let tolerations: Vec<Toleration> = tolerations.iter().map(|(key, s)| toleration(key, *s)).collect();
            assert_eq!(stay(&taints, &tolerations), expected, "{taints:?} {tolerations:?}");
        };
        let span = |seconds| Stay::For(Span::from_secs(seconds));
        check(&[], &[], Stay::Forever);
        check(&["a"], &[], span(0));
        check(&["a"], &[("a", None)], Stay::Forever);
        check(&["a"], &[("a", Some(300))], span(300));
        check(&["a"], &[("a", Some(-5))], span(0));
        check(&["a", "b"], &[("a", Some(300)), ("b", Some(20))], span(20));
        check(&["a", "b"], &[("a", Some(300)), ("b", None)], span(300));
        check(&["a", "b"], &[("a", Some(300))], span(0));
        check(&["a"], &[("", Some(60)), ("a", Some(5))], span(60));
    }
}

//! Drains: nodes are cordoned, then emptied one after another through the eviction API, as `kubectl drain` does with
//! `--ignore-daemonsets --delete-emptydir-data --force`.
//!
//! Source: `kubectl/pkg/drain/drain.go` and `kubectl/pkg/cmd/drain/drain.go`.

use super::failure::nothing_selected;
use super::{NodeSelection, evict};
use crate::agenda::{Rank, Subject, Timer};
use crate::cluster::{Change, Cluster, Interest};
use crate::controller::{Context, Controller};
use crate::model::{NodeId, PodId};
use crate::observe::{Note, Regarding};
use crate::time::{SimTime, Span};
use std::collections::VecDeque;

/// How long `kubectl drain` waits before it asks again for what a budget forbade.
const RETRY: Span = Span::from_secs(5);

/// How long after the last pod went a run still waits for a drain that budgets hold up. Later the drain goes on asking,
/// but keeps no run going.
const PATIENCE: Span = Span::from_secs(3600);

/// A drain.
#[derive(Clone, Debug, PartialEq)]
pub struct Drain {
    /// When.
    pub at: SimTime,
    /// Which nodes, among those that exist then.
    pub nodes: NodeSelection,
    /// How many nodes are emptied at the same time, at least 1; `kubectl drain` empties one after another.
    pub parallel: usize,
    /// How long the emptying of one node may take before it is given up (`--timeout`); without it, for ever.
    pub timeout: Option<Span>,
    /// What becomes of each node once it is empty.
    pub then: AfterDrain,
}

/// What becomes of a drained node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterDrain {
    /// It stays cordoned.
    #[default]
    Stay,
    /// It takes pods again, this long after it was empty.
    Uncordon(Span),
    /// It leaves the cluster, this long after it was empty.
    Delete(Span),
}

/// The controller.
#[derive(Debug, Default)]
pub struct Drains {
    drains: Vec<Drain>,
    running: Vec<Running>,
}

/// A drain under way.
#[derive(Debug)]
struct Running {
    drain: usize,
    waiting: VecDeque<(NodeId, u64)>,
    active: Vec<Active>,
}

/// A node that is being emptied.
#[derive(Clone, Copy, Debug)]
struct Active {
    node: NodeId,
    uid: u64,
    began: SimTime,
    deadline: SimTime,
    progress: SimTime,
}

mod timer {
    /// A drain begins; the tag is its place in the list.
    pub(super) const BEGIN: u16 = 0;
    /// Evictions of a node are tried again; the tag is the drain.
    pub(super) const RETRY: u16 = 1;
    /// A drained node is uncordoned or deleted; the tag is the drain.
    pub(super) const THEN: u16 = 2;
}

impl Drain {
    /// A drain of these nodes, one after another, that leaves them cordoned.
    pub const fn new(at: SimTime, nodes: NodeSelection) -> Self {
        Self { at, nodes, parallel: 1, timeout: None, then: AfterDrain::Stay }
    }
}

impl Drains {
    /// These drains.
    pub const fn new(drains: Vec<Drain>) -> Self {
        Self { drains, running: Vec::new() }
    }

    fn begin(&mut self, index: usize, cx: &mut Context<'_>) {
        let drain = &self.drains[index];
        let nodes = drain.nodes.resolve(cx.cluster, cx.streams, &format!("disruption/drains/{index}"));
        if nodes.is_empty() {
            nothing_selected("Drain", &drain.nodes, cx);
            return;
        }
        let waiting = nodes.iter().map(|id| (*id, cx.cluster.node(*id).uid)).collect();
        for node in nodes {
            cx.cluster.update_node(node, |spec| spec.unschedulable = true);
            tell(false, "NodeNotSchedulable", node, "status is now: NodeNotSchedulable", cx);
        }
        self.running.push(Running { drain: index, waiting, active: Vec::new() });
        self.fill(self.running.len() - 1, cx);
    }

    /// Starts on as many nodes of a running drain as may be emptied at the same time.
    fn fill(&mut self, running: usize, cx: &mut Context<'_>) {
        let index = self.running[running].drain;
        while self.running[running].active.len() < self.drains[index].parallel.max(1) {
            let Some((node, uid)) = self.running[running].waiting.pop_front() else { break };
            if cx.cluster.nodes().find(node).is_none_or(|n| n.uid != uid) {
                continue;
            }
            let deadline = self.drains[index].timeout.map_or(SimTime::MAX, |timeout| cx.now() + timeout);
            let active = Active { node, uid, began: cx.now(), deadline, progress: cx.now() };
            self.running[running].active.push(active);
            self.ask(running, node, cx);
        }
    }

    /// Asks for the eviction of every pod of an active node.
    fn ask(&mut self, running: usize, node: NodeId, cx: &mut Context<'_>) {
        let drain = self.running[running].drain;
        let Some(place) = self.running[running].active.iter().position(|active| active.node == node) else { return };
        let mut refused = 0;
        for pod in to_evict(cx.cluster, node, self.running[running].active[place].began) {
            match evict(cx, pod) {
                Ok(()) => self.running[running].active[place].progress = cx.now(),
                Err(refusal) if refusal.code == 429 => refused += 1,
                Err(refusal) => {
                    self.give_up(running, place, &refusal.message, cx);
                    return;
                }
            }
        }
        let active = self.running[running].active[place];
        let timer = Timer { kind: timer::RETRY, tag: drain as u32, about: Subject::Node(node, active.uid) };
        if self.look(running, node, cx) {
            return;
        }
        if cx.now() >= active.deadline {
            self.give_up(running, place, "global timeout reached", cx);
        } else if refused == 0 {
            // Only the pods' departure is missing, of which the change feed tells.
            if active.deadline < SimTime::MAX {
                cx.remind_in_background(active.deadline, Rank::Machine, timer);
            }
        } else if cx.now().since(active.progress) < PATIENCE {
            cx.remind((cx.now() + RETRY).min(active.deadline), Rank::Machine, timer);
        } else {
            cx.remind_in_background((cx.now() + RETRY).min(active.deadline), Rank::Machine, timer);
        }
    }

    /// Ends the emptying of a node on which no pod is left; whether it was so.
    fn look(&mut self, running: usize, node: NodeId, cx: &mut Context<'_>) -> bool {
        let drain = self.running[running].drain;
        let Some(place) = self.running[running].active.iter().position(|active| active.node == node) else {
            return false;
        };
        let began = self.running[running].active[place].began;
        if !to_leave(cx.cluster, node, began).is_empty() || cx.cluster.nodes().find(node).is_none() {
            return false;
        }
        let Active { uid, .. } = self.running[running].active.remove(place);
        tell(false, "NodeDrained", node, "is drained", cx);
        let after = match self.drains[drain].then {
            AfterDrain::Stay => None,
            AfterDrain::Uncordon(span) | AfterDrain::Delete(span) => Some(span),
        };
        if let Some(span) = after {
            let timer = Timer { kind: timer::THEN, tag: drain as u32, about: Subject::Node(node, uid) };
            cx.remind(cx.now() + span, Rank::Machine, timer);
        }
        true
    }

    fn give_up(&mut self, running: usize, place: usize, why: &str, cx: &mut Context<'_>) {
        let Active { node, .. } = self.running[running].active.remove(place);
        tell(true, "FailedDrain", node, &format!("could not be drained: {why}"), cx);
    }

    /// A pod of this node has gone.
    fn pod_gone(&mut self, pod: PodId, cx: &mut Context<'_>) {
        let Some(node) = cx.cluster.pod(pod).and_then(|pod| pod.node) else { return };
        // Several drains may be at work on one node.
        for running in 0..self.running.len() {
            if self.running[running].active.iter().any(|active| active.node == node) {
                self.look(running, node, cx);
                self.fill(running, cx);
            }
        }
    }

    fn node_gone(&mut self, node: NodeId, cx: &mut Context<'_>) {
        for running in 0..self.running.len() {
            let before = self.running[running].active.len();
            self.running[running].active.retain(|active| active.node != node);
            if self.running[running].active.len() < before {
                self.fill(running, cx);
            }
        }
    }

    fn then(&self, drain: usize, node: NodeId, cx: &mut Context<'_>) {
        match self.drains[drain].then {
            AfterDrain::Stay => {}
            AfterDrain::Uncordon(_) => {
                cx.cluster.update_node(node, |spec| spec.unschedulable = false);
                tell(false, "NodeSchedulable", node, "status is now: NodeSchedulable", cx);
            }
            AfterDrain::Delete(_) => cx.cluster.remove_node(node),
        }
    }
}

impl Controller for Drains {
    fn name(&self) -> &'static str {
        "drains"
    }

    fn interest(&self) -> Interest {
        Interest::POD_REMOVED.and(Interest::POD_FINISHED).and(Interest::NODES)
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        for (index, drain) in self.drains.iter().enumerate() {
            let timer = Timer { kind: timer::BEGIN, tag: index as u32, about: Subject::Itself };
            cx.remind(drain.at, Rank::Machine, timer);
        }
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            _ if self.running.is_empty() => {}
            Change::PodRemoved(pod) | Change::PodFinished(pod) => self.pod_gone(pod, cx),
            Change::NodeRemoved(node) => self.node_gone(node, cx),
            _ => {}
        }
        self.running.retain(|running| !(running.active.is_empty() && running.waiting.is_empty()));
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        let drain = timer.tag as usize;
        match (timer.kind, timer.about) {
            (timer::BEGIN, _) => self.begin(drain, cx),
            (kind, Subject::Node(node, uid)) if cx.cluster.nodes().find(node).is_some_and(|n| n.uid == uid) => {
                if kind == timer::THEN {
                    self.then(drain, node, cx);
                } else if let Some(running) = self.running.iter().position(|running| running.drain == drain) {
                    self.ask(running, node, cx);
                    self.fill(running, cx);
                }
            }
            _ => {}
        }
        self.running.retain(|running| !(running.active.is_empty() && running.waiting.is_empty()));
    }
}

/// The pods that a drain waits for: all that were there when it began on the node, but those of DaemonSets, in order of
/// creation. What comes later, because someone else has made the node schedulable again, may stay.
fn to_leave(cluster: &Cluster, node: NodeId, began: SimTime) -> Vec<PodId> {
    let of_daemon_set = |owner| cluster.objects().meta(owner).is_some_and(|meta| meta.kind == "DaemonSet");
    let mut pods: Vec<(u64, PodId)> = (cluster.node(node).pods.iter())
        .filter_map(|id| cluster.pod(*id).map(|pod| (pod, *id)))
        .filter(|(pod, _)| pod.bound.get().is_some_and(|at| at <= began) && !pod.owner.is_some_and(of_daemon_set))
        .map(|(pod, id)| (pod.uid, id))
        .collect();
    pods.sort_unstable();
    pods.into_iter().map(|(_, id)| id).collect()
}

/// Those of them that have not been asked to go yet.
fn to_evict(cluster: &Cluster, node: NodeId, began: SimTime) -> Vec<PodId> {
    let mut pods = to_leave(cluster, node, began);
    pods.retain(|id| cluster.pod(*id).is_some_and(|pod| pod.deleting.is_none()));
    pods
}

fn tell(warning: bool, reason: &'static str, node: NodeId, what: &str, cx: &mut Context<'_>) {
    let message = format!("Node {} {what}", cx.cluster.node(node).name());
    cx.note(&Note::Event { warning, reason, regarding: Regarding::Node(node), message: &message });
}

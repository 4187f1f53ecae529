//! Machines that fail and are repaired: at given times, or at random.
//!
//! Only the fact is made here. The kubelet loses its pods' work, and the node lifecycle controller notices later.

use super::NodeSelection;
use crate::agenda::{Rank, Subject, Timer};
use crate::cluster::{Change, Interest};
use crate::controller::{Context, Controller};
use crate::model::NodeId;
use crate::model::pod::Run;
use crate::observe::{Note, Regarding};
use crate::random::{Distribution, Rng};
use crate::time::{SimTime, Span};
use std::collections::BTreeMap;

/// Failures at a time that is known beforehand.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedFailure {
    /// When.
    pub at: SimTime,
    /// Which nodes, among those that exist then.
    pub nodes: NodeSelection,
    /// Until the repair; without it there is none.
    pub duration: Option<Span>,
}

/// Failures at random, for each node on its own.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomFailures {
    /// A name that no other rule has: it names the random streams.
    pub name: String,
    /// Which nodes fail. They are asked when they come.
    pub nodes: NodeSelection,
    /// Seconds from the node's coming, or from a repair, to the next failure. A sample counts for at least a second.
    pub time_to_failure: Distribution,
    /// Seconds from a failure to the repair, likewise.
    pub time_to_repair: Distribution,
}

/// The controller. A run waits for listed failures and their repairs; for random ones it waits only while the machine
/// holds pods that have an end.
#[derive(Debug, Default)]
pub struct MachineFailures {
    listed: Vec<ListedFailure>,
    random: Vec<RandomFailures>,
    /// Machines that are down, by uid of the node: until when, if they will be repaired.
    down: BTreeMap<u64, SimTime>,
    /// What each random rule draws from, by node.
    rngs: BTreeMap<(u16, u64), Rng>,
}

mod timer {
    /// A listed failure; the tag is its place in the list.
    pub(super) const LISTED: u16 = 0;
    /// A random failure; the tag is its rule.
    pub(super) const RANDOM: u16 = 1;
    pub(super) const REPAIR: u16 = 2;
}

impl MachineFailures {
    /// These failures.
    pub fn new(listed: Vec<ListedFailure>, random: Vec<RandomFailures>) -> Self {
        Self { listed, random, ..Self::default() }
    }

    fn fail_listed(&mut self, index: usize, cx: &mut Context<'_>) {
        let failure = self.listed[index].clone();
        let nodes = failure.nodes.resolve(cx.cluster, cx.streams, &format!("disruption/failures/listed/{index}"));
        if nodes.is_empty() {
            nothing_selected("MachineFailed", &failure.nodes, cx);
        }
        for node in nodes {
            let until = failure.duration.map_or(SimTime::MAX, |duration| cx.now() + duration);
            self.fail(node, until, true, cx);
        }
    }

    fn fail_random(&mut self, rule: u16, node: NodeId, uid: u64, cx: &mut Context<'_>) {
        let Some(rng) = self.rngs.get_mut(&(rule, uid)) else { return };
        let rules = &self.random[usize::from(rule)];
        let repaired = cx.now() + sample(&rules.time_to_repair, rng);
        let next = repaired + sample(&rules.time_to_failure, rng);
        let awaited = cx.cluster.node(node).pods.iter().any(|id| {
            let pod = cx.cluster.pod(*id);
            pod.is_some_and(|pod| pod.is_active() && pod.run() != Run::Forever)
        });
        self.fail(node, repaired, awaited, cx);
        plan_random(rule, node, uid, next, cx);
    }

    fn fail(&mut self, node: NodeId, until: SimTime, awaited: bool, cx: &mut Context<'_>) {
        let uid = cx.cluster.node(node).uid;
        let known = self.down.entry(uid).or_insert(until);
        *known = until.max(*known);
        if *known == until && until < SimTime::MAX {
            let timer = Timer { kind: timer::REPAIR, tag: 0, about: Subject::Node(node, uid) };
            if awaited {
                cx.remind(until, Rank::Machine, timer);
            } else {
                cx.remind_in_background(until, Rank::Machine, timer);
            }
        }
        if cx.cluster.node(node).machine_up {
            let duration = until - cx.now();
            let message = if until < SimTime::MAX {
                format!("The machine failed and will be repaired in {duration} s")
            } else {
                "The machine failed for good".to_owned()
            };
            let regarding = Regarding::Node(node);
            cx.note(&Note::Event { warning: true, reason: "MachineFailed", regarding, message: &message });
            cx.cluster.set_machine_up(node, false);
        }
    }

    fn repair(&mut self, node: NodeId, uid: u64, cx: &mut Context<'_>) {
        if self.down.get(&uid) != Some(&cx.now()) {
            return;
        }
        self.down.remove(&uid);
        let regarding = Regarding::Node(node);
        let message = "The machine runs again";
        cx.note(&Note::Event { warning: false, reason: "MachineRepaired", regarding, message });
        cx.cluster.set_machine_up(node, true);
    }

    fn node_added(&mut self, id: NodeId, cx: &mut Context<'_>) {
        for (index, rule) in self.random.iter().enumerate() {
            let node = cx.cluster.node(id);
            let stream = format!("disruption/failures/{}", rule.name);
            if !rule.nodes.admits(node, cx.streams, &stream) {
                continue;
            }
            // A stream of its own for each node, so that nodes do not shift each other; by name and age, because uids
            // depend on how many pods came before.
            let mut rng = cx.streams.stream(&format!("{stream}/{}@{}", node.name(), node.created.0));
            let (first, uid) = (cx.now() + sample(&rule.time_to_failure, &mut rng), node.uid);
            self.rngs.insert((index as u16, uid), rng);
            plan_random(index as u16, id, uid, first, cx);
        }
    }
}

impl Controller for MachineFailures {
    fn name(&self) -> &'static str {
        "machine-failures"
    }

    fn interest(&self) -> Interest {
        Interest::NODES
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        for (index, failure) in self.listed.iter().enumerate() {
            let timer = Timer { kind: timer::LISTED, tag: index as u32, about: Subject::Itself };
            cx.remind(failure.at, Rank::Machine, timer);
        }
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::NodeAdded(node) => self.node_added(node, cx),
            Change::NodeRemoved(node) => {
                let uid = cx.cluster.node(node).uid;
                self.down.remove(&uid);
                for rule in 0..self.random.len() {
                    self.rngs.remove(&(rule as u16, uid));
                }
            }
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        match (timer.kind, timer.about) {
            (timer::LISTED, _) => self.fail_listed(timer.tag as usize, cx),
            (kind, Subject::Node(node, uid)) if cx.cluster.nodes().find(node).is_some_and(|n| n.uid == uid) => {
                if kind == timer::RANDOM {
                    self.fail_random(timer.tag as u16, node, uid, cx);
                } else {
                    self.repair(node, uid, cx);
                }
            }
            _ => {}
        }
    }
}

/// Says that a disruption found no node.
pub(super) fn nothing_selected(reason: &'static str, nodes: &NodeSelection, cx: &mut Context<'_>) {
    let message = format!("No node was disrupted: none is selected by {}", nodes.describe());
    let regarding = Regarding::Named("Disruption", reason);
    cx.note(&Note::Event { warning: true, reason: "NoNodeSelected", regarding, message: &message });
}

fn plan_random(rule: u16, node: NodeId, uid: u64, at: SimTime, cx: &mut Context<'_>) {
    if at < SimTime::MAX {
        let timer = Timer { kind: timer::RANDOM, tag: u32::from(rule), about: Subject::Node(node, uid) };
        cx.remind_in_background(at, Rank::Machine, timer);
    }
}

fn sample(distribution: &Distribution, rng: &mut Rng) -> Span {
    Span::try_from_secs_f64(distribution.sample(rng)).unwrap_or(Span::MAX).max(Span::from_secs(1))
}

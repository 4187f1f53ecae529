//! The node lifecycle controller: it notices machines that fell silent, and marks their nodes with taints, one after
//! another and not at all when the whole cluster seems to be gone.
//!
//! Source: `pkg/controller/nodelifecycle/node_lifecycle_controller.go`. Upstream looks every five seconds; here it looks
//! at those of these instants at which there is something to see.

mod heartbeat;
mod zone;

pub use heartbeat::Heartbeats;
pub use zone::ZoneSettings;

use crate::admission::UNREACHABLE;
use crate::agenda::{Presence, Rank, Timer};
use crate::cluster::{Change, Cluster, Interest, NodeChange};
use crate::controller::{Context, Controller};
use crate::model::NodeId;
use crate::model::node::Node;
use crate::model::taint::{Effect, Taint};
use crate::observe::{Note, Regarding};
use crate::time::SimTime;
use std::collections::{BTreeMap, BTreeSet};
use zone::{POLL, Zones, zone_key};

/// The controller.
#[derive(Debug, Default)]
pub struct NodeLifecycle {
    heartbeats: Heartbeats,
    zones: Zones,
    /// Machines that are silent, by uid of the node.
    silent: BTreeMap<u64, Silent>,
    /// Machines that are back and may still have the `NoExecute` taint.
    returned: Vec<(NodeId, u64)>,
    /// When it will look.
    looks: BTreeSet<SimTime>,
    /// When it will poll the queues.
    polls: BTreeSet<SimTime>,
}

#[derive(Clone, Copy, Debug)]
struct Silent {
    node: NodeId,
    /// When the last sign of life was seen.
    seen: SimTime,
}

mod timer {
    pub(super) const LOOK: u16 = 0;
    pub(super) const POLL: u16 = 1;
}

impl NodeLifecycle {
    /// A controller with these settings.
    pub fn new(heartbeats: Heartbeats, zones: ZoneSettings) -> Self {
        Self { heartbeats, zones: Zones::new(zones), ..Self::default() }
    }

    fn look_at(&mut self, at: SimTime, presence: Presence, cx: &mut Context<'_>) {
        if presence == Presence::Background {
            cx.remind_in_background(at, Rank::Control, Timer::of_kind(timer::LOOK));
        } else {
            cx.remind(at, Rank::Control, Timer::of_kind(timer::LOOK));
        }
        self.looks.insert(at);
    }

    fn machine_changed(&mut self, id: NodeId, cx: &mut Context<'_>) {
        let node = cx.cluster.node(id);
        let uid = node.uid;
        if !node.machine_up {
            let seen = self.heartbeats.last_seen(cx.now()).max(node.created);
            self.silent.insert(uid, Silent { node: id, seen });
            self.look_at(self.heartbeats.noticed(seen), Presence::Foreground, cx);
            return;
        }
        self.silent.remove(&uid);
        if !node.ready {
            cx.cluster.set_node_ready(id, true);
            set_taint(cx.cluster, id, Effect::NoSchedule, false);
            tell("NodeReady", id, cx);
            self.returned.push((id, uid));
            self.look_at(self.heartbeats.next_look(cx.now()), Presence::Foreground, cx);
        }
    }

    /// What upstream does every five seconds.
    fn look(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        for Silent { node, seen } in self.silent.values().copied() {
            if cx.cluster.node(node).ready && self.heartbeats.noticed(seen) <= now {
                lose(node, cx);
            }
        }
        for (node, uid) in std::mem::take(&mut self.returned) {
            if cx.cluster.nodes().find(node).is_some_and(|n| n.uid == uid && n.ready) {
                set_taint(cx.cluster, node, Effect::NoExecute, false);
            }
        }
        let verdict = self.zones.update(now, cx.cluster);
        if verdict.all_lost {
            for Silent { node, .. } in self.silent.values() {
                set_taint(cx.cluster, *node, Effect::NoExecute, false);
            }
        }
        if verdict.some_back {
            // Nobody could be heard for a while: everybody gets a new chance.
            for silent in self.silent.values_mut().filter(|silent| cx.cluster.node(silent.node).ready) {
                silent.seen = now;
            }
            if self.silent.values().any(|silent| silent.seen == now) {
                self.look_at(self.heartbeats.noticed(now), Presence::Foreground, cx);
            }
        }
        self.plan_poll(cx);
    }

    /// The nodes that wait for the `NoExecute` taint, by zone, in order of their uids.
    fn waiting(&self, cluster: &Cluster) -> BTreeMap<String, NodeId> {
        let mut first = BTreeMap::new();
        for Silent { node, .. } in self.silent.values() {
            let node = cluster.node(*node);
            if !node.ready && !has_taint(node, Effect::NoExecute) {
                first.entry(zone_key(node)).or_insert(node.id);
            }
        }
        first
    }

    fn plan_poll(&mut self, cx: &mut Context<'_>) {
        let earliest = cx.now() + POLL;
        let next = self.waiting(cx.cluster).keys().filter_map(|zone| self.zones.next_token(zone)).min();
        let Some(at) = next.map(|token| token.max(earliest)) else { return };
        if self.polls.insert(at) {
            cx.remind(at, Rank::Control, Timer::of_kind(timer::POLL));
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        for (zone, node) in self.waiting(cx.cluster) {
            if self.zones.take_token(&zone, cx.now()) {
                set_taint(cx.cluster, node, Effect::NoExecute, true);
            }
        }
        self.plan_poll(cx);
    }
}

impl Controller for NodeLifecycle {
    fn name(&self) -> &'static str {
        "node-lifecycle"
    }

    fn interest(&self) -> Interest {
        Interest::NODES
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::NodeChanged(node, what) if what.contains(NodeChange::MACHINE) => self.machine_changed(node, cx),
            // The states of the zones depend on who is there, but matter only while someone is silent.
            Change::NodeAdded(_) | Change::NodeRemoved(_) if !self.silent.is_empty() => {
                if let Change::NodeRemoved(node) = change {
                    self.silent.remove(&cx.cluster.node(node).uid);
                }
                self.look_at(self.heartbeats.next_look(cx.now()), Presence::Background, cx);
            }
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        match timer.kind {
            timer::LOOK if self.looks.remove(&cx.now()) => self.look(cx),
            timer::POLL if self.polls.remove(&cx.now()) => self.poll(cx),
            _ => {}
        }
    }
}

/// The node counts as lost: Ready becomes unknown, and with it its pods'.
fn lose(id: NodeId, cx: &mut Context<'_>) {
    cx.cluster.set_node_ready(id, false);
    set_taint(cx.cluster, id, Effect::NoSchedule, true);
    tell("NodeNotReady", id, cx);
    let mut pods = cx.cluster.node(id).pods.to_vec();
    pods.sort_by_key(|pod| cx.cluster.pod(*pod).map_or(0, |pod| pod.uid));
    for pod in pods {
        cx.cluster.set_ready(pod, false);
    }
}

fn has_taint(node: &Node, effect: Effect) -> bool {
    node.spec.taints.iter().any(|taint| taint.key == UNREACHABLE && taint.effect == effect)
}

/// Adds or removes the taint of unreachable nodes.
fn set_taint(cluster: &mut Cluster, node: NodeId, effect: Effect, wanted: bool) {
    if has_taint(cluster.node(node), effect) == wanted {
        return;
    }
    cluster.update_node(node, |spec| {
        spec.taints.retain(|taint| taint.key != UNREACHABLE || taint.effect != effect);
        if wanted {
            spec.taints.push(Taint { key: UNREACHABLE.to_owned(), value: String::new(), effect });
        }
    });
}

fn tell(reason: &'static str, node: NodeId, cx: &mut Context<'_>) {
    let message = format!("Node {} status is now: {reason}", cx.cluster.node(node).name());
    cx.note(&Note::Event { warning: false, reason, regarding: Regarding::Node(node), message: &message });
}

//! What an autoscaler did, as recordings have it.

use super::T0;
use crate::conform::world;
use serde_json::{Map, Number, Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use towtank_sim::autoscaling::cluster_autoscaler::{ScaleDownFindings, ScaleDownResult, ScaleUp, ScaleUpResult, Seen};
use towtank_sim::cluster::{Cause, Change, Cluster};
use towtank_sim::model::resources::ResourceId;
use towtank_sim::model::{NodeId, PodId};
use towtank_sim::observe::{Note, Observer};

/// What happened between loops, with its time.
pub(in crate::conform) type Action = Value;

/// The loops and the actions of a run. All copies are one record.
#[derive(Clone, Default)]
pub(in crate::conform) struct Record(Rc<RefCell<Recorded>>);

#[derive(Default)]
struct Recorded {
    loops: Vec<Value>,
    actions: Vec<Action>,
}

impl Record {
    /// Notes something that the autoscaler tells.
    pub(in crate::conform) fn see(&self, seen: &Seen<'_>, cluster: &Cluster) {
        let mut recorded = self.0.borrow_mut();
        match *seen {
            Seen::Loop { scale_up, scale_down, findings } => {
                recorded.loops.push(told(scale_up, scale_down, findings, cluster));
            }
            Seen::Increased(increase) => {
                let (delta, target, t) = (increase.to - increase.from, increase.to, seconds(cluster));
                let group = &*increase.group;
                let action = json!({"action": "increase", "group": group, "delta": delta, "target": target, "t": t});
                recorded.actions.push(action);
            }
            Seen::Deleted { group, nodes } => {
                let mut names = node_names(nodes.iter().copied(), cluster);
                names.sort();
                let t = seconds(cluster);
                recorded.actions.push(json!({"action": "delete-instances", "group": group, "nodes": names, "t": t}));
            }
        }
    }

    /// The loops, in order.
    pub(in crate::conform) fn loops(&self) -> Vec<Value> {
        self.0.borrow().loops.clone()
    }

    /// The actions, in the order of recordings: by time and text.
    pub(in crate::conform) fn actions(&self) -> Vec<Action> {
        let mut actions = self.0.borrow().actions.clone();
        actions.sort_by_key(|action| (action["t"].as_i64(), action.to_string()));
        actions
    }
}

impl Observer for Record {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let Note::Change(Change::PodDeleting(id, Cause::Evicted)) = *note else { return };
        let Some(node) = cluster.pod(id).and_then(|pod| pod.node) else { return };
        let (node, pod, t) = (cluster.node(node).name(), pod_name(id, cluster), seconds(cluster));
        self.0.borrow_mut().actions.push(json!({"action": "evict", "node": node, "pod": pod, "t": t}));
    }
}

/// A loop.
fn told(scale_up: &ScaleUp, scale_down: ScaleDownResult, findings: &ScaleDownFindings, cluster: &Cluster) -> Value {
    let name = |node: NodeId| cluster.node(node).name().to_owned();
    let utilization = findings.utilization.iter().map(|(node, used)| {
        let resource = match used.resource {
            ResourceId::CPU => "cpu",
            ResourceId::MEMORY => "memory",
            other => cluster.resources.name(other),
        };
        let mut of_node = json!({"utilization": rounded(used.fraction), "resource": resource});
        if matches!(used.resource, ResourceId::CPU | ResourceId::MEMORY) {
            of_node["cpu"] = json!(rounded(used.cpu));
            of_node["memory"] = json!(rounded(used.memory));
        }
        (name(*node), of_node)
    });
    let unremovable = findings.unremovable.iter().map(|found| {
        let mut why = json!({"reason": found.reason.name()});
        if let Some((pod, reason)) = found.pod {
            why["pod"] = json!(pod_name(pod, cluster));
            why["podReason"] = json!(reason.name());
        }
        (name(found.node), why)
    });
    let moves = findings.moves.iter().map(|(node, moves)| {
        let to: Map<String, Value> =
            moves.iter().map(|(pod, to)| (pod_name(*pod, cluster), json!(name(*to)))).collect();
        (name(*node), Value::Object(to))
    });
    let mut unneeded = node_names(findings.unneeded.iter().copied(), cluster);
    unneeded.sort();
    let mut deletes: Vec<&(NodeId, Vec<PodId>)> = findings.deletes.iter().collect();
    deletes.sort_by_key(|(node, _)| cluster.node(*node).name());
    let deletes = deletes.into_iter().map(|(node, drains)| {
        let mut delete = json!({"node": name(*node)});
        if !drains.is_empty() {
            let mut drains: Vec<String> = drains.iter().map(|pod| pod_name(*pod, cluster)).collect();
            drains.sort();
            delete["drains"] = json!(drains);
        }
        delete
    });
    let mut result = json!({
        "t": seconds(cluster),
        "result": scale_down.name(),
        "utilization": utilization.collect::<Map<_, _>>(),
        "unneeded": unneeded,
        "unremovable": unremovable.collect::<Map<_, _>>(),
        "moves": moves.collect::<Map<_, _>>(),
        "deletes": deletes.collect::<Vec<_>>(),
    });
    if !matches!(scale_up.result, ScaleUpResult::NotTried | ScaleUpResult::NotNeeded) {
        result["scaleUp"] = json!(scale_up.result.name());
    }
    result
}

fn node_names(nodes: impl Iterator<Item = NodeId>, cluster: &Cluster) -> Vec<String> {
    nodes.map(|node| cluster.node(node).name().to_owned()).collect()
}

/// A pod's name, with its namespace if that is not the default one.
pub(in crate::conform) fn pod_name(id: PodId, cluster: &Cluster) -> String {
    let name = world::pod_name(id, cluster);
    name.strip_prefix("default/").map(str::to_owned).unwrap_or(name)
}

/// The time of a recording's clock.
fn seconds(cluster: &Cluster) -> i64 {
    cluster.now.0.div_euclid(1_000_000_000) - T0
}

/// Six decimals, as recordings have fractions.
fn rounded(fraction: f64) -> Option<Number> {
    Number::from_f64((fraction * 1e6).round() / 1e6)
}

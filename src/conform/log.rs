//! What the scheduler and the kubelets did, as the log of a timeline has it.

use super::script::seconds;
use super::world;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use towtank_sim::cluster::{Cause, Change, Cluster};
use towtank_sim::model::PodId;
use towtank_sim::observe::{Note, Observer};
use towtank_sim::scheduler::{EventLabel, Move, Moves, Pool, Profile};
use towtank_sim::time::Span;

/// Keeps the log of a run.
#[derive(Default)]
pub(super) struct Log {
    pub(super) rows: Vec<Value>,
    /// Where in the queue each waiting pod is.
    waiting: BTreeMap<String, String>,
    /// Why pods that are being stopped are.
    stopping: BTreeMap<PodId, Cause>,
}

impl Log {
    /// The queue of every pod that still waits.
    pub(super) fn end(&self) -> Value {
        json!(self.waiting)
    }

    fn row(&mut self, cluster: &Cluster, event: &str, pod: &str, more: Value) {
        let mut row = Map::new();
        row.insert("t".into(), json!(seconds(cluster.now)));
        row.insert("event".into(), json!(event));
        row.insert("pod".into(), json!(pod));
        if let Value::Object(more) = more {
            row.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
        }
        self.rows.push(Value::Object(row));
    }

    fn moved(&mut self, moves: Moves<'_>, profile: &Profile, cluster: &Cluster) {
        let mut named: Vec<(String, &Move)> =
            moves.each().map(|(pod, moved)| (world::pod_name(pod, cluster), moved)).collect();
        // Rows of one cause are sorted by name.
        for group in named.chunk_by_mut(|(_, a), (_, b)| a.cause == b.cause) {
            group.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        for (pod, moved) in named {
            self.waiting.insert(pod.clone(), pool(moved.to, profile));
            if moved.cause == EventLabel::SCHEDULE_ATTEMPT_FAILURE {
                continue;
            }
            let from = moved.from.map(|from| pool(from, profile));
            let cause = moved.cause.to_string();
            match moved.to {
                Pool::Gated(plugin) => {
                    let plugin = profile.plugins[usize::from(plugin)].name();
                    self.row(cluster, "gated", &pod, json!({"cause": cause, "from": from, "plugins": [plugin]}));
                }
                to => {
                    let event = format!("moved-to-{}", pool(to, profile));
                    self.row(cluster, &event, &pod, json!({"cause": cause, "from": from}));
                }
            }
        }
    }

    fn changed(&mut self, change: Change, cluster: &Cluster) {
        let (Change::PodNominated { pod: id, .. }
        | Change::PodDeleting(id, _)
        | Change::PodRemoved(id)
        | Change::PodFinished(id)
        | Change::PodBound(id, _)) = change
        else {
            return;
        };
        let Some(pod) = cluster.pod(id) else { return };
        let name = world::pod_name(id, cluster);
        let node = pod.node.map(|node| cluster.node(node).name().to_owned());
        let grace = pod.grace().unwrap_or(cluster.class_of(pod).spec.termination_grace);
        match change {
            Change::PodNominated { .. } => {
                self.row(cluster, "nominated", &name, json!({"node": pod.nominated_node().map(|name| &**name)}));
            }
            Change::PodDeleting(_, cause) if node.is_some() => {
                let at_once = cause == Cause::Deleted && pod.grace() == Some(Span::ZERO);
                if grace > Span::ZERO {
                    let why = if cause == Cause::Preempted { "preempted" } else { "deleted" };
                    self.row(cluster, "terminating", &name, json!({"node": node, "cause": why}));
                }
                if !at_once {
                    self.stopping.insert(id, cause);
                }
            }
            Change::PodRemoved(_) => {
                self.waiting.remove(&name);
                if let (Some(node), Some(cause)) = (node, self.stopping.remove(&id)) {
                    let in_time = pod.deleting.get().is_some_and(|at| cluster.now - at >= grace);
                    let preempted = cause == Cause::Preempted && in_time;
                    let why = if preempted { "preempted" } else { "deleted" };
                    self.row(cluster, "gone", &name, json!({"node": node, "cause": why}));
                }
            }
            Change::PodFinished(_) => self.row(cluster, "gone", &name, json!({"node": node, "cause": "finished"})),
            _ => {
                self.waiting.remove(&name);
            }
        }
    }
}

impl Observer for Log {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::Change(change) => self.changed(*change, cluster),
            Note::QueueMoves { moves, profile } => self.moved(*moves, profile, cluster),
            Note::SchedulingAttempt { pod, early, .. } => {
                let attempt = cluster.pods().attempts(*pod);
                let name = world::pod_name(*pod, cluster);
                self.row(cluster, "popped", &name, json!({"attempt": attempt, "from": early.then_some("backoff")}));
            }
            Note::Scheduled { pod, node, ties, .. } => {
                let node = cluster.node(*node).name();
                let ties = (*ties > 1).then_some(ties);
                self.row(cluster, "bound", &world::pod_name(*pod, cluster), json!({"node": node, "ties": ties}));
            }
            Note::Preempting { pod, node, victims } => {
                let victims: Vec<String> = victims.iter().map(|id| world::pod_name(*id, cluster)).collect();
                let more = json!({"node": cluster.node(*node).name(), "victims": victims});
                self.row(cluster, "preempting", &world::pod_name(*pod, cluster), more);
            }
            Note::FailedScheduling { pod, error, queue, profile, .. } => {
                let name = world::pod_name(*pod, cluster);
                let queue = queue.map(|queue| pool(queue, profile));
                if let Some(queue) = &queue {
                    self.waiting.insert(name.clone(), queue.clone());
                }
                let plugins = profile.names(error.plugins);
                let plugins = (!plugins.is_empty()).then_some(plugins);
                let message = error.message(&cluster.resources);
                self.row(
                    cluster,
                    "unschedulable",
                    &name,
                    json!({"queue": queue, "plugins": plugins, "message": message}),
                );
            }
            _ => {}
        }
    }
}

/// The name of a pool.
fn pool(pool: Pool, profile: &Profile) -> String {
    match pool {
        Pool::Active => "active".to_owned(),
        Pool::Backoff => "backoff".to_owned(),
        Pool::ErrorBackoff => "error-backoff".to_owned(),
        Pool::Unschedulable => "unschedulable".to_owned(),
        Pool::Gated(plugin) => format!("gated {}", profile.plugins[usize::from(plugin)].name()),
    }
}

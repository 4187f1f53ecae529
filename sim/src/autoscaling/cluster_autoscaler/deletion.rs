//! Removing a node: mark it, empty it, delete it.
//!
//! Source: `cluster-autoscaler/core/scaledown/actuation`.

use super::pending::is_of_daemon_set;
use super::settings::ClusterAutoscalerSettings;
use crate::agenda::{Rank, Subject, Timer};
use crate::controller::Context;
use crate::disruption::evict;
use crate::model::taint::{Effect, Taint};
use crate::model::{NodeId, PodId};
use crate::observe::{Note, Regarding};
use crate::time::{SimTime, Span};

/// The taint that keeps new pods away.
const TO_BE_DELETED: &str = "ToBeDeletedByClusterAutoscaler";

/// How often it is looked whether the pods have gone, and evictions are tried again.
const POLL: Span = Span::from_secs(5);
/// What is waited for pods beyond their grace. Source: `PodEvictionHeadroom`.
const HEADROOM: Span = Span::from_secs(30);

/// A node that is being removed.
#[derive(Debug)]
pub(super) struct Deletion {
    pub(super) node: NodeId,
    pub(super) uid: u64,
    /// The index of its group.
    pub(super) group: usize,
    /// Whether pods must leave it first.
    pub(super) drains: bool,
    began: Option<SimTime>,
}

/// How a removal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It goes on; another look is planned.
    Waiting,
    /// The node is gone, or stays because it could not be emptied in time.
    Ended,
}

impl Deletion {
    /// Marks the node, so that no new pod comes, and plans the rest. `timer` is the kind of the timer to set.
    pub(super) fn begin(
        node: NodeId,
        group: usize,
        drains: bool,
        timer: u16,
        settings: &ClusterAutoscalerSettings,
        cx: &mut Context<'_>,
    ) -> Self {
        let taint = to_be_deleted(cx.now());
        cx.cluster.update_node(node, |spec| {
            spec.taints.push(taint);
            spec.unschedulable = true;
        });
        event(cx, false, Regarding::Node(node), "marked the node as toBeDeleted/unschedulable");
        let deletion = Self { node, uid: cx.cluster.node(node).uid, group, drains, began: None };
        deletion.plan(settings.node_delete_delay_after_taint, timer, cx);
        deletion
    }

    /// Does what is due: evicts pods that are still there, deletes the node when none is, gives up when it takes too long.
    pub(super) fn go_on(&mut self, timer: u16, settings: &ClusterAutoscalerSettings, cx: &mut Context<'_>) -> Progress {
        let now = cx.now();
        let began = *self.began.get_or_insert(now);
        let mut pods: Vec<(u64, PodId, bool)> = Vec::new();
        for &id in &cx.cluster.node(self.node).pods {
            if let Some(pod) = cx.cluster.pod(id).filter(|pod| !is_of_daemon_set(pod, cx.cluster)) {
                pods.push((pod.uid, id, pod.is_active()));
            }
        }
        if pods.is_empty() {
            cx.cluster.remove_node(self.node);
            return Progress::Ended;
        }
        pods.sort_unstable();
        let mut refused = false;
        for (_, id, active) in pods {
            if active && evict(cx, id).is_ok() {
                event(cx, false, Regarding::Pod(id), "deleting pod for node scale down");
            } else {
                refused |= active;
            }
        }
        let took = now.since(began);
        let too_long = took > settings.max_graceful_termination + HEADROOM;
        if too_long || (refused && took > settings.max_pod_eviction_time) {
            cx.cluster.update_node(self.node, |spec| {
                spec.taints.retain(|taint| taint.key != TO_BE_DELETED);
                spec.unschedulable = false;
            });
            let message = "failed to drain the node, aborting ScaleDown";
            let (warning, reason, regarding) = (true, "ScaleDownFailed", Regarding::Node(self.node));
            cx.note(&Note::Event { warning, reason, regarding, message });
            return Progress::Ended;
        }
        self.plan(POLL, timer, cx);
        Progress::Waiting
    }

    fn plan(&self, delay: Span, timer: u16, cx: &mut Context<'_>) {
        let about = Subject::Node(self.node, self.uid);
        cx.remind(cx.now() + delay, Rank::Machine, Timer { kind: timer, tag: 0, about });
    }
}

/// The taint of a node that is being removed since then.
pub(super) fn to_be_deleted(since: SimTime) -> Taint {
    let value = since.floor_to_second().to_string();
    Taint { key: TO_BE_DELETED.to_owned(), value, effect: Effect::NoSchedule }
}

fn event(cx: &mut Context<'_>, warning: bool, regarding: Regarding<'_>, message: &str) {
    cx.note(&Note::Event { warning, reason: "ScaleDown", regarding, message });
}

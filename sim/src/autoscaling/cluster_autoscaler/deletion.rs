//! Removing a node: mark it, empty it, delete it.
//!
//! Source: `cluster-autoscaler/core/scaledown/actuation`.

use super::budgets::Remaining;
use super::drainability::{Rules, is_of_daemon_set};
use super::pending::sort_pods;
use super::settings::ClusterAutoscalerSettings;
use crate::agenda::{Rank, Subject, Timer};
use crate::cluster::Cluster;
use crate::controller::Context;
use crate::disruption::evict;
use crate::model::pod::Pod;
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
    /// It is deleted together with others of its group, as soon as there are so many.
    pub(super) batch: Option<usize>,
    began: Option<SimTime>,
}

/// How a removal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It goes on; another look is planned.
    Waiting,
    /// Nothing is on the node that would have to leave.
    Emptied,
    /// The node stays, because it could not be emptied in time.
    Failed,
}

impl Deletion {
    /// Marks a node of a group, so that no new pod comes, and plans the rest. `timer` is the kind of the timer to set.
    pub(super) fn begin(
        (node, group): (NodeId, usize),
        drains: bool,
        batch: Option<usize>,
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
        let deletion = Self { node, uid: cx.cluster.node(node).uid, group, drains, batch, began: None };
        deletion.plan(settings.node_delete_delay_after_taint, timer, cx);
        deletion
    }

    /// Does what is due: evicts pods that are still there, gives up when it takes too long.
    pub(super) fn go_on(&mut self, timer: u16, settings: &ClusterAutoscalerSettings, cx: &mut Context<'_>) -> Progress {
        let now = cx.now();
        if self.began.is_none() {
            let may_go = self.may_go(cx.cluster, settings);
            if !may_go {
                self.abort(cx);
                return Progress::Failed;
            }
            self.evict_daemons(settings, cx);
        }
        // Pods that should be gone long ago, of a machine that does not answer, are not waited for.
        // Source: `core/scaledown/actuation/group_deletion_scheduler.go`, `prepareNodeForDeletion`.
        if !self.drains {
            return Progress::Emptied;
        }
        let began = *self.began.get_or_insert(now);
        let mut refused = false;
        for id in self.pods_to_evict(cx.cluster, settings) {
            let active = cx.cluster.pod(id).is_some_and(Pod::is_active);
            if active && evict(cx, id).is_ok() {
                event(cx, false, Regarding::Pod(id), "deleting pod for node scale down");
            } else {
                refused |= active;
            }
        }
        if self.pods_to_evict(cx.cluster, settings).is_empty() {
            return Progress::Emptied;
        }
        let took = now.since(began);
        let too_long = took > settings.max_graceful_termination + HEADROOM;
        if too_long || (refused && took > settings.max_pod_eviction_time) {
            self.abort(cx);
            return Progress::Failed;
        }
        self.plan(POLL, timer, cx);
        Progress::Waiting
    }

    /// The node stays and takes pods again.
    pub(super) fn abort(&self, cx: &mut Context<'_>) {
        cx.cluster.update_node(self.node, |spec| {
            spec.taints.retain(|taint| taint.key != TO_BE_DELETED);
            spec.unschedulable = false;
        });
        let message = "failed to drain the node, aborting ScaleDown";
        let (warning, reason, regarding) = (true, "ScaleDownFailed", Regarding::Node(self.node));
        cx.note(&Note::Event { warning, reason, regarding, message });
    }

    /// The pods that will come back elsewhere when they have been evicted.
    ///
    /// Source: `core/podlistprocessor/currently_drained_nodes.go`.
    pub(super) fn pods_to_come(&self, cluster: &Cluster, settings: &ClusterAutoscalerSettings) -> Vec<PodId> {
        let mut pods = cluster.node(self.node).pods.to_vec();
        pods.retain(|id| {
            cluster.pod(*id).is_some_and(|pod| {
                let terms = cluster.class_of(pod).spec.eviction_terms.get();
                let from_file = terms.is_some_and(|terms| terms.mirror || terms.from_file);
                pod.deleting.is_none() && !from_file && !is_of_daemon_set(pod, cluster)
            })
        });
        sort_pods(&mut pods, cluster, settings);
        pods
    }

    /// Whether what has come up since the node was marked speaks against it.
    fn may_go(&self, cluster: &Cluster, settings: &ClusterAutoscalerSettings) -> bool {
        let mut pods = cluster.node(self.node).pods.to_vec();
        pods.retain(|id| {
            let priority = cluster.pod(*id).map_or(0, |pod| cluster.class_of(pod).priority());
            priority >= settings.expendable_pods_priority_cutoff
        });
        let leaving = Rules { cluster, settings }.leaving(pods.into_iter(), &Remaining::new(cluster));
        leaving.is_ok_and(|leaving| self.drains || (leaving.pods.is_empty() && !leaving.waits))
    }

    /// Evicts pods of DaemonSets, as far as they may be. Nobody waits for them.
    fn evict_daemons(&self, settings: &ClusterAutoscalerSettings, cx: &mut Context<'_>) {
        let by_default =
            if self.drains { settings.evict_daemon_sets_from_occupied } else { settings.evict_daemon_sets_from_empty };
        let mut pods = cx.cluster.node(self.node).pods.to_vec();
        pods.retain(|id| {
            cx.cluster.pod(*id).filter(|pod| pod.is_active() && is_of_daemon_set(pod, cx.cluster)).is_some_and(|pod| {
                let terms = cx.cluster.class_of(pod).spec.eviction_terms.get();
                let told = terms.and_then(|terms| terms.evict_as_daemon);
                !terms.is_some_and(|terms| terms.mirror) && told.unwrap_or(by_default)
            })
        });
        sort_pods(&mut pods, cx.cluster, settings);
        for id in pods {
            if evict(cx, id).is_ok() {
                event(cx, false, Regarding::Pod(id), "deleting pod for node scale down");
            }
        }
    }

    /// The pods that keep the node until they are gone.
    fn pods_to_evict(&self, cluster: &Cluster, settings: &ClusterAutoscalerSettings) -> Vec<PodId> {
        let mut pods = cluster.node(self.node).pods.to_vec();
        pods.retain(|id| cluster.pod(*id).is_some_and(|pod| is_evicted(pod, cluster)));
        sort_pods(&mut pods, cluster, settings);
        pods
    }

    fn plan(&self, delay: Span, timer: u16, cx: &mut Context<'_>) {
        let about = Subject::Node(self.node, self.uid);
        cx.remind(cx.now() + delay, Rank::Machine, Timer { kind: timer, tag: 0, about });
    }
}

/// Whether a pod is evicted, and waited for, when its node is removed.
///
/// Source: `core/scaledown/actuation/drain.go`, `podsToEvict`.
pub(super) fn is_evicted(pod: &Pod, cluster: &Cluster) -> bool {
    let terms = cluster.class_of(pod).spec.eviction_terms.get();
    !terms.is_some_and(|terms| terms.mirror) && !is_of_daemon_set(pod, cluster)
}

/// The taint of a node that is being removed since then.
pub(super) fn to_be_deleted(since: SimTime) -> Taint {
    let value = since.floor_to_second().to_string();
    Taint { key: TO_BE_DELETED.to_owned(), value, effect: Effect::NoSchedule }
}

fn event(cx: &mut Context<'_>, warning: bool, regarding: Regarding<'_>, message: &str) {
    cx.note(&Note::Event { warning, reason: "ScaleDown", regarding, message });
}

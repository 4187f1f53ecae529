//! The quota controller's full look every five minutes: pods whose deletion is long overdue are no longer charged.
//!
//! Everything else that it does upstream happens at once in the store. Sources:
//! `pkg/controller/resourcequota/resource_quota_controller.go` and `QuotaV1Pod` in `pkg/quota/v1/evaluator/core/pods.go`.

use crate::agenda::{Rank, Timer};
use crate::cluster::{Change, Interest, NodeChange};
use crate::controller::{Context, Controller};
use crate::model::PodId;
use crate::time::{SimTime, Span};
use std::collections::BTreeMap;

/// `--resource-quota-sync-period`.
const PERIOD: Span = Span::from_secs(300);

/// The controller. It looks only when there is something to see.
#[derive(Debug, Default)]
pub struct QuotaResync {
    /// The pods on machines that do not run which were asked to go, by the look at which they are overdue.
    stuck: BTreeMap<SimTime, Vec<PodId>>,
}

impl QuotaResync {
    /// The controller.
    pub fn new() -> Self {
        Self::default()
    }

    fn watch(&mut self, id: PodId, cx: &mut Context<'_>) {
        let Some((pod, deleting)) = cx.cluster.pod(id).and_then(|pod| Some((pod, pod.deleting.get()?))) else { return };
        let spec = &cx.cluster.class_of(pod).spec;
        let stopped = pod.node.is_some_and(|node| !cx.cluster.node(node).machine_up);
        if !stopped || cx.cluster.quotas_of(&spec.namespace).next().is_none() {
            return;
        }
        // The deletion's timestamp lies one grace period ahead already.
        let overdue = deleting + spec.termination_grace + spec.termination_grace;
        let at = overdue.max(cx.now()).next_multiple(PERIOD);
        let pods = self.stuck.entry(at).or_default();
        pods.push(id);
        if pods.len() == 1 {
            cx.remind(at, Rank::Control, Timer::of_kind(0));
        }
    }
}

impl Controller for QuotaResync {
    fn name(&self) -> &'static str {
        "resource-quota"
    }

    fn interest(&self) -> Interest {
        Interest::POD_DELETING.and(Interest::NODES)
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodDeleting(id, _) => self.watch(id, cx),
            Change::NodeChanged(node, what) if what.contains(NodeChange::MACHINE) => {
                let mut pods = cx.cluster.node(node).pods.to_vec();
                pods.sort_by_key(|id| cx.cluster.pod(*id).map_or(0, |pod| pod.uid));
                for id in pods {
                    self.watch(id, cx);
                }
            }
            _ => {}
        }
    }

    fn on_timer(&mut self, _timer: Timer, cx: &mut Context<'_>) {
        for id in self.stuck.remove(&cx.now()).unwrap_or_default() {
            cx.cluster.stop_charging(id);
        }
    }
}

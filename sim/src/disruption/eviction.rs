//! The eviction API: a deletion that asks the PodDisruptionBudgets first.
//!
//! Source: `pkg/registry/core/pod/storage/eviction.go`.

use super::{BudgetStatus, PodDisruptionBudget, UnhealthyPodEvictionPolicy};
use crate::cluster::Refusal;
use crate::cluster::{Cause, Cluster, ObjectMeta};
use crate::controller::Context;
use crate::model::PodId;
use crate::model::pod::{Pod, PodPhase};
use crate::observe::{Note, Regarding};

/// Evicts a pod. One that is gone is evicted already.
///
/// # Errors
/// 429 while a budget forbids it, to be tried again; 500 if several budgets select the pod.
pub fn evict(cx: &mut Context<'_>, id: PodId) -> Result<(), Refusal> {
    let Some(pod) = cx.cluster.pod(id) else { return Ok(()) };
    let at_once = cx.cluster.evictions_at_once;
    if !at_once {
        judge(cx.cluster, pod)?;
    }
    if pod.is_active() {
        let message = "Evicted through the eviction API";
        cx.note(&Note::Event { warning: false, reason: "Evicted", regarding: Regarding::Pod(id), message });
        cx.cluster.delete_pod(id, Cause::Evicted);
        if at_once {
            cx.cluster.remove_pod(id);
        }
    }
    Ok(())
}

/// Whether the budgets allow the eviction.
pub(super) fn judge(cluster: &Cluster, pod: &Pod) -> Result<(), Refusal> {
    if is_free(pod) {
        return Ok(());
    }
    let spec = &cluster.class_of(pod).spec;
    let mut budgets =
        cluster.objects().of_kind::<PodDisruptionBudget>(PodDisruptionBudget::KIND).filter(|(meta, b)| {
            meta.namespace == spec.namespace && b.selector.as_ref().is_some_and(|s| s.matches(&spec.labels))
        });
    let Some((meta, budget)) = budgets.next() else { return Ok(()) };
    if budgets.next().is_some() {
        return Err(several_budgets());
    }
    let status = budget.status(&meta.namespace, cluster);
    if allows(budget, status, pod) { Ok(()) } else { Err(would_violate(meta, status)) }
}

/// Whether the pod's budget allows the eviction.
pub(super) fn allows(budget: &PodDisruptionBudget, status: BudgetStatus, pod: &Pod) -> bool {
    if !pod.ready {
        if budget.unhealthy_pod_eviction_policy == UnhealthyPodEvictionPolicy::AlwaysAllow {
            return true;
        }
        if status.desired_healthy > 0 && status.current_healthy >= status.desired_healthy {
            return true;
        }
    }
    status.disruptions_allowed > 0
}

/// Whether the loss of the pod disrupts nothing: it does not run, or is leaving.
pub(super) fn is_free(pod: &Pod) -> bool {
    pod.phase != PodPhase::Running || pod.deleting.is_some()
}

/// 429: the budget is used up. The message ends with the cause that the server's answer carries beside it.
fn would_violate(budget: &ObjectMeta, status: BudgetStatus) -> Refusal {
    let BudgetStatus { current_healthy, desired_healthy, .. } = status;
    Refusal {
        code: 429,
        reason: "TooManyRequests",
        by: PodDisruptionBudget::KIND,
        object: budget.name.to_string(),
        message: format!(
            "Cannot evict pod as it would violate the pod's disruption budget. The disruption budget {} needs \
             {desired_healthy} healthy pods and has {current_healthy} currently",
            budget.name
        ),
    }
}

/// 500: the API does not support it.
fn several_budgets() -> Refusal {
    Refusal {
        code: 500,
        reason: "InternalError",
        by: PodDisruptionBudget::KIND,
        object: String::new(),
        message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
            .to_owned(),
    }
}

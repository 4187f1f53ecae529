//! Which pods keep their node from being removed.
//!
//! Source: `cluster-autoscaler/simulator/drainability/rules`. Annotations and volumes are not modelled, so no pod is marked
//! safe to evict and none has local storage.

use super::budgets::Remaining;
use super::pending::is_of_daemon_set;
use super::settings::ClusterAutoscalerSettings;
use crate::cluster::Cluster;
use crate::model::PodId;
use crate::model::node::Node;
use crate::model::pod::Pod;

/// Why a node cannot be removed, in upstream's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blocking {
    /// Nobody would create the pod anew.
    NotReplicated,
    /// The owner is of a kind that is not known to create its pods anew.
    UnmovableCustomController,
    /// A pod of the system that no DaemonSet owns and no budget covers.
    UnmovableKubeSystemPod,
    /// A budget allows no disruption.
    NotEnoughPdb,
}

/// The kinds that create their pods anew.
const REPLICATING: [&str; 4] = ["ReplicationController", "ReplicaSet", "StatefulSet", "Job"];

/// The pods that must move when the node goes. Those of DaemonSets and those that are leaving need not.
///
/// # Errors
/// The first pod that must stay, and why.
pub(super) fn movable(
    node: &Node,
    budgets: &Remaining<'_>,
    cluster: &Cluster,
    settings: &ClusterAutoscalerSettings,
) -> Result<Vec<PodId>, (PodId, Blocking)> {
    let mut pods: Vec<(u64, PodId)> = Vec::new();
    for &id in &node.pods {
        let Some(pod) = cluster.pod(id).filter(|pod| pod.is_active() && !is_of_daemon_set(pod, cluster)) else {
            continue;
        };
        if let Some(reason) = blocking(pod, budgets, cluster, settings) {
            return Err((id, reason));
        }
        pods.push((pod.uid, id));
    }
    // The node's own list has no particular order.
    pods.sort_unstable();
    Ok(pods.into_iter().map(|(_, id)| id).collect())
}

fn blocking(
    pod: &Pod,
    budgets: &Remaining<'_>,
    cluster: &Cluster,
    settings: &ClusterAutoscalerSettings,
) -> Option<Blocking> {
    let owner = pod.owner.and_then(|owner| cluster.objects().meta(owner));
    let Some(owner) = owner else { return Some(Blocking::NotReplicated) };
    if settings.skip_nodes_with_custom_controller_pods && !REPLICATING.contains(&owner.kind) {
        return Some(Blocking::UnmovableCustomController);
    }
    let allowed = budgets.allow(pod, cluster);
    let system = &*cluster.class_of(pod).spec.namespace == "kube-system";
    match allowed {
        None if system && settings.skip_nodes_with_system_pods => Some(Blocking::UnmovableKubeSystemPod),
        Some(0) => Some(Blocking::NotEnoughPdb),
        _ => None,
    }
}

//! Which pods belong together with a pod: those behind the same services, and those of the same owner.
//!
//! Source: `pkg/scheduler/framework/plugins/helper/spread.go`.

use towtank_sim::cluster::{Cluster, ObjectEntry};
use towtank_sim::model::labels::{LabelSelector, Operator, Requirement};
use towtank_sim::model::pod::PodSpec;
use towtank_sim::scheduler::Cycle;

/// The kinds of owners that say which pods belong together.
const OWNERS: [&str; 3] = ["ReplicationController", "ReplicaSet", "StatefulSet"];

/// The selector of the pods that belong together with the pod; empty if nothing says so.
pub(super) fn default_selector(cycle: &Cycle<'_>) -> LabelSelector {
    let pod = &cycle.class.spec;
    let mut selector = LabelSelector::default();
    for of_service in of_services(pod, cycle.cluster) {
        selector.match_labels.extend(of_service.match_labels.clone());
    }
    let Some(owner) = selecting_owner(cycle) else { return selector };
    let Some(of_owner) = owner.body.pod_selector() else { return selector };
    match owner.meta.kind {
        // Its labels take the place of those of the services.
        "ReplicationController" => selector.match_labels.extend(of_owner.match_labels.clone()),
        // Its requirements hold beside those of the services.
        "ReplicaSet" | "StatefulSet" => {
            let equal = |(key, value): (&String, &String)| Requirement {
                key: key.clone(),
                operator: Operator::In,
                values: vec![value.clone()],
            };
            selector.expressions.extend(of_owner.match_labels.iter().map(equal));
            selector.expressions.extend(of_owner.expressions.iter().cloned());
        }
        _ => {}
    }
    selector
}

/// The owner of the pod, if it has a say in which pods belong together.
pub(super) fn selecting_owner<'c>(cycle: &Cycle<'c>) -> Option<&'c ObjectEntry> {
    let owner = cycle.cluster.objects().entry(cycle.live_pod()?.owner?)?;
    OWNERS.contains(&owner.meta.kind).then_some(owner)
}

/// Whether there may be pods of this specification that something says belong together with others. It can change with the
/// objects that select pods.
pub(super) fn may_belong_together(pod: &PodSpec, cluster: &Cluster) -> bool {
    OWNERS.iter().any(|kind| cluster.objects().in_namespace(kind, &pod.namespace).next().is_some())
        || of_services(pod, cluster).any(|selector| !selector.match_labels.is_empty())
}

/// The selectors of the services that the pod is behind.
fn of_services<'c>(pod: &'c PodSpec, cluster: &'c Cluster) -> impl Iterator<Item = &'c LabelSelector> {
    let services = cluster.objects().in_namespace("Service", &pod.namespace);
    services.filter_map(|service| service.body.pod_selector()).filter(|selector| selector.matches(&pod.labels))
}

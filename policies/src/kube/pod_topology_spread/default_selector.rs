//! Which pods belong together with a pod: those behind the same services, and those of the same owner.
//!
//! Source: `pkg/scheduler/framework/plugins/helper/spread.go`.

use towtank_sim::model::labels::{LabelSelector, Operator, Requirement};
use towtank_sim::scheduler::Cycle;

/// The selector of the pods that belong together with the pod; empty if nothing says so.
pub(super) fn default_selector(cycle: &Cycle<'_>) -> LabelSelector {
    let pod = &cycle.class.spec;
    let objects = cycle.cluster.objects();
    let mut selector = LabelSelector::default();
    for service in objects.in_namespace("Service", &pod.namespace) {
        if let Some(of_service) = service.body.pod_selector().filter(|s| s.matches(&pod.labels)) {
            selector.match_labels.extend(of_service.match_labels.clone());
        }
    }
    let owner = cycle.live_pod().and_then(|pod| objects.entry(pod.owner?));
    let Some(owner) = owner else { return selector };
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

//! Whether a pod could be on another node: fewer questions than the scheduler asks.
//!
//! Source: `pkg/descheduler/node/node.go`.

use super::{NodeView, PodView, View};
use crate::model::taint::{Effect, Taint};

/// Whether the pod fits on one of these nodes other than its own.
pub fn fits_elsewhere(pod: &PodView<'_>, nodes: &[usize], view: &View<'_>) -> bool {
    nodes.iter().any(|node| *node != pod.node && fits(pod, *node, view))
}

/// Whether the pod fits on one of these nodes.
pub fn fits_somewhere(pod: &PodView<'_>, nodes: &[usize], view: &View<'_>) -> bool {
    nodes.iter().any(|node| fits(pod, *node, view))
}

/// Whether the pod could be on the node: not cordoned, selected, hard taints tolerated, no pod there that its own anti-affinity is about
/// (whatever the topology, if the node has the label), and room for it unless it is there already.
pub fn fits(pod: &PodView<'_>, node: usize, view: &View<'_>) -> bool {
    let there = &view.nodes[node];
    !there.spec.unschedulable
        && selects(pod, there)
        && tolerates(pod, &there.spec.taints, is_hard)
        && !repels(pod, node, view)
        && (pod.node == node || has_room(pod, node, view))
}

/// Whether the pod's node selector and its required node affinity select the node.
pub fn selects(pod: &PodView<'_>, node: &NodeView<'_>) -> bool {
    let (spec, labels) = (&pod.class.spec, &node.spec.labels);
    spec.node_selector.iter().all(|(key, value)| labels.get(key) == Some(value))
        && spec.node_affinity.required.as_ref().is_none_or(|required| required.matches(&node.spec.name, labels))
}

/// Whether the pod tolerates all of the taints that count.
pub fn tolerates(pod: &PodView<'_>, taints: &[Taint], counts: impl Fn(&Taint) -> bool) -> bool {
    let tolerations = &pod.class.spec.tolerations;
    taints.iter().filter(|taint| counts(taint)).all(|taint| tolerations.iter().any(|t| t.tolerates(taint)))
}

/// Whether the taint keeps pods away.
pub fn is_hard(taint: &Taint) -> bool {
    matches!(taint.effect, Effect::NoSchedule | Effect::NoExecute)
}

/// Whether a term of the pod's required anti-affinity is about a pod of the node. Namespaces count by name only.
fn repels(pod: &PodView<'_>, node: usize, view: &View<'_>) -> bool {
    let terms = &pod.class.spec.pod_anti_affinity.required;
    terms.iter().any(|term| {
        view.nodes[node].spec.labels.get(&term.topology_key).is_some()
            && view.pods_on(node).any(|other| other.name != pod.name && term_is_about(pod, term, other))
    })
}

/// Whether a term of the first pod's affinity is about the other. A selector of namespaces is not looked at.
pub fn term_is_about(
    pod: &PodView<'_>,
    term: &crate::model::pod_affinity::PodAffinityTerm,
    other: &PodView<'_>,
) -> bool {
    let among = match &term.namespaces[..] {
        [] => other.namespace() == pod.namespace(),
        names => names.iter().any(|name| **name == *other.namespace()),
    };
    among && term.selector.as_ref().is_some_and(|selector| selector.matches(&other.class.spec.labels))
}

/// Whether what the pod requests is free on the node.
fn has_room(pod: &PodView<'_>, node: usize, view: &View<'_>) -> bool {
    let mut asked = pod.class.requests.iter().filter(|(_, amount)| *amount > 0);
    asked.all(|(id, amount)| {
        let taken: i64 = view.pods_on(node).map(|other| view.requested(other, Some(id))).sum();
        amount <= view.nodes[node].allocatable.get(id) - taken
    })
}

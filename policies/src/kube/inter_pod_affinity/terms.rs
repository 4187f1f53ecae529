//! Whether terms of affinity mean a pod, by the three rules that upstream has for it.

use towtank_sim::cluster::Cluster;
use towtank_sim::model::labels::Labels;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::pod_affinity::PodAffinityTerm;

/// Whether a term of a pod on a node means the incoming pod.
pub(super) fn of_existing(term: &PodAffinityTerm, owner: &PodSpec, incoming: &PodSpec, cluster: &Cluster) -> bool {
    let by_labels = term.namespace_selector.as_ref();
    let selected = || by_labels.is_some_and(|s| s.matches(&cluster.namespace_labels(&incoming.namespace)));
    (is_named(term, owner, incoming) || selected()) && selects(term, incoming)
}

/// Whether a term of the incoming pod means a pod on a node.
///
/// Upstream looks up the namespaces that the term's selector names and then asks the selector again, about a namespace
/// without labels: one that asks for the absence of labels means every namespace.
///
/// Source: `interpodaffinity/plugin.go`, `mergeAffinityTermNamespacesIfNotEmpty`, which is given a copy.
pub(super) fn of_incoming(term: &PodAffinityTerm, incoming: &PodSpec, existing: &PodSpec, cluster: &Cluster) -> bool {
    let by_labels = term.namespace_selector.as_ref();
    let selected = || by_labels.is_some_and(|s| s.matches(&cluster.namespace_labels(&existing.namespace)));
    (in_waiting(term, incoming, existing) || selected()) && selects(term, existing)
}

/// Whether a term of a waiting pod, or of one that has left, means the other pod. Upstream does not look up namespaces here,
/// so their labels are none.
pub(super) fn of_waiting(term: &PodAffinityTerm, owner: &PodSpec, other: &PodSpec) -> bool {
    in_waiting(term, owner, other) && selects(term, other)
}

/// Whether all terms mean the pod; no if there is none.
pub(super) fn all<'t>(terms: &'t [PodAffinityTerm], means: impl FnMut(&'t PodAffinityTerm) -> bool) -> bool {
    !terms.is_empty() && terms.iter().all(means)
}

/// Whether the answer can change with the labels of namespaces.
pub(super) fn reads_namespaces(term: &PodAffinityTerm) -> bool {
    term.namespace_selector.as_ref().is_some_and(|selector| !selector.is_empty())
}

fn in_waiting(term: &PodAffinityTerm, owner: &PodSpec, other: &PodSpec) -> bool {
    is_named(term, owner, other) || term.namespace_selector.as_ref().is_some_and(|s| s.matches(&Labels::new()))
}

fn is_named(term: &PodAffinityTerm, owner: &PodSpec, other: &PodSpec) -> bool {
    if term.namespaces.is_empty() && term.namespace_selector.is_none() {
        return owner.namespace == other.namespace;
    }
    term.namespaces.contains(&other.namespace)
}

fn selects(term: &PodAffinityTerm, pod: &PodSpec) -> bool {
    term.selector.as_ref().is_some_and(|selector| selector.matches(&pod.labels))
}

//! Affinity and anti-affinity between pods.

use super::labels::{LabelSelector, Labels};
use std::sync::Arc;

/// A pod's wishes about pods near it: `spec.affinity.podAffinity` or `podAntiAffinity`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodAffinity {
    /// `requiredDuringSchedulingIgnoredDuringExecution`: all must hold.
    pub required: Vec<PodAffinityTerm>,
    /// `preferredDuringSchedulingIgnoredDuringExecution`.
    pub preferred: Vec<WeightedPodAffinityTerm>,
}

/// Pods, and the topology domain in which they count as near.
///
/// `matchLabelKeys` and `mismatchLabelKeys` are part of `selector`, into which the API server merges them when the pod is
/// created.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodAffinityTerm {
    /// Which pods: none without a selector, all with an empty one.
    pub selector: Option<LabelSelector>,
    /// Namespaces by name. The pod's own, where neither names nor a selector are given.
    pub namespaces: Vec<Arc<str>>,
    /// Namespaces by their labels, in addition: all with an empty selector, none without one.
    pub namespace_selector: Option<LabelSelector>,
    /// The node label whose value names the domain.
    pub topology_key: Arc<str>,
}

/// A term with the weight of the preference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WeightedPodAffinityTerm {
    /// 1 to 100.
    pub weight: i32,
    /// What is preferred.
    pub term: PodAffinityTerm,
}

impl PodAffinity {
    /// Whether nothing is wished.
    pub fn is_empty(&self) -> bool {
        self.required.is_empty() && self.preferred.is_empty()
    }

    /// All terms, required and preferred.
    pub fn terms(&self) -> impl Iterator<Item = &PodAffinityTerm> {
        self.required.iter().chain(self.preferred.iter().map(|preferred| &preferred.term))
    }
}

impl PodAffinityTerm {
    /// Whether it says itself which namespaces it is about.
    pub const fn names_namespaces(&self) -> bool {
        !self.namespaces.is_empty() || self.namespace_selector.is_some()
    }

    /// Whether the term, of a pod in namespace `own`, means a pod of this namespace and these labels. `namespace_labels` are
    /// the labels of the other pod's namespace.
    ///
    /// Source: `kube-scheduler/framework/types.go`, `AffinityTerm.Matches`.
    pub fn matches(&self, own: &str, namespace: &str, labels: &Labels, namespace_labels: &Labels) -> bool {
        let by_name = if self.names_namespaces() {
            self.namespaces.iter().any(|name| **name == *namespace)
        } else {
            namespace == own
        };
        let in_namespace = by_name || self.namespace_selector.as_ref().is_some_and(|s| s.matches(namespace_labels));
        in_namespace && self.selector.as_ref().is_some_and(|selector| selector.matches(labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(namespaces: &[&str], namespace_selector: Option<LabelSelector>) -> PodAffinityTerm {
        PodAffinityTerm {
            selector: Some(LabelSelector::default()),
            namespaces: namespaces.iter().map(|name| (*name).into()).collect(),
            namespace_selector,
            topology_key: "zone".into(),
        }
    }

    #[test]
    fn namespaces_are_the_own_one_the_named_and_the_selected() {
        let labels = Labels::new();
        let meant = |term: &PodAffinityTerm, namespace| term.matches("own", namespace, &labels, &labels);
        assert!(meant(&term(&[], None), "own"));
        assert!(!meant(&term(&[], None), "other"));
        assert!(meant(&term(&["other"], None), "other"));
        assert!(!meant(&term(&["other"], None), "own"), "names replace the pod's own namespace");
        assert!(meant(&term(&[], Some(LabelSelector::default())), "any"), "an empty selector selects all");
        assert!(!PodAffinityTerm { selector: None, ..term(&[], None) }.matches("own", "own", &labels, &labels));
    }
}

//! Node selectors and node affinity.

use super::labels::{Labels, Requirement};

/// Terms of which one must match. Without any term it matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeSelector {
    /// The alternatives.
    pub terms: Vec<NodeSelectorTerm>,
}

/// Requirements that must all match. An empty term matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeSelectorTerm {
    /// Conditions on labels.
    pub expressions: Vec<Requirement>,
    /// Conditions on fields; `metadata.name` is the only one that Kubernetes knows.
    pub fields: Vec<Requirement>,
}

/// A preference for nodes that match a term.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PreferredNode {
    /// 1 to 100, added to a matching node's score.
    pub weight: i32,
    /// What to match; an empty term matches nothing.
    pub term: NodeSelectorTerm,
}

/// A pod's wishes about nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeAffinity {
    /// `requiredDuringSchedulingIgnoredDuringExecution`.
    pub required: Option<NodeSelector>,
    /// `preferredDuringSchedulingIgnoredDuringExecution`.
    pub preferred: Vec<PreferredNode>,
}

impl NodeSelector {
    /// Whether a node of this name with these labels matches one of the terms.
    pub fn matches(&self, name: &str, labels: &Labels) -> bool {
        self.terms.iter().any(|term| term.matches(name, labels))
    }
}

impl NodeSelectorTerm {
    /// Whether a node of this name with these labels satisfies all requirements.
    ///
    /// Source: `component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go`.
    pub fn matches(&self, name: &str, labels: &Labels) -> bool {
        if self.expressions.is_empty() && self.fields.is_empty() {
            return false;
        }
        self.expressions.iter().all(|r| r.matches(labels.get(&r.key).map(String::as_str)))
            && self.fields.iter().all(|r| r.key == "metadata.name" && r.matches(Some(name)))
    }
}

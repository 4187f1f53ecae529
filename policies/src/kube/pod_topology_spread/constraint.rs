//! A constraint as the plugin works with it: its defaults filled in, and its selector settled.

use crate::kube::{node_affinity, taint_toleration};
use std::rc::Rc;
use std::sync::Arc;
use towtank_sim::model::labels::{LabelSelector, Labels};
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::topology_spread::{NodeInclusionPolicy, TopologySpreadConstraint};

/// A constraint of one pod.
#[derive(Clone, Debug)]
pub(super) struct Constraint<'c> {
    from: &'c TopologySpreadConstraint,
    selector: Selector<'c>,
    /// Whether tolerations that compare numbers count.
    compares: bool,
}

/// Which pods of the namespace a constraint is about.
#[derive(Clone, Debug)]
pub(super) enum Selector<'c> {
    /// Those that the pod's own constraint names: none without a selector.
    Own(Option<&'c LabelSelector>),
    /// Those that belong together with the pod.
    Derived(Rc<LabelSelector>),
}

impl<'c> Constraint<'c> {
    /// A constraint that the pod has itself.
    pub(super) fn own(from: &'c TopologySpreadConstraint, compares: bool) -> Self {
        Self { from, selector: Selector::Own(from.selector.as_ref()), compares }
    }

    /// A default constraint.
    pub(super) fn derived(from: &'c TopologySpreadConstraint, selector: &Rc<LabelSelector>, compares: bool) -> Self {
        Self { from, selector: Selector::Derived(selector.clone()), compares }
    }

    /// The label whose values are the domains.
    pub(super) fn key(&self) -> &'c Arc<str> {
        &self.from.topology_key
    }

    /// How far apart the domains may be.
    pub(super) fn max_skew(&self) -> i64 {
        self.from.max_skew.into()
    }

    /// How many domains there must be for the emptiest one to count.
    pub(super) fn min_domains(&self) -> i64 {
        self.from.min_domains.unwrap_or(1).into()
    }

    /// Whether nodes with taints that the pod does not tolerate are left out.
    pub(super) fn honors_taints(&self) -> bool {
        self.from.node_taints_policy == NodeInclusionPolicy::Honor
    }

    /// Whether a pod of the same namespace with these labels is meant.
    pub(super) fn matches(&self, labels: &Labels) -> bool {
        self.selector().is_some_and(|selector| selector.matches(labels))
    }

    /// The selector by which pods on nodes are counted. Upstream counts none with an empty one, which matches all the same
    /// when the pod itself is compared, or one that is tried out.
    ///
    /// Source: `podtopologyspread/common.go`, `countPodsMatchSelector`.
    pub(super) fn counted(&self) -> Option<&LabelSelector> {
        self.selector().filter(|selector| !selector.is_empty())
    }

    /// Whether the constraint's policies let this node count for this pod.
    pub(super) fn includes(&self, pod: &PodSpec, node: &NodeSpec) -> bool {
        let ignores_affinity = self.from.node_affinity_policy == NodeInclusionPolicy::Ignore;
        (ignores_affinity || node_affinity::matches(pod, node))
            && (!self.honors_taints() || taint_toleration::tolerates(pod, node, self.compares))
    }

    fn selector(&self) -> Option<&LabelSelector> {
        match &self.selector {
            Selector::Own(selector) => *selector,
            Selector::Derived(selector) => Some(selector),
        }
    }
}

/// Whether the node has the labels of all constraints.
pub(super) fn has_all_keys(node: &NodeSpec, constraints: &[Constraint<'_>]) -> bool {
    constraints.iter().all(|constraint| node.labels.contains_key(constraint.key()))
}

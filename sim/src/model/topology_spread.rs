//! Topology spread constraints.

use super::labels::LabelSelector;
use std::sync::Arc;

/// A constraint of `spec.topologySpreadConstraints`.
///
/// `matchLabelKeys` are part of `selector`, into which the API server merges them when the pod is created.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopologySpreadConstraint {
    /// How far the fullest domain may be above the emptiest, at least 1.
    pub max_skew: i32,
    /// The node label whose value names the domain.
    pub topology_key: Arc<str>,
    /// What a violation means.
    pub when_unsatisfiable: WhenUnsatisfiable,
    /// Which pods of the namespace are counted: none without a selector.
    pub selector: Option<LabelSelector>,
    /// With fewer domains than this the emptiest counts as empty; at least 1.
    pub min_domains: Option<i32>,
    /// Whether nodes that the pod's node selector and affinity exclude count.
    pub node_affinity_policy: NodeInclusionPolicy,
    /// Whether nodes with taints that the pod does not tolerate count.
    pub node_taints_policy: NodeInclusionPolicy,
}

/// What a violation of a constraint means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WhenUnsatisfiable {
    /// The node is not feasible.
    DoNotSchedule,
    /// The node scores lower.
    ScheduleAnyway,
}

/// Whether a property of nodes decides if they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NodeInclusionPolicy {
    /// It does: other nodes do not count.
    Honor,
    /// It does not.
    Ignore,
}

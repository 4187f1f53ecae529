//! PodDisruptionBudget: how many pods of an application may be away at once of free will.
//!
//! Source: `pkg/controller/disruption/disruption.go`.

use super::IntOrPercent;
use crate::cluster::{Fingerprint, Object};
use crate::model::PodId;
use crate::model::labels::LabelSelector;
use crate::time::SimTime;
use std::collections::BTreeMap;

/// A PodDisruptionBudget object. Exactly one of `min_available` and `max_unavailable` is set in a valid one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodDisruptionBudget {
    /// Which pods of its namespace it is about: an empty selector selects all, none selects none.
    pub selector: Option<LabelSelector>,
    /// `spec.minAvailable`.
    pub min_available: Option<IntOrPercent>,
    /// `spec.maxUnavailable`.
    pub max_unavailable: Option<IntOrPercent>,
    /// `spec.unhealthyPodEvictionPolicy`.
    pub unhealthy_pod_eviction_policy: UnhealthyPodEvictionPolicy,
    /// `status.disruptedPods`: pods whose eviction was granted but whose deletion has not been seen.
    pub(super) disrupted: BTreeMap<PodId, SimTime>,
}

/// When pods that are not ready may be evicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnhealthyPodEvictionPolicy {
    /// Only while the budget is met without them.
    #[default]
    IfHealthyBudget,
    /// Always.
    AlwaysAllow,
}

impl PodDisruptionBudget {
    /// The kind in manifests.
    pub const KIND: &'static str = "PodDisruptionBudget";

    /// At least so many pods stay.
    pub fn min_available(selector: LabelSelector, pods: IntOrPercent) -> Self {
        Self { selector: Some(selector), min_available: Some(pods), ..Self::default() }
    }

    /// At most so many pods are away.
    pub fn max_unavailable(selector: LabelSelector, pods: IntOrPercent) -> Self {
        Self { selector: Some(selector), max_unavailable: Some(pods), ..Self::default() }
    }
}

impl Object for PodDisruptionBudget {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn fold(&self, into: &mut Fingerprint) {
        let word = |value: Option<IntOrPercent>| match value {
            None => 0,
            Some(IntOrPercent::Int(n)) => 1 | u64::from(n) << 2,
            Some(IntOrPercent::Percent(n)) => 2 | u64::from(n) << 2,
        };
        let always = self.unhealthy_pod_eviction_policy == UnhealthyPodEvictionPolicy::AlwaysAllow;
        let words = [word(self.min_available), word(self.max_unavailable), u64::from(always)];
        into.fold(SimTime::ZERO, 0, &words);
    }
}

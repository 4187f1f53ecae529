//! PodDisruptionBudget: how many pods of an application may be away at once of free will.
//!
//! Source: `pkg/controller/disruption/disruption.go`.

use super::IntOrPercent;
use crate::cluster::{Cluster, Fingerprint, Object};
use crate::model::ObjectId;
use crate::model::labels::LabelSelector;
use crate::model::pod::Pod;
use crate::time::SimTime;
use std::collections::BTreeSet;

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
    /// What the status of a budget from a snapshot says. It counts only where nobody keeps the status up to date
    /// ([`Cluster::statuses_as_given`]).
    pub given: GivenBudgetStatus,
}

/// The status of a budget as a snapshot has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenBudgetStatus {
    /// `status.disruptionsAllowed`.
    pub disruptions_allowed: i32,
    /// The names in `status.disruptedPods`.
    pub disrupted_pods: BTreeSet<String>,
}

/// What a budget lets the scheduler take.
#[derive(Clone, Debug)]
pub struct BudgetAllowances<'a> {
    /// How many pods may go.
    pub disruptions: i64,
    /// Pods that are counted already.
    pub already_disrupted: &'a BTreeSet<String>,
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

/// The status of a budget. In the store a granted eviction shows at once, so there are no `disruptedPods`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetStatus {
    /// How many pods the budget reckons with.
    pub expected_pods: u64,
    /// How many of them are ready and stay.
    pub current_healthy: u64,
    /// How many have to be.
    pub desired_healthy: u64,
    /// How many may be evicted now.
    pub disruptions_allowed: u64,
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

    /// What the status that was given lets the scheduler take.
    pub(super) fn given_allowances(&self) -> BudgetAllowances<'_> {
        let GivenBudgetStatus { disruptions_allowed, disrupted_pods } = &self.given;
        BudgetAllowances { disruptions: i64::from(*disruptions_allowed), already_disrupted: disrupted_pods }
    }

    /// The status of this budget in its namespace. It looks at every pod: [`Budgets::statuses`](super::Budgets::statuses) is for many.
    pub fn status(&self, namespace: &str, cluster: &Cluster) -> BudgetStatus {
        self.judge(&self.reckon(namespace, cluster), cluster)
    }

    /// The pods of this budget in its namespace. It looks at every pod.
    pub fn reckon(&self, namespace: &str, cluster: &Cluster) -> Reckoning {
        let mut reckoning = Reckoning::default();
        // Pods of one class are selected alike.
        let mut selected: Vec<Option<bool>> = vec![None; cluster.classes.slots()];
        for (_, pod) in cluster.pods().iter() {
            let selects = selected[pod.class.index()].get_or_insert_with(|| {
                let spec = &cluster.classes.get(pod.class).spec;
                &*spec.namespace == namespace && self.selector.as_ref().is_some_and(|s| s.matches(&spec.labels))
            });
            if *selects {
                reckoning.count(pod, cluster);
            }
        }
        reckoning
    }

    /// The status of this budget with such pods.
    pub fn judge(&self, reckoning: &Reckoning, cluster: &Cluster) -> BudgetStatus {
        let Reckoning { pods, healthy, owners, .. } = reckoning;
        let (pods, current_healthy) = (*pods, *healthy);
        let scale = || owners.iter().map(|id| cluster.objects().entry(*id)?.body.replicas()).sum::<Option<u32>>();
        let counts = match (self.max_unavailable, self.min_available) {
            (Some(most), _) => scale().map(u64::from).map(|n| (n, n.saturating_sub(most.of_rounded_up(n)))),
            (None, Some(IntOrPercent::Int(least))) => Some((pods, u64::from(least))),
            (None, Some(least)) => scale().map(u64::from).map(|n| (n, least.of_rounded_up(n))),
            (None, None) => Some((pods, 0)),
        };
        // A controller without a scale makes the sum unknown: nothing is allowed then (`failSafe`).
        let (expected_pods, desired_healthy) = counts.unwrap_or((0, current_healthy));
        let spare = current_healthy.saturating_sub(desired_healthy);
        let disruptions_allowed = if expected_pods == 0 { 0 } else { spare };
        BudgetStatus { expected_pods, current_healthy, desired_healthy, disruptions_allowed }
    }
}

/// The pods of a budget.
#[derive(Clone, Debug, Default)]
pub struct Reckoning {
    /// How many have not finished.
    pub pods: u64,
    /// How many of them are ready and stay.
    pub healthy: u64,
    /// The objects whose replicas they are: how many there should be is the sum of what these want.
    pub owners: BTreeSet<ObjectId>,
    /// Whose the last pod was: those of one owner often follow each other.
    pub last: Option<ObjectId>,
}

impl Reckoning {
    /// Counts a pod that the budget selects, unless it has finished.
    pub fn count(&mut self, pod: &Pod, cluster: &Cluster) {
        if !pod.is_finished() {
            self.pods += 1;
            self.healthy += u64::from(pod.ready && pod.deleting.is_none());
            if pod.owner.is_some() && pod.owner != self.last {
                self.last = pod.owner;
                self.owners.extend(pod.owner.map(|owner| scaled_by(owner, cluster)));
            }
        }
    }
}

impl BudgetAllowances<'_> {
    /// Those of a budget whose status is kept up to date.
    pub(super) fn of(status: BudgetStatus) -> Self {
        static NOBODY: BTreeSet<String> = BTreeSet::new();
        let disruptions = i64::try_from(status.disruptions_allowed).unwrap_or(i64::MAX);
        Self { disruptions, already_disrupted: &NOBODY }
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

/// The object whose `spec.replicas` counts for the pods of `owner`: the Deployment of a ReplicaSet that has one, or the
/// owner itself (`finders` in the same file).
pub fn scaled_by(owner: ObjectId, cluster: &Cluster) -> ObjectId {
    let meta = cluster.objects().meta(owner).filter(|meta| meta.kind == "ReplicaSet");
    meta.and_then(|meta| meta.owner).unwrap_or(owner)
}

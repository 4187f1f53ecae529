//! What the PodDisruptionBudgets still allow while removals are tried out.
//!
//! Source: `cluster-autoscaler/core/scaledown/pdb/basic.go`.

use crate::cluster::Cluster;
use crate::disruption::Budgets;
use crate::model::PodId;
use crate::model::pod::Pod;

/// The budgets of the cluster, and how many disruptions each one still allows.
#[derive(Debug)]
pub(super) struct Remaining<'c> {
    budgets: Budgets<'c>,
    left: Vec<u64>,
}

impl<'c> Remaining<'c> {
    /// The budgets as they are now.
    pub(super) fn new(cluster: &'c Cluster) -> Self {
        let budgets = Budgets::of(cluster);
        let left = budgets.statuses(cluster).into_iter().map(|status| status.disruptions_allowed).collect();
        Self { budgets, left }
    }

    /// The fewest disruptions that any budget of the pod still allows; `None` for a pod without a budget.
    pub(super) fn allow(&self, pod: &Pod, cluster: &Cluster) -> Option<u64> {
        self.budgets.of_pods(&cluster.class_of(pod).spec).into_iter().map(|place| self.left[place]).min()
    }

    /// Takes the pods' disruptions off their budgets.
    pub(super) fn take(&mut self, pods: &[PodId], cluster: &Cluster) {
        for pod in pods.iter().filter_map(|id| cluster.pod(*id)) {
            for place in self.budgets.of_pods(&cluster.class_of(pod).spec) {
                self.left[place] = self.left[place].saturating_sub(1);
            }
        }
    }
}

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
    left: Vec<i64>,
}

impl<'c> Remaining<'c> {
    /// The budgets as they are now.
    pub(super) fn new(cluster: &'c Cluster) -> Self {
        let budgets = Budgets::of(cluster);
        let left = budgets.allowances(cluster).into_iter().map(|allowance| allowance.disruptions).collect();
        Self { budgets, left }
    }

    /// The fewest disruptions that any budget of the pod still allows; `None` for a pod without a budget.
    pub(super) fn allow(&self, pod: &Pod, cluster: &Cluster) -> Option<i64> {
        self.budgets.of_pods(&cluster.class_of(pod).spec).into_iter().map(|place| self.left[place]).min()
    }

    /// Whether the budgets allow all the pods to be disrupted at the same time.
    pub(super) fn allow_all(&self, pods: &[PodId], cluster: &Cluster) -> bool {
        let mut asked = vec![0; self.left.len()];
        self.places(pods, cluster).for_each(|place| asked[place] += 1);
        asked.iter().zip(&self.left).all(|(asked, left)| *asked == 0 || asked <= left)
    }

    /// Takes the pods' disruptions off their budgets.
    pub(super) fn take(&mut self, pods: &[PodId], cluster: &Cluster) {
        let places: Vec<usize> = self.places(pods, cluster).collect();
        for place in places {
            self.left[place] -= 1;
        }
    }

    fn places<'a>(&'a self, pods: &'a [PodId], cluster: &'a Cluster) -> impl Iterator<Item = usize> + 'a {
        let pods = pods.iter().filter_map(|id| cluster.pod(*id));
        pods.flat_map(|pod| self.budgets.of_pods(&cluster.class_of(pod).spec))
    }
}

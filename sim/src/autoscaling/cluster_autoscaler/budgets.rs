//! What the PodDisruptionBudgets still allow while removals are tried out.
//!
//! Source: `cluster-autoscaler/core/scaledown/pdb/basic.go`.

use crate::cluster::Cluster;
use crate::disruption::PodDisruptionBudget;
use crate::model::PodId;
use crate::model::labels::LabelSelector;
use crate::model::pod::Pod;
use std::sync::Arc;

/// The budgets of the cluster.
#[derive(Debug)]
pub(super) struct Budgets<'c> {
    list: Vec<(Arc<str>, &'c LabelSelector, u64)>,
}

impl<'c> Budgets<'c> {
    /// The budgets as they are now.
    pub(super) fn new(cluster: &'c Cluster) -> Self {
        let budgets = cluster.objects().of_kind::<PodDisruptionBudget>(PodDisruptionBudget::KIND);
        let entry = |(meta, budget): (&crate::cluster::ObjectMeta, &'c PodDisruptionBudget)| {
            let allowed = budget.status(&meta.namespace, cluster).disruptions_allowed;
            Some((meta.namespace.clone(), budget.selector.as_ref()?, allowed))
        };
        Self { list: budgets.filter_map(entry).collect() }
    }

    /// The fewest disruptions that any budget of the pod still allows; `None` for a pod without a budget.
    pub(super) fn allow(&self, pod: &Pod, cluster: &Cluster) -> Option<u64> {
        let mine = self.list.iter().filter(|(namespace, selector, _)| covers(namespace, selector, pod, cluster));
        mine.map(|(_, _, left)| *left).min()
    }

    /// Takes the pods' disruptions off their budgets.
    pub(super) fn take(&mut self, pods: &[PodId], cluster: &Cluster) {
        for pod in pods.iter().filter_map(|id| cluster.pod(*id)) {
            for (namespace, selector, left) in &mut self.list {
                *left = left.saturating_sub(u64::from(covers(namespace, selector, pod, cluster)));
            }
        }
    }
}

fn covers(namespace: &str, selector: &LabelSelector, pod: &Pod, cluster: &Cluster) -> bool {
    let spec = &cluster.class_of(pod).spec;
    &*spec.namespace == namespace && selector.matches(&spec.labels)
}

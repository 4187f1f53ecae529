//! What the eviction API would say of one eviction after another, before any of them happens.

use super::eviction::{allows, is_free};
use super::{BudgetStatus, Budgets};
use crate::cluster::Cluster;
use crate::model::PodId;

/// Evictions that are thought of: each that is granted counts for its budget.
#[derive(Debug)]
pub struct EvictionTrial<'c> {
    cluster: &'c Cluster,
    budgets: Budgets<'c>,
    statuses: Vec<BudgetStatus>,
}

impl<'c> EvictionTrial<'c> {
    /// Of the pods and budgets of a cluster, none of them evicted.
    pub fn new(cluster: &'c Cluster) -> Self {
        let budgets = Budgets::of(cluster);
        let statuses = if budgets.is_empty() { Vec::new() } else { budgets.statuses(cluster) };
        Self { cluster, budgets, statuses }
    }

    /// Whether the pod's eviction would be granted after those that were.
    pub fn grants(&mut self, id: PodId) -> bool {
        let Some(pod) = self.cluster.pod(id).filter(|pod| !is_free(pod)) else { return true };
        let places = self.budgets.of_pods(&self.cluster.class_of(pod).spec);
        let &[place] = &places[..] else { return places.is_empty() };
        let status = &mut self.statuses[place];
        let granted = allows(self.budgets.get(place), *status, pod);
        if granted && pod.ready {
            status.current_healthy = status.current_healthy.saturating_sub(1);
            status.disruptions_allowed = status.disruptions_allowed.saturating_sub(1);
        }
        granted
    }
}

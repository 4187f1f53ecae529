//! All budgets of a cluster at once: which of them a pod is in, and what they allow.

use super::pod_disruption_budget::{BudgetAllowances, BudgetStatus, PodDisruptionBudget, Reckoning};
use crate::cluster::{Cluster, ObjectMeta};
use crate::model::labels::LabelSelector;
use crate::model::pod::PodSpec;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// A namespace and a label.
type Asked<'c> = (&'c str, Option<(&'c str, &'c str)>);

/// The budgets of a cluster, by what they select: a pod finds its own without looking at the others.
#[derive(Debug)]
pub struct Budgets<'c> {
    list: Vec<(&'c ObjectMeta, &'c PodDisruptionBudget)>,
    /// By namespace and the first label that they ask for, if they ask for one: the places of budgets in the list.
    by_label: FxHashMap<Asked<'c>, SmallVec<[usize; 1]>>,
}

impl<'c> Budgets<'c> {
    /// The budgets that there are, in order of namespace and name.
    pub fn of(cluster: &'c Cluster) -> Self {
        let list: Vec<_> = cluster.objects().of_kind::<PodDisruptionBudget>(PodDisruptionBudget::KIND).collect();
        let mut by_label: FxHashMap<_, SmallVec<[usize; 1]>> = FxHashMap::default();
        for (place, (meta, budget)) in list.iter().enumerate() {
            let Some(selector) = &budget.selector else { continue };
            by_label.entry((&*meta.namespace, first_label(selector))).or_default().push(place);
        }
        Self { list, by_label }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// A budget by its place.
    ///
    /// # Panics
    /// If there is none at this place.
    pub fn get(&self, place: usize) -> &'c PodDisruptionBudget {
        self.list[place].1
    }

    /// The places of the budgets that select such pods, in order.
    pub fn of_pods(&self, spec: &PodSpec) -> SmallVec<[usize; 2]> {
        let asked = spec.labels.iter().map(|(key, value)| Some((key.as_str(), value.as_str())));
        let mut places: SmallVec<[usize; 2]> = SmallVec::new();
        for label in asked.chain([None]) {
            let candidates = self.by_label.get(&(&*spec.namespace, label)).into_iter().flatten();
            let selects = |place: &usize| self.get(*place).selector.as_ref().is_some_and(|s| s.matches(&spec.labels));
            places.extend(candidates.copied().filter(selects));
        }
        places.sort_unstable();
        places
    }

    /// The status of each budget, by place: as [`PodDisruptionBudget::status`] has it, of all pods at once.
    pub fn statuses(&self, cluster: &Cluster) -> Vec<BudgetStatus> {
        let mut reckonings = vec![Reckoning::default(); self.list.len()];
        // Pods of one class are selected alike.
        let mut selected: Vec<Option<SmallVec<[usize; 2]>>> = vec![None; cluster.classes.slots()];
        for (_, pod) in cluster.pods().iter() {
            let places =
                selected[pod.class.index()].get_or_insert_with(|| self.of_pods(&cluster.classes.get(pod.class).spec));
            places.iter().for_each(|place| reckonings[*place].count(pod, cluster));
        }
        let status =
            |((_, budget), reckoning): (&(_, &PodDisruptionBudget), &Reckoning)| budget.judge(reckoning, cluster);
        self.list.iter().zip(&reckonings).map(status).collect()
    }

    /// What each budget lets the scheduler take, by place.
    pub fn allowances(&self, cluster: &Cluster) -> Vec<BudgetAllowances<'c>> {
        if cluster.statuses_as_given {
            return self.list.iter().map(|(_, budget)| budget.given_allowances()).collect();
        }
        self.statuses(cluster).into_iter().map(BudgetAllowances::of).collect()
    }
}

fn first_label(selector: &LabelSelector) -> Option<(&str, &str)> {
    selector.match_labels.iter().next().map(|(key, value)| (key.as_str(), value.as_str()))
}

//! RemovePodsViolatingTopologySpreadConstraint: evicts pods from topology domains that have too many of those that a constraint counts.
//!
//! Source: `pkg/framework/plugins/removepodsviolatingtopologyspreadconstraint/topologyspreadconstraint.go`.

use super::Arguments;
use super::go_sort;
use super::selection::{Namespaces, Selector};
use crate::config::Invalid;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use towtank_sim::descheduler::{Cycle, NodeView, PodView, Refused, Strategy, fit};
use towtank_sim::model::topology_spread::{NodeInclusionPolicy, TopologySpreadConstraint, WhenUnsatisfiable};

/// RemovePodsViolatingTopologySpreadConstraint with its arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct RemovePodsViolatingTopologySpreadConstraint {
    namespaces: Namespaces,
    label_selector: Option<Selector>,
    constraints: Vec<Kind>,
    topology_balance_node_fit: Option<bool>,
}

/// Which constraints count; hard ones where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Kind {
    DoNotSchedule,
    ScheduleAnyway,
}

/// A constraint as a pod has it. Those of alike pods are one.
#[derive(Clone, Copy)]
struct Constraint<'v, 'c> {
    of: &'c TopologySpreadConstraint,
    pod: &'v PodView<'c>,
}

/// A domain and its pods.
struct Domain<'v> {
    value: &'v str,
    pods: Vec<usize>,
}

impl Strategy for RemovePodsViolatingTopologySpreadConstraint {
    fn name(&self) -> &'static str {
        "RemovePodsViolatingTopologySpreadConstraint"
    }

    fn run(&self, cycle: &mut Cycle<'_, '_>) {
        let wanted = self.wanted(cycle);
        let mut full_nodes = BTreeSet::new();
        for pod in wanted {
            let node = cycle.pod(pod).node;
            if full_nodes.contains(&node) || !cycle.may_consider(pod) || !cycle.may_go(pod) {
                continue;
            }
            match cycle.evict(pod) {
                Ok(()) | Err(Refused::Other) => {}
                Err(Refused::NodeLimit) => {
                    full_nodes.insert(node);
                }
                Err(Refused::TotalLimit) => return,
            }
        }
    }
}

impl RemovePodsViolatingTopologySpreadConstraint {
    /// The pods that should go, in their order in the view.
    fn wanted(&self, cycle: &Cycle<'_, '_>) -> BTreeSet<usize> {
        let mut by_namespace: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for &node in cycle.nodes() {
            for pod in cycle.pods_on(node, false) {
                let view = cycle.pod(pod);
                let selected = self.label_selector.as_ref().is_none_or(|selector| selector.selects(view));
                if selected && self.namespaces.has(view.namespace()) && cycle.may_consider(pod) {
                    by_namespace.entry(view.namespace()).or_default().push(pod);
                }
            }
        }
        let mut wanted = BTreeSet::new();
        for pods in by_namespace.values() {
            for constraint in self.constraints_of(pods, cycle) {
                self.balance(constraint, pods, cycle, &mut wanted);
            }
        }
        wanted
    }

    /// The different constraints of these pods, in the order in which they are found.
    fn constraints_of<'v, 'c>(&self, pods: &[usize], cycle: &'v Cycle<'_, 'c>) -> Vec<Constraint<'v, 'c>> {
        let counts = |constraint: &&TopologySpreadConstraint| match constraint.when_unsatisfiable {
            WhenUnsatisfiable::DoNotSchedule => {
                self.constraints.is_empty() || self.constraints.contains(&Kind::DoNotSchedule)
            }
            WhenUnsatisfiable::ScheduleAnyway => self.constraints.contains(&Kind::ScheduleAnyway),
        };
        let mut found: Vec<Constraint<'_, '_>> = Vec::new();
        for &pod in pods {
            let pod = cycle.pod(pod);
            for of in pod.class.spec.topology_spread.iter().filter(counts) {
                let new = Constraint { of, pod };
                if !found.iter().any(|other| other.is_like(&new)) {
                    found.push(new);
                }
            }
        }
        found
    }

    /// Adds the pods that must leave their domains for the domains to differ by no more than the constraint's skew: from the fullest
    /// domain to the emptiest, no more than half of what they differ by, and none past the average.
    fn balance(
        &self,
        constraint: Constraint<'_, '_>,
        pods: &[usize],
        cycle: &Cycle<'_, '_>,
        wanted: &mut BTreeSet<usize>,
    ) {
        let mut domains = constraint.domains(pods, cycle);
        let max_skew = i64::from(constraint.of.max_skew);
        let size = |domain: &Domain<'_>| domain.pods.len() as i64;
        let (Some(least), Some(most)) = (domains.iter().map(size).min(), domains.iter().map(size).max()) else {
            return;
        };
        if most - least <= max_skew {
            return;
        }
        let average = domains.iter().map(size).sum::<i64>() as f64 / domains.len() as f64;
        for domain in &mut domains {
            go_sort::sort(&mut domain.pods, |a, b| stays_longer(cycle.pod(a), cycle.pod(b)));
        }
        domains.sort_by_key(size);
        let poor = constraint.nodes_of_poor(&domains, average, cycle);
        let fits = |pod: usize| fit::fits_elsewhere(cycle.pod(pod), &poor, cycle.view());
        let must_fit = self.topology_balance_node_fit.unwrap_or(true);
        let (mut low, mut high) = (0, domains.len() - 1);
        while low < high {
            if size(&domains[high]) as f64 <= average {
                high -= 1;
            }
            let skew = size(&domains[high]) - size(&domains[low]);
            if skew <= max_skew {
                low += 1;
                continue;
            }
            let above = (size(&domains[high]) as f64 - average).ceil();
            let below = (average - size(&domains[low]) as f64).ceil();
            let half = ((skew - max_skew) as f64 / 2.0).ceil();
            let moved = above.min(below).min(half);
            if moved < 1.0 {
                low += 1;
                continue;
            }
            // Those that fit where pods are missing go first.
            domains[high].pods.sort_by_key(|pod| fits(*pod));
            let stay = domains[high].pods.len() - moved as usize;
            let leaving = domains[high].pods.split_off(stay);
            wanted.extend(leaving.iter().copied().filter(|pod| !must_fit || fits(*pod)));
            // Those that fit nowhere count as moved all the same, so that this comes to an end.
            domains[low].pods.extend(leaving);
        }
    }
}

impl<'v> Constraint<'v, '_> {
    /// Whether it counts the same pods on the same nodes.
    fn is_like(&self, other: &Self) -> bool {
        let honor = NodeInclusionPolicy::Honor;
        let (a, b) = (&self.pod.class.spec, &other.pod.class.spec);
        self.of.max_skew == other.of.max_skew
            && self.of.topology_key == other.of.topology_key
            && self.of.selector == other.of.selector
            && self.of.node_affinity_policy == other.of.node_affinity_policy
            && self.of.node_taints_policy == other.of.node_taints_policy
            && (self.of.node_affinity_policy != honor
                || a.node_selector == b.node_selector && a.node_affinity.required == b.node_affinity.required)
            && (self.of.node_taints_policy != honor || a.tolerations == b.tolerations)
    }

    fn includes(&self, node: &NodeView<'_>) -> bool {
        let honor = NodeInclusionPolicy::Honor;
        (self.of.node_affinity_policy != honor || fit::selects(self.pod, node))
            && (self.of.node_taints_policy != honor || fit::tolerates(self.pod, &node.spec.taints, fit::is_hard))
    }

    /// The domains of the nodes that count, empty ones too, with the pods that are counted.
    fn domains(&self, pods: &[usize], cycle: &'v Cycle<'_, '_>) -> Vec<Domain<'v>> {
        let value = |node: usize| cycle.node(node).spec.labels.get(&self.of.topology_key).map(String::as_str);
        let mut domains: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for &node in cycle.nodes() {
            if let Some(value) = value(node).filter(|_| self.includes(cycle.node(node))) {
                domains.entry(value).or_default();
            }
        }
        let counts = |pod: &&usize| {
            let pod = cycle.pod(**pod);
            let selector = self.of.selector.as_ref();
            !pod.terminating && selector.is_some_and(|selector| selector.matches(&pod.class.spec.labels))
        };
        for &pod in pods.iter().filter(counts) {
            if let Some(value) = value(cycle.pod(pod).node) {
                domains.entry(value).or_default().push(pod);
            }
        }
        domains.into_iter().map(|(value, pods)| Domain { value, pods }).collect()
    }

    /// The nodes that count in the domains that have fewer pods than the average.
    fn nodes_of_poor(&self, domains: &[Domain<'_>], average: f64, cycle: &Cycle<'_, '_>) -> Vec<usize> {
        let poor: BTreeSet<&str> =
            domains.iter().filter(|domain| (domain.pods.len() as f64) < average).map(|domain| domain.value).collect();
        let is_of_poor = |node: &&usize| {
            let node = cycle.node(**node);
            let value = node.spec.labels.get(&self.of.topology_key);
            value.is_some_and(|value| poor.contains(value.as_str())) && self.includes(node)
        };
        cycle.nodes().iter().filter(is_of_poor).copied().collect()
    }
}

/// Whether the first pod stays longer than the second: one that cannot be on every node, and then, as upstream compares, the one of lower
/// priority.
fn stays_longer(a: &PodView<'_>, b: &PodView<'_>) -> bool {
    let is_bound = |pod: &PodView<'_>| {
        let (spec, affinity) = (&pod.class.spec, &pod.class.spec.node_affinity);
        !spec.node_selector.is_empty() || affinity.required.is_some() || !affinity.preferred.is_empty()
    };
    if is_bound(a) != is_bound(b) {
        return is_bound(a);
    }
    match (a.class.spec.priority, b.class.spec.priority) {
        (Some(a), Some(b)) => a <= b,
        (a, b) => a.is_none() && b.is_some(),
    }
}

impl Arguments for RemovePodsViolatingTopologySpreadConstraint {
    fn validate(&self) -> Result<(), Invalid> {
        self.namespaces.validate()
    }
}

//! What LowNodeUtilization and HighNodeUtilization have in common: how full nodes are, and the eviction of pods from some of them while
//! others have room.
//!
//! Source: `pkg/framework/plugins/nodeutilization/nodeutilization.go`.

use super::go_sort;
use super::order::goes_first;
use super::selection::Namespaces;
use crate::config::{Invalid, Step};
use std::collections::{BTreeMap, BTreeSet};
use towtank_sim::descheduler::{Cycle, PodView, Refused, View, fit};
use towtank_sim::model::resources::ResourceId;

/// Percentages of what nodes can allocate, by resource.
pub(super) type Thresholds = BTreeMap<String, f64>;

/// Refuses thresholds that are missing or out of range.
pub(super) fn validate_thresholds(field: &'static str, thresholds: &Thresholds) -> Result<(), Invalid> {
    if thresholds.is_empty() {
        return Err(Invalid::required([Step::Key(field)], "no resource threshold is configured"));
    }
    match thresholds.iter().find(|(_, percent)| !(0.0..=100.0).contains(*percent)) {
        Some((name, percent)) => {
            Err(Invalid::value([Step::Key(field)], percent, &format!("{name}: expected a percentage from 0 to 100")))
        }
        None => Ok(()),
    }
}

/// How full the nodes of a cycle are.
#[derive(Debug)]
pub(super) struct Usage {
    /// The resources that count: CPU, memory, pods, and those that thresholds name. A name that no node and no pod has has no id.
    resources: Vec<(String, Option<ResourceId>)>,
    /// By node, in the order of the cycle's nodes.
    pub(super) nodes: Vec<NodeUsage>,
}

/// How full a node is.
#[derive(Clone, Debug)]
pub(super) struct NodeUsage {
    /// Its place in the view.
    pub(super) node: usize,
    /// Its pods when it was looked at.
    pods: Vec<usize>,
    /// What its pods request of each resource.
    used: Vec<i64>,
}

/// A node that pods leave or come to.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) usage: NodeUsage,
    /// Of each resource, what may be used of it.
    available: Vec<i64>,
}

impl Usage {
    pub(super) fn of(cycle: &Cycle<'_, '_>, thresholds: &Thresholds) -> Self {
        let mut names: BTreeSet<&str> = ["cpu", "memory", "pods"].into();
        names.extend(thresholds.keys().map(String::as_str));
        let view = cycle.view();
        let resources: Vec<_> = names.into_iter().map(|name| (name.to_owned(), view.resources.get(name))).collect();
        let usage = |&node: &usize| {
            let pods = cycle.pods_on(node, false);
            let sum = |(_, id): &(String, Option<ResourceId>)| {
                pods.iter().map(|pod| view.requested(cycle.pod(*pod), *id)).sum()
            };
            NodeUsage { node, used: resources.iter().map(sum).collect(), pods }
        };
        Self { nodes: cycle.nodes().iter().map(usage).collect(), resources }
    }

    /// What a node uses of a resource, in percent of what it can allocate; `None` where the node does not know the resource.
    pub(super) fn percent(&self, usage: &NodeUsage, resource: &str, view: &View<'_>) -> Option<f64> {
        let column = self.resources.iter().position(|(name, _)| name == resource)?;
        let capacity = capacity(usage.node, resource, self.resources[column].1, view)?;
        if capacity <= 0 {
            return Some(0.0);
        }
        Some(usage.used[column] as f64 / capacity as f64 * 100.0)
    }

    /// Whether the node uses no more of any resource than its threshold.
    pub(super) fn is_below(&self, usage: &NodeUsage, thresholds: &Thresholds, view: &View<'_>) -> bool {
        thresholds.iter().all(|(name, limit)| *limit >= self.percent(usage, name, view).unwrap_or(0.0))
    }

    /// Whether the node uses more of some resource than its threshold.
    pub(super) fn is_above(&self, usage: &NodeUsage, thresholds: &Thresholds, view: &View<'_>) -> bool {
        !self.is_below(usage, thresholds, view)
    }

    /// The node as one that pods leave or come to, if it may be used up to these thresholds, and wholly where there is none.
    pub(super) fn side(&self, usage: &NodeUsage, thresholds: &Thresholds, view: &View<'_>) -> Side {
        let available = self.resources.iter().map(|(name, id)| {
            let capacity = capacity(usage.node, name, *id, view).unwrap_or(0);
            thresholds.get(name).map_or(capacity, |percent| (percent * 0.01 * capacity as f64) as i64)
        });
        Side { usage: usage.clone(), available: available.collect() }
    }
}

/// What the node can allocate of a resource, if it says so.
fn capacity(node: usize, resource: &str, id: Option<ResourceId>, view: &View<'_>) -> Option<i64> {
    let node = &view.nodes[node];
    node.spec.allocatable.get(resource)?;
    Some(node.allocatable.get(id?))
}

/// Evicts pods from one side for as long as the other has room.
pub(super) struct Move<'a> {
    /// The nodes that pods leave.
    pub(super) from: Vec<Side>,
    /// The nodes that they may come to.
    pub(super) to: Vec<Side>,
    /// Whose pods stay.
    pub(super) namespaces: Option<&'a Namespaces>,
    /// Whether pods leave a node only for as long as it is above what it may use.
    pub(super) down_to_available: bool,
    /// How many may leave one node.
    pub(super) per_node: Option<u32>,
    /// Which pods may leave, beside what the evictor says.
    pub(super) also: &'a dyn Fn(&PodView<'_>) -> bool,
}

impl Move<'_> {
    /// `fullest_first` for the order of the nodes that pods leave.
    pub(super) fn run(mut self, fullest_first: bool, usage: &Usage, cycle: &mut Cycle<'_, '_>) {
        let load = |side: &Side| -> i64 { side.usage.used.iter().sum() };
        if fullest_first {
            self.from.sort_by_key(|side| std::cmp::Reverse(load(side)));
        } else {
            self.from.sort_by_key(load);
        }
        let mut room = vec![0; usage.resources.len()];
        for side in &self.to {
            let free = side.available.iter().zip(&side.usage.used).map(|(available, used)| available - used);
            room.iter_mut().zip(free).for_each(|(room, free)| *room += free);
        }
        for mut side in std::mem::take(&mut self.from) {
            let removable = |pod: &usize| cycle.may_consider(*pod) && (self.also)(cycle.pod(*pod));
            let mut pods: Vec<usize> = side.usage.pods.iter().copied().filter(removable).collect();
            go_sort::sort(&mut pods, |a, b| goes_first(cycle.pod(a), cycle.pod(b)));
            if !self.empty(&mut side, &pods, &mut room, usage, cycle) {
                return;
            }
        }
    }

    fn goes_on(&self, side: &Side, room: &[i64]) -> bool {
        let mut amounts = side.usage.used.iter().zip(&side.available);
        (!self.down_to_available || amounts.any(|(used, available)| available < used))
            && room.iter().all(|room| *room > 0)
    }

    /// Evicts pods of one node; whether other nodes come after it.
    fn empty(
        &self,
        side: &mut Side,
        pods: &[usize],
        room: &mut [i64],
        usage: &Usage,
        cycle: &mut Cycle<'_, '_>,
    ) -> bool {
        if !self.goes_on(side, room) {
            return true;
        }
        let mut evicted = 0;
        for &pod in pods {
            if self.per_node.is_some_and(|limit| evicted >= limit) {
                break;
            }
            if !self.may_leave(pod, cycle) {
                continue;
            }
            match cycle.evict(pod) {
                Ok(()) => {}
                Err(Refused::Other) => continue,
                Err(Refused::NodeLimit) => return true,
                Err(Refused::TotalLimit) => return false,
            }
            evicted += 1;
            for (column, (_, id)) in usage.resources.iter().enumerate() {
                let amount = cycle.view().requested(cycle.pod(pod), *id);
                side.usage.used[column] -= amount;
                room[column] -= amount;
            }
            if !self.goes_on(side, room) {
                break;
            }
        }
        true
    }

    /// Whether the pod tolerates all taints of one of the nodes that it may come to, and nothing else keeps it. A pod with fewer
    /// tolerations than a node has taints is not asked about the node.
    fn may_leave(&self, pod: usize, cycle: &Cycle<'_, '_>) -> bool {
        let view = cycle.pod(pod);
        let tolerated = self.to.iter().any(|side| {
            let taints = &cycle.node(side.usage.node).spec.taints;
            view.class.spec.tolerations.len() >= taints.len() && fit::tolerates(view, taints, |_| true)
        });
        tolerated && self.namespaces.is_none_or(|names| names.has(view.namespace())) && cycle.may_go(pod)
    }
}

//! Shrinking: which nodes are not needed, since when, and which of them go now.
//!
//! Source: `cluster-autoscaler/core/scaledown/{eligibility,planner,unneeded}`, `cluster-autoscaler/simulator/cluster.go`.

use super::budgets::Remaining;
use super::deletion::to_be_deleted;
use super::drainability::movable;
use super::group::{Group, gpu_resource};
use super::settings::ClusterAutoscalerSettings;
use super::snapshot::{Circular, Filters, Snapshot};
use crate::cluster::Cluster;
use crate::model::node::{Node, NodeSpec};
use crate::model::resources::ResourceId;
use crate::model::{NodeId, PodId};
use crate::scheduler::{PodOnNode, Step, Supposed};
use crate::time::SimTime;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is remembered of nodes between two looks, by their uids.
#[derive(Debug, Default)]
pub(super) struct ScaleDown {
    /// Since when nodes have been unneeded without a break.
    unneeded: BTreeMap<u64, SimTime>,
    /// Until when nodes are left alone whose pods cannot move, and the cluster's version when that was found.
    unremovable: BTreeMap<u64, (SimTime, u64)>,
    /// Whether a node is left alone for what may no longer be so.
    recheck: bool,
    search: Circular,
}

/// A node that could go.
#[derive(Debug)]
pub(super) struct Unneeded {
    pub(super) node: NodeId,
    pub(super) uid: u64,
    /// The index of its group.
    pub(super) group: usize,
    pub(super) since: SimTime,
    pub(super) utilization: f64,
    /// The pods that must move.
    pub(super) pods: Vec<PodId>,
}

struct Candidate {
    place: usize,
    group: usize,
    utilization: f64,
    /// Empty nodes first, then those that were unneeded before, then by name, which is the order of places.
    order: (bool, bool, usize),
}

impl ScaleDown {
    /// Looks at all nodes of groups above their minimum: which of them are hardly used and could be emptied onto the
    /// others, counting every move that an earlier one of them needs. `targets` are the sizes of the groups as they are asked for.
    pub(super) fn update(
        &mut self,
        snapshot: &Snapshot<'_>,
        groups: &[Group],
        targets: &[u32],
        filters: Filters<'_>,
        settings: &ClusterAutoscalerSettings,
    ) -> Vec<Unneeded> {
        let cluster = filters.cluster;
        let now = cluster.now;
        self.unremovable.retain(|_, (until, _)| *until > now);
        let mut candidates = self.candidates(snapshot, groups, targets, cluster, settings);
        candidates.sort_by_key(|candidate| candidate.order);

        let limit = self.unneeded.len() + 2 * settings.max_scale_down_parallelism as usize;
        let mut moves = Moves::new(snapshot, filters);
        let mut budgets = Remaining::new(cluster);
        let mut found: Vec<Unneeded> = Vec::new();
        for candidate in candidates {
            if found.len() >= limit {
                break;
            }
            let node = &*snapshot.places[candidate.place].node;
            let pods = movable(node, &budgets, cluster, settings).ok();
            let pods = pods.filter(|pods| moves.empty(candidate.place, pods, &mut self.search));
            let Some(pods) = pods else {
                let until = now + settings.unremovable_node_recheck_timeout;
                self.unremovable.insert(node.uid, (until, cluster.version()));
                continue;
            };
            budgets.take(&pods, cluster);
            let since = self.unneeded.get(&node.uid).copied().unwrap_or(now);
            let Candidate { group, utilization, .. } = candidate;
            found.push(Unneeded { node: node.id, uid: node.uid, group, since, utilization, pods });
        }
        self.unneeded = found.iter().map(|node| (node.uid, node.since)).collect();
        found
    }

    /// Whether a node is left alone for now, although what kept it may have changed since it was looked at.
    pub(super) fn awaits_recheck(&self) -> bool {
        self.recheck
    }

    fn candidates(
        &mut self,
        snapshot: &Snapshot<'_>,
        groups: &[Group],
        targets: &[u32],
        cluster: &Cluster,
        settings: &ClusterAutoscalerSettings,
    ) -> Vec<Candidate> {
        let by_name: BTreeMap<&str, usize> = groups.iter().enumerate().map(|(i, g)| (&*g.spec.name, i)).collect();
        let mut candidates = Vec::new();
        self.recheck = false;
        for (place, it) in snapshot.places.iter().enumerate().filter(|(_, it)| it.exists && !it.expects) {
            let node = &*it.node;
            let Some(&group) = node.spec.group.as_deref().and_then(|name| by_name.get(name)) else { continue };
            if targets[group] <= groups[group].spec.min {
                continue;
            }
            let (utilization, threshold) = if let Some(gpu) = gpu_resource(node, cluster) {
                (used(node, gpu), settings.scale_down_gpu_utilization_threshold)
            } else {
                let most = used(node, ResourceId::CPU).max(used(node, ResourceId::MEMORY));
                (most, settings.scale_down_utilization_threshold)
            };
            if utilization > threshold {
                continue;
            }
            if let Some((_, version)) = self.unremovable.get(&node.uid) {
                self.recheck |= *version != cluster.version();
            } else {
                let order = (!node.pods.is_empty(), !self.unneeded.contains_key(&node.uid), place);
                candidates.push(Candidate { place, group, utilization, order });
            }
        }
        candidates
    }
}

/// The requested fraction of a resource; a node that has none of it counts as full when something of it is requested.
fn used(node: &Node, resource: ResourceId) -> f64 {
    match (node.requested.get(resource), node.allocatable.get(resource)) {
        (0, _) => 0.0,
        (requested, allocatable) => requested as f64 / allocatable as f64,
    }
}

/// Nodes as they would be with further pods, and these pods.
type Places = BTreeMap<usize, (Node, Vec<PodId>)>;

/// Moves tried out on the snapshot.
struct Moves<'a, 'c> {
    snapshot: &'a Snapshot<'c>,
    filters: Filters<'c>,
    /// What the moves come to, for filters that look at more than one node.
    supposed: Supposed<'a>,
    /// The nodes that pods were moved to.
    moved: Places,
    /// The nodes that would go.
    gone: BTreeSet<usize>,
}

impl<'a, 'c> Moves<'a, 'c> {
    fn new(snapshot: &'a Snapshot<'c>, filters: Filters<'c>) -> Self {
        let supposed = snapshot.supposed(filters.cluster);
        Self { snapshot, filters, supposed, moved: BTreeMap::new(), gone: BTreeSet::new() }
    }

    /// Moves these pods, and those that were moved here before, from a node elsewhere, so that it can go; if one cannot
    /// move, none does.
    fn empty(&mut self, from: usize, pods: &[PodId], search: &mut Circular) -> bool {
        let before = (self.supposed.pods.len(), self.supposed.nodes.len());
        let found = self.find_places(from, pods, search);
        if let Some(places) = found {
            self.moved.extend(places);
            self.moved.remove(&from);
            self.gone.insert(from);
            self.supposed.nodes.push((&*self.snapshot.places[from].node, None));
            return true;
        }
        self.supposed.pods.truncate(before.0);
        self.supposed.nodes.truncate(before.1);
        false
    }

    /// The nodes that the pods would move to, as they would then be. While the pods look for a place the node is still there, without
    /// any pod and with the taint that it will have: topology spread counts it as an empty domain, unless the constraint honors taints.
    ///
    /// Source: `simulator/cluster.go`, `findPlaceFor` and `replaceWithTaintedGhostNode`.
    fn find_places(&mut self, from: usize, pods: &[PodId], search: &mut Circular) -> Option<Places> {
        let Self { snapshot, filters, supposed, moved, gone } = self;
        let places = &snapshot.places;
        let node = &*places[from].node;
        let guests = moved.get(&from).map_or(&[][..], |(_, guests)| guests);
        let leaving = node.pods.iter().chain(guests).filter_map(|id| PodOnNode::find(*id, filters.cluster));
        supposed.pods.extend(leaving.map(|pod| (pod, node, Step::Leaves)));
        let mut spec = NodeSpec::clone(&node.spec);
        spec.taints.push(to_be_deleted(filters.cluster.now));
        supposed.nodes.push((node, Some(Arc::new(spec))));

        let mut tried = Places::new();
        for &id in pods.iter().chain(guests) {
            let Some(pod) = PodOnNode::find(id, filters.cluster) else { continue };
            let mut chain = filters.of(pod.class_id, Some(id)).ok()?;
            chain.suppose(supposed);
            let changed = |i: &usize| tried.get(i).or_else(|| moved.get(i));
            let now = |i: usize| changed(&i).map_or(&*places[i].node, |(node, _)| node);
            let may = |i: usize| i != from && places[i].exists && !gone.contains(&i);
            let to = search.find(places.len(), |i| may(i) && chain.check(now(i)).is_none())?;
            let (mut node, mut guests) = changed(&to).cloned().unwrap_or_else(|| (now(to).clone(), Vec::new()));
            node.add_hypothetical(pod.class);
            guests.push(id);
            tried.insert(to, (node, guests));
            supposed.pods.push((pod, &*places[to].node, Step::Comes));
        }
        Some(tried)
    }
}

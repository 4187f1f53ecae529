//! Whether a node's pods find other places, tried out on the snapshot.
//!
//! Source: `cluster-autoscaler/simulator/cluster.go`, `cluster-autoscaler/simulator/scheduling/hinting_simulator.go`.

use super::deletion::to_be_deleted;
use super::hints::Hints;
use super::pending::sort_pods;
use super::settings::ClusterAutoscalerSettings;
use super::snapshot::{Circular, Filters, Snapshot};
use crate::model::PodId;
use crate::model::node::{Node, NodeSpec};
use crate::scheduler::{PodOnNode, Step, Supposed};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Nodes as they would be with further pods, and these pods.
type Places = BTreeMap<usize, (Node, Vec<PodId>)>;

/// Where pods would go, by place.
pub(super) type Moves = Vec<(PodId, usize)>;

/// What is remembered from one trial to the next.
#[derive(Debug)]
pub(super) struct Memory<'a> {
    pub(super) hints: &'a mut Hints,
    pub(super) search: &'a mut Circular,
}

/// Removals tried out on the snapshot, one after another.
pub(super) struct Removals<'a, 'c> {
    snapshot: &'a Snapshot<'c>,
    filters: Filters<'c>,
    /// What the moves come to, for filters that look at more than one node.
    supposed: Supposed<'a>,
    /// The nodes that pods were moved to.
    moved: Places,
    /// The places that are left, in order.
    left: Vec<usize>,
}

impl<'a, 'c> Removals<'a, 'c> {
    pub(super) fn new(snapshot: &'a Snapshot<'c>, filters: Filters<'c>) -> Self {
        let supposed = snapshot.supposed(filters.cluster);
        Self { snapshot, filters, supposed, moved: BTreeMap::new(), left: (0..snapshot.places.len()).collect() }
    }

    /// The pods of a place in canonical order: those that are there, those that are expected, and those that were moved there before.
    pub(super) fn pods_of(&self, place: usize, settings: &ClusterAutoscalerSettings) -> Vec<PodId> {
        let mut pods = self.snapshot.places[place].node.pods.to_vec();
        sort_pods(&mut pods, self.filters.cluster, settings);
        pods.extend(self.snapshot.expected_on(place));
        pods.extend(self.moved.get(&place).into_iter().flat_map(|(_, guests)| guests));
        pods
    }

    /// Moves these pods from a node elsewhere, so that it can go; if one cannot move, none does.
    pub(super) fn empty(&mut self, from: usize, pods: &[PodId], memory: &mut Memory<'_>) -> Option<Moves> {
        let before = (self.supposed.pods.len(), self.supposed.nodes.len());
        if let Some((places, moves)) = self.find_places(from, pods, memory) {
            self.moved.extend(places);
            self.moved.remove(&from);
            self.left.retain(|place| *place != from);
            self.supposed.nodes.push((&*self.snapshot.places[from].node, None));
            return Some(moves);
        }
        self.supposed.pods.truncate(before.0);
        self.supposed.nodes.truncate(before.1);
        None
    }

    /// The nodes that the pods would move to, as they would then be. While the pods look for a place the node is still there, without
    /// any pod and with the taint that it will have: topology spread counts it as an empty domain, unless the constraint honors taints.
    ///
    /// Source: `simulator/cluster.go`, `findPlaceFor` and `replaceWithTaintedGhostNode`.
    fn find_places(&mut self, from: usize, pods: &[PodId], memory: &mut Memory<'_>) -> Option<(Places, Moves)> {
        let cluster = self.filters.cluster;
        let places = &self.snapshot.places;
        let node = &*places[from].node;
        let guests = self.moved.get(&from).into_iter().flat_map(|(_, guests)| guests.iter().copied());
        let leaving = self.snapshot.pods_of(from).chain(guests).filter_map(|id| PodOnNode::find(id, cluster));
        self.supposed.pods.extend(leaving.map(|pod| (pod, node, Step::Leaves)));
        let mut spec = NodeSpec::clone(&node.spec);
        spec.taints.push(to_be_deleted(cluster.now));
        self.supposed.nodes.push((node, Some(Arc::new(spec))));

        let Self { filters, supposed, moved, left, .. } = self;
        let mut tried = Places::new();
        let mut moves = Moves::new();
        for &id in pods {
            let (Some(pod), Some(uid)) = (PodOnNode::find(id, cluster), cluster.pod(id).map(|pod| pod.uid)) else {
                continue;
            };
            let mut chain = filters.of(pod.class_id, Some(id)).ok()?;
            chain.suppose(supposed);
            let changed = |i: &usize| tried.get(i).or_else(|| moved.get(i));
            let now = |i: usize| changed(&i).map_or(&*places[i].node, |(node, _)| node);
            let fits = |i: usize| i != from && places[i].exists && !places[i].leaves && chain.check(now(i)).is_none();
            let hinted = memory.hints.get(uid).and_then(|name| self.snapshot.place(name));
            let hinted = hinted.filter(|place| left.binary_search(place).is_ok() && fits(*place));
            let to = match hinted {
                Some(place) => place,
                None => left[memory.search.find(left.len(), |i| fits(left[i]))?],
            };
            memory.hints.set(uid, &places[to].node.spec.name);
            let (mut node, mut guests) = changed(&to).cloned().unwrap_or_else(|| (now(to).clone(), Vec::new()));
            node.add_hypothetical(pod.class);
            guests.push(id);
            tried.insert(to, (node, guests));
            supposed.pods.push((pod, &*places[to].node, Step::Comes));
            moves.push((id, to));
        }
        Some((tried, moves))
    }
}

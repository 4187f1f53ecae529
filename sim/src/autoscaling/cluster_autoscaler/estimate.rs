//! How many new nodes of a group would hold how many of the pending pods.
//!
//! Source: `cluster-autoscaler/estimator/binpacking_estimator.go`: next-fit within a group of alike pods, first-fit across
//! groups.

use super::pending::PodGroup;
use super::snapshot::{Circular, Filters, Snapshot};
use super::template::renamed;
use crate::model::node::{HOSTNAME_LABEL, Node};
use crate::model::pod::PodClass;
use crate::model::resources::ResourceId;
use crate::model::{ClassId, PodId};
use crate::scheduler::{FilterChain, PodOnNode, Step};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The reason of the filter with which pods are spread.
const TOO_FULL: &str = "node(s) didn't match pod topology spread constraints";

/// What the packing came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Estimate {
    /// The pods of each new node that got some, in order of creation.
    pub(super) packing: Vec<Vec<PodId>>,
    /// The pods that were placed, also those that turned out to fit on nodes that are there.
    pub(super) pods: Vec<PodId>,
}

/// A group of pods with what is needed to place it.
#[derive(Clone, Copy)]
pub(super) struct Packable<'a, 'c> {
    pub(super) group: &'a PodGroup,
    pub(super) class: &'c PodClass,
    /// Its filters, for the cluster as it is.
    pub(super) chain: &'a FilterChain<'c>,
    /// Whether they are to look at the pods and nodes that are only supposed.
    pub(super) heeds: bool,
}

/// Packs pods onto at most `limit` new nodes beside those of the snapshot.
pub(super) fn estimate(
    template: &Node,
    mut pods: Vec<Packable<'_, '_>>,
    limit: usize,
    (snapshot, filters): (&Snapshot<'_>, Filters<'_>),
    search: &mut Circular,
) -> Estimate {
    // Large pods first; equal ones keep their order.
    pods.sort_by(|a, b| score(b.class, template).total_cmp(&score(a.class, template)));
    let names_matter = pods.iter().any(|item| item.heeds);
    let mut packing = Packing {
        template,
        snapshot,
        filters,
        search,
        names_matter,
        nodes: Vec::new(),
        taken: BTreeMap::new(),
        placed: Vec::new(),
    };
    // Nodes only fill up: a class that once fitted on none of the first so many never will.
    let mut full: BTreeMap<ClassId, usize> = BTreeMap::new();
    for item in pods {
        let full_below = full.entry(item.group.class).or_default();
        packing.pack(item, limit, full_below);
    }
    let pods = packing.placed.iter().map(|(pod, _)| *pod).collect();
    let packed = packing.nodes.into_iter().map(|(_, pods)| pods).filter(|pods| !pods.is_empty()).collect();
    Estimate { packing: packed, pods }
}

struct Packing<'a, 'c> {
    template: &'a Node,
    snapshot: &'a Snapshot<'c>,
    filters: Filters<'c>,
    search: &'a mut Circular,
    /// Whether filters tell new nodes apart.
    names_matter: bool,
    /// The new nodes with their pods.
    nodes: Vec<(Node, Vec<PodId>)>,
    /// Places of the snapshot that got pods, as they would be.
    taken: BTreeMap<usize, Node>,
    /// The pods with where they were placed: indices of places, after which those of new nodes come.
    placed: Vec<(PodId, usize)>,
}

impl<'c> Packing<'_, 'c> {
    fn pack(&mut self, item: Packable<'_, 'c>, limit: usize, full_below: &mut usize) {
        let mut judge = Judge { base: item.chain, own: None };
        self.renew(&mut judge, item);
        let heeds = item.heeds;
        let there = self.snapshot.places.len();
        let mut rest = item.group.pods.iter().copied().peekable();
        while let Some(&pod) = rest.peek() {
            let nodes = &self.nodes;
            let known_full = if heeds { 0 } else { *full_below };
            let fits = |i: usize| i >= there + known_full && judge.chain().check(&nodes[i - there].0).is_none();
            let Some(index) = self.search.find(there + nodes.len(), fits) else {
                *full_below = nodes.len();
                break;
            };
            self.place(index, pod, item, &mut judge);
            rest.next();
        }
        while let Some(&pod) = rest.peek() {
            let refused = self.nodes.last().map(|(node, _)| self.filters.reasons(judge.chain(), node));
            let mut place = matches!(refused, Some(None)).then(|| there + self.nodes.len() - 1);
            if place.is_none()
                && refused.flatten().is_some_and(|reasons| reasons.iter().any(|reason| reason == TOO_FULL))
            {
                place = self.find_beside_last(item, &judge);
            }
            let Some(place) = place.or_else(|| self.add_node(limit, item, &mut judge)) else { break };
            self.place(place, pod, item, &mut judge);
            rest.next();
        }
    }

    /// A pod that is spread over hosts may fit anywhere but on the last node.
    fn find_beside_last(&mut self, item: Packable<'_, 'c>, judge: &Judge<'_, 'c>) -> Option<usize> {
        let over_hosts = item.class.spec.topology_spread.iter().any(|spread| &*spread.topology_key == HOSTNAME_LABEL);
        let there = self.snapshot.places.len();
        let last = there + self.nodes.len() - 1;
        if !over_hosts {
            return None;
        }
        let mut search = *self.search;
        let found = search.find(last + 1, |i| i != last && judge.chain().check(self.node(i)).is_none());
        *self.search = search;
        found
    }

    /// Adds a node; its index if the pod fits there.
    fn add_node(&mut self, limit: usize, item: Packable<'_, 'c>, judge: &mut Judge<'_, 'c>) -> Option<usize> {
        // A pod that does not fit on an empty node will not fit on another one either.
        let last_is_empty = self.nodes.last().is_some_and(|(_, pods)| pods.is_empty());
        if last_is_empty || self.nodes.len() >= limit {
            return None;
        }
        let mut node = self.template.clone();
        if self.names_matter {
            node.spec = Arc::new(renamed(&node.spec, format!("{}-e-{}", node.spec.name, self.nodes.len())));
        }
        self.nodes.push((node, Vec::new()));
        if !item.class.spec.topology_spread.is_empty() {
            self.renew(judge, item);
        }
        let (node, _) = self.nodes.last()?;
        judge.chain().check(node).is_none().then(|| self.snapshot.places.len() + self.nodes.len() - 1)
    }

    fn place(&mut self, index: usize, pod: PodId, item: Packable<'_, 'c>, judge: &mut Judge<'_, 'c>) {
        if let Some(new) = index.checked_sub(self.snapshot.places.len()) {
            let (node, pods) = &mut self.nodes[new];
            node.add_hypothetical(item.class);
            pods.push(pod);
        } else {
            let node = self.taken.entry(index).or_insert_with(|| Node::clone(&self.snapshot.places[index].node));
            node.add_hypothetical(item.class);
        }
        self.placed.push((pod, index));
        let told = PodOnNode::find(pod, self.filters.cluster);
        match (&mut judge.own, told) {
            // Affinity counts one pod after another; spreading has to look at all domains.
            (Some(chain), Some(pod)) if item.class.spec.topology_spread.is_empty() => {
                chain.add_pod(pod, self.node(index));
            }
            _ => self.renew(judge, item),
        }
    }

    fn node(&self, index: usize) -> &Node {
        match index.checked_sub(self.snapshot.places.len()) {
            Some(new) => &self.nodes[new].0,
            None => self.taken.get(&index).unwrap_or(&*self.snapshot.places[index].node),
        }
    }

    /// Asks the filters anew where they look at more than one node.
    fn renew(&self, judge: &mut Judge<'_, 'c>, item: Packable<'_, 'c>) {
        if !item.heeds {
            return;
        }
        let Ok(mut chain) = self.filters.of(item.group.class, item.group.pods.first().copied()) else { return };
        let cluster = self.filters.cluster;
        let mut supposed = self.snapshot.supposed(cluster);
        let there = self.snapshot.places.len();
        for (id, index) in &self.placed {
            let node = match index.checked_sub(there) {
                Some(new) => &self.nodes[new].0,
                None => &*self.snapshot.places[*index].node,
            };
            supposed.pods.extend(PodOnNode::find(*id, cluster).map(|pod| (pod, node, Step::Comes)));
        }
        supposed.nodes.extend(self.nodes.iter().map(|(node, _)| (node, Some(Arc::clone(&node.spec)))));
        chain.suppose(&supposed);
        judge.own = Some(chain);
    }
}

/// The filters of an item: as the cluster is, or as it would be with what has been placed.
struct Judge<'a, 'c> {
    base: &'a FilterChain<'c>,
    own: Option<FilterChain<'c>>,
}

impl<'c> Judge<'_, 'c> {
    fn chain(&self) -> &FilterChain<'c> {
        self.own.as_ref().unwrap_or(self.base)
    }
}

/// Source: `estimator/decreasing_pod_orderer.go`.
fn score(class: &PodClass, template: &Node) -> f64 {
    let part = |id| {
        let allocatable = template.allocatable.get(id);
        if allocatable > 0 { class.requests.get(id) as f64 / allocatable as f64 } else { 0.0 }
    };
    part(ResourceId::CPU) + part(ResourceId::MEMORY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling::testing::{bare_pod, node, profile};
    use crate::cluster::Cluster;
    use crate::model::pod::Run;

    /// Packs groups of (how many, CPU) pods onto nodes of 4 cores.
    fn check(shapes: &[(usize, &str)], limit: usize, packing: &[usize], placed: usize) {
        let mut cluster = Cluster::default();
        let mut groups = Vec::new();
        for (g, (count, cpu)) in shapes.iter().enumerate() {
            let name = |i| format!("p{g}-{i}");
            let pods = (0..*count).map(|i| bare_pod(&mut cluster, &name(i), cpu, "1Gi", Run::Forever));
            let pods: Vec<PodId> = pods.collect();
            let class = cluster.pod(pods[0]).expect("made above").class;
            groups.push(PodGroup { class, pods });
        }
        let template = Node::hypothetical(node("t", "4", "16Gi"), &mut cluster.resources);
        let profiles = [profile()];
        let filters = Filters::new(&profiles, &cluster);
        let chains: Vec<FilterChain<'_>> =
            groups.iter().map(|group| filters.of(group.class, None).expect("no verdict")).collect();
        let packable = groups.iter().zip(&chains).map(|(group, chain)| Packable {
            group,
            class: cluster.classes.get(group.class),
            chain,
            heeds: false,
        });
        let snapshot = Snapshot::new(filters, &[], i32::MIN, |_| false);
        let result = estimate(&template, packable.collect(), limit, (&snapshot, filters), &mut Circular::default());
        let got: Vec<usize> = result.packing.iter().map(Vec::len).collect();
        assert_eq!((got.as_slice(), result.pods.len()), (packing, placed), "{shapes:?} limit {limit}");
    }

    #[test]
    fn next_fit_within_a_shape_and_first_fit_across() {
        check(&[(4, "1")], 100, &[4], 4);
        check(&[(5, "2")], 100, &[2, 2, 1], 5);
        // Large pods first, then the small ones into what they leave.
        check(&[(3, "1"), (2, "3")], 100, &[2, 2, 1], 5);
        check(&[(2, "1"), (2, "3")], 100, &[2, 2], 4);
        check(&[(2, "3"), (1, "2"), (1, "2")], 100, &[1, 1, 2], 4);
    }

    #[test]
    fn the_limit_holds_and_what_fits_nowhere_adds_no_node() {
        check(&[(5, "2")], 2, &[2, 2], 4);
        check(&[(5, "2")], 0, &[], 0);
        check(&[(3, "5")], 100, &[], 0);
        // The oversized shape leaves an empty node behind, which the small one then uses.
        check(&[(1, "5"), (2, "1")], 1, &[2], 2);
    }
}

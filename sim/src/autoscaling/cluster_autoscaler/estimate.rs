//! How many new nodes of a group would hold how many of the pending pods.
//!
//! Source: `cluster-autoscaler/estimator/binpacking_estimator.go`: next-fit within a group of alike pods, first-fit across
//! groups.

use super::pending::PodGroup;
use super::snapshot::Circular;
use crate::model::node::Node;
use crate::model::pod::PodClass;
use crate::model::resources::ResourceId;
use crate::model::{ClassId, PodId};
use crate::scheduler::FilterChain;
use std::collections::BTreeMap;

/// What the packing came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Estimate {
    /// For each new node that got pods, how many, in order of creation.
    pub(super) packing: Vec<u32>,
    /// The pods that were placed.
    pub(super) pods: Vec<PodId>,
}

/// A group of pods with what is needed to place it.
#[derive(Clone, Copy)]
pub(super) struct Packable<'a> {
    pub(super) group: &'a PodGroup,
    pub(super) class: &'a PodClass,
    pub(super) chain: &'a FilterChain<'a>,
}

/// Packs pods onto at most `limit` new nodes.
pub(super) fn estimate(template: &Node, mut pods: Vec<Packable<'_>>, limit: usize) -> Estimate {
    // Large pods first; equal ones keep their order.
    pods.sort_by(|a, b| score(b.class, template).total_cmp(&score(a.class, template)));
    let mut packing = Packing { nodes: Vec::new(), placed: Vec::new(), search: Circular::default() };
    // Nodes only fill up: a class that once fitted on none of the first so many never will.
    let mut full: BTreeMap<ClassId, usize> = BTreeMap::new();
    for item in pods {
        let mut rest = item.group.pods.iter().copied().peekable();
        let full_below = full.entry(item.group.class).or_default();
        while let Some(&pod) = rest.peek() {
            let nodes = &packing.nodes;
            let fits = |i: usize| i >= *full_below && item.chain.check(&nodes[i].0).is_none();
            let Some(index) = packing.search.find(nodes.len(), fits) else {
                *full_below = packing.nodes.len();
                break;
            };
            packing.place(index, pod, item.class);
            rest.next();
        }
        while let Some(&pod) = rest.peek() {
            let last = packing.nodes.last();
            let fits_last = last.is_some_and(|(node, _)| item.chain.check(node).is_none());
            if !fits_last {
                // A pod that does not fit on an empty node will not fit on another one either.
                let last_is_empty = last.is_some_and(|(_, count)| *count == 0);
                if last_is_empty || packing.nodes.len() >= limit {
                    break;
                }
                packing.nodes.push((template.clone(), 0));
                if item.chain.check(template).is_some() {
                    break;
                }
            }
            packing.place(packing.nodes.len() - 1, pod, item.class);
            rest.next();
        }
    }
    let packed = packing.nodes.iter().map(|(_, count)| *count).filter(|count| *count > 0).collect();
    Estimate { packing: packed, pods: packing.placed }
}

struct Packing {
    nodes: Vec<(Node, u32)>,
    placed: Vec<PodId>,
    search: Circular,
}

impl Packing {
    fn place(&mut self, index: usize, pod: PodId, class: &PodClass) {
        let (node, count) = &mut self.nodes[index];
        node.add_hypothetical(class);
        *count += 1;
        self.placed.push(pod);
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
    use crate::scheduler::Cycle;

    /// Packs groups of (how many, CPU) pods onto nodes of 4 cores.
    fn check(shapes: &[(usize, &str)], limit: usize, packing: &[u32], placed: usize) {
        let mut cluster = Cluster::default();
        let profile = profile();
        let mut groups = Vec::new();
        for (g, (count, cpu)) in shapes.iter().enumerate() {
            let name = |i| format!("p{g}-{i}");
            let pods = (0..*count).map(|i| bare_pod(&mut cluster, &name(i), cpu, "1Gi", Run::Forever));
            let pods: Vec<PodId> = pods.collect();
            let class = cluster.pod(pods[0]).expect("made above").class;
            groups.push(PodGroup { class, pods });
        }
        let template = Node::hypothetical(node("t", "4", "16Gi"), &mut cluster.resources);
        let cycle = |class_id| Cycle::new(&cluster, class_id, None);
        let chains: Vec<FilterChain<'_>> =
            groups.iter().map(|group| profile.filters(&cycle(group.class)).expect("no verdict")).collect();
        let packable = groups.iter().zip(&chains).map(|(group, chain)| Packable {
            group,
            class: cluster.classes.get(group.class),
            chain,
        });
        let result = estimate(&template, packable.collect(), limit);
        assert_eq!((result.packing.as_slice(), result.pods.len()), (packing, placed), "{shapes:?} limit {limit}");
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

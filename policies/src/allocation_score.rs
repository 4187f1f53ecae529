//! Scores by how much of a node's resources is taken with the pod on it: the strategies of NodeResourcesFit.
//!
//! Source: `pkg/scheduler/framework/plugins/noderesources/{least_allocated,most_allocated,requested_to_capacity_ratio}.go`.

use crate::config::{ShapePoint, Strategy};
use crate::lasting::score_by_node;
use crate::pair::{Pair, allocatable, integer, is_exact, pair, whole, zip};
use crate::resource_ref::{CycleResource, CycleResources, ResourceRef};
use std::sync::Arc;
use towtank_sim::cluster::{Cluster, Nodes};
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{LastingScore, MAX_NODE_SCORE, NodePart, NodeScore, Score};

/// A strategy, and the resources that it looks at.
#[derive(Clone, Debug)]
pub(crate) struct AllocationScore {
    strategy: Arc<Strategy>,
    resources: Arc<[ResourceRef]>,
}

/// What scores nodes for the pods of one class.
struct Allocation {
    strategy: Arc<Strategy>,
    resources: CycleResources,
}

/// As [`Allocation`], where only CPU and memory count: most nodes are scored by their rows in the table of loads.
struct RowAllocation {
    plain: Allocation,
    /// What the pod asks for.
    pod: Pair,
    weights: Pair,
    /// `2^40 / (sum of the weights)`, rounded up.
    inverse: u64,
}

impl AllocationScore {
    /// The strategy on these resources.
    pub(crate) fn new(strategy: Strategy, resources: Vec<ResourceRef>) -> Self {
        Self { strategy: Arc::new(strategy), resources: resources.into() }
    }

    /// What scores nodes for pods of the class.
    pub(crate) fn of(&self, class: &PodClass, cluster: &Cluster) -> impl Score + use<> {
        self.allocation(class, cluster)
    }

    /// The same for good.
    pub(crate) fn lasting(&self, class: &PodClass, cluster: &Cluster) -> LastingScore {
        match RowAllocation::new(self.allocation(class, cluster)) {
            Ok(by_row) => LastingScore::ByNode(Box::new(by_row)),
            Err(plain) => score_by_node(NodePart::Whole, plain),
        }
    }

    fn allocation(&self, class: &PodClass, cluster: &Cluster) -> Allocation {
        let resources = ResourceRef::resolve(&self.resources, class, cluster, true);
        Allocation { strategy: Arc::clone(&self.strategy), resources }
    }
}

impl Score for Allocation {
    fn score(&self, node: &Node) -> i64 {
        let (mut sum, mut weights) = (0_i64, 0_i64);
        for resource in &self.resources {
            let Some(amounts) = resource.on(node) else { continue };
            let score = self.strategy.score(amounts.after, amounts.allocatable);
            // A shape's zeros do not count at all, so that they do not drag the mean down.
            if matches!(*self.strategy, Strategy::RequestedToCapacityRatio(_)) && score <= 0 {
                continue;
            }
            sum = sum.saturating_add(score.saturating_mul(resource.weight));
            weights += resource.weight;
        }
        match (weights, &*self.strategy) {
            (0, _) => 0,
            (_, Strategy::RequestedToCapacityRatio(_)) => round_half_up(sum, weights),
            _ => sum / weights,
        }
    }
}

impl RowAllocation {
    /// The largest sum of weights for which the inverse does as well as division.
    const MAX_WEIGHT: i64 = 1 << 15;

    fn new(plain: Allocation) -> Result<Self, Allocation> {
        if matches!(*plain.strategy, Strategy::RequestedToCapacityRatio(_)) {
            return Err(plain);
        }
        let Some((pod, weights)) = CycleResource::cpu_and_memory(&plain.resources) else { return Err(plain) };
        let sum = weights[0] + weights[1];
        if !(1..=Self::MAX_WEIGHT).contains(&sum) {
            return Err(plain);
        }
        Ok(Self { plain, pod: pair(pod), weights: pair(weights), inverse: (1 << 40) / sum as u64 + 1 })
    }

    /// Adds the scores to the totals. `scored` gives what of a node counts, from what it has and what is taken with the pod on it.
    #[inline]
    fn add_by(
        &self,
        (nodes, ids): (&Nodes, &[NodeId]),
        weight: i64,
        totals: &mut [i64],
        scored: impl Fn(f64, f64) -> f64,
    ) {
        for (id, total) in ids.iter().zip(totals) {
            let load = nodes.load(*id);
            let has = allocatable(load);
            if is_exact(has, load.nonzero) {
                let has = pair(has);
                let taken = zip(pair(load.nonzero), self.pod, |node, pod| node + pod);
                let counted = zip(has, taken, &scored);
                let scores = zip(counted, has, |counted, has| whole(MAX_NODE_SCORE as f64 * counted / has));
                let weighted = zip(scores, self.weights, |score, weight| score * weight);
                let sum = integer(weighted[0] + weighted[1]);
                *total += weight * ((sum as u64 * self.inverse) >> 40) as i64;
            } else {
                *total += weight * self.plain.score(nodes.get(*id));
            }
        }
    }
}

impl NodeScore for RowAllocation {
    fn reads(&self) -> NodePart {
        NodePart::Whole
    }

    fn score(&self, node: &Node) -> i64 {
        self.plain.score(node)
    }

    fn add(&self, nodes: &Nodes, ids: &[NodeId], weight: i64, totals: &mut [i64]) {
        let smaller = |a: f64, b: f64| if a < b { a } else { b };
        match *self.plain.strategy {
            Strategy::LeastAllocated => {
                self.add_by((nodes, ids), weight, totals, |has, taken| if has > taken { has - taken } else { 0.0 });
            }
            _ => self.add_by((nodes, ids), weight, totals, smaller),
        }
    }
}

impl Strategy {
    /// The score of one resource, 0 to 100, where the node's pods and the incoming one together want `requested` of
    /// `capacity`, which is not 0.
    fn score(&self, requested: i64, capacity: i64) -> i64 {
        let percent = |amount: i64| amount.saturating_mul(MAX_NODE_SCORE) / capacity;
        match self {
            Self::LeastAllocated if requested > capacity => 0,
            Self::LeastAllocated => percent(capacity - requested),
            Self::MostAllocated => percent(requested.min(capacity)),
            Self::RequestedToCapacityRatio(shape) if requested > capacity => broken_line(shape, 100),
            Self::RequestedToCapacityRatio(shape) => broken_line(shape, percent(requested)),
        }
    }
}

/// The height of a line through points of ascending utilization, flat outside them; a shape's score of 10 is 100 here.
///
/// Source: `plugins/helper/shape_score.go`.
pub(crate) fn broken_line(shape: &[ShapePoint], utilization: i64) -> i64 {
    let height = |point: &ShapePoint| i64::from(point.score) * (MAX_NODE_SCORE / 10);
    match shape.iter().position(|point| utilization <= i64::from(point.utilization)) {
        None => shape.last().map_or(0, height),
        Some(0) => height(&shape[0]),
        Some(i) => {
            let (left, right) = (&shape[i - 1], &shape[i]);
            let (from, to) = (i64::from(left.utilization), i64::from(right.utilization));
            height(left) + (height(right) - height(left)) * (utilization - from) / (to - from)
        }
    }
}

/// `round(sum / weights)` for numbers that are not negative.
pub(crate) const fn round_half_up(sum: i64, weights: i64) -> i64 {
    (2 * sum + weights) / (2 * weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn rounding_is_that_of_the_float_formula(sum in 0_i64..1_000_000, weights in 1_i64..10_000) {
            prop_assert_eq!(round_half_up(sum, weights), (sum as f64 / weights as f64).round() as i64);
        }

        #[test]
        fn every_strategy_stays_in_range(requested in 0_i64..1 << 50, capacity in 1_i64..1 << 50) {
            for strategy in [Strategy::LeastAllocated, Strategy::MostAllocated] {
                prop_assert!((0..=100).contains(&strategy.score(requested, capacity)));
            }
        }
    }
}

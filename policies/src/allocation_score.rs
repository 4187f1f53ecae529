//! Scores by how much of a node's resources is taken with the pod on it: the strategies of NodeResourcesFit.
//!
//! Source: `pkg/scheduler/framework/plugins/noderesources/{least_allocated,most_allocated,requested_to_capacity_ratio}.go`.

use crate::config::{ShapePoint, Strategy};
use crate::lasting::{add_by_node, score_by_node};
use crate::resource_ref::{CycleResource, CycleResources, ResourceRef};
use std::rc::Rc;
use std::sync::Arc;
use towtank_sim::cluster::{Cluster, NodeLoad, Nodes};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::lanes::{self, LaneWork, Lanes, product_sum, whole_part, whole_quotient};
use towtank_sim::scheduler::{
    Across, AskColumns, Asks, ClassScore, KINDS, Kinds, LastingScore, LoadBlock, LoadPart, MAX_NODE_SCORE, NodePart,
    NodeScore, PartWork, Score, ShareBlock, ShareColumns, ShareScore, ShareWork, Shares, Totals, add_shares, exact,
    fixed,
};

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

/// As [`Allocation`], where only CPU and memory count: most nodes are scored by the columns of their loads.
struct ColumnAllocation {
    plain: Allocation,
    /// A hundred times what the pod asks for.
    pod: [f64; 2],
    mean: Mean,
    most: bool,
}

/// The weighted mean of the scores of CPU and memory.
#[derive(Clone, Copy)]
struct Mean {
    /// The parts of both in the sum of the weights.
    weights: [f64; 2],
    /// Half of such a part of one.
    half: f64,
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
        match ColumnAllocation::new(self.allocation(class, cluster)) {
            Ok(by_column) => LastingScore::ByNode(Box::new(by_column)),
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

impl ColumnAllocation {
    /// The largest sum of weights that is counted with. Divided by such a sum, a whole number and a half is nowhere near a whole number.
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
        let most = matches!(*plain.strategy, Strategy::MostAllocated);
        let pod = pod.map(|amount| (MAX_NODE_SCORE * amount) as f64);
        let weights = weights.map(|weight| weight as f64 / sum as f64);
        Ok(Self { plain, pod, mean: Mean { weights, half: 0.5 / sum as f64 }, most })
    }

    /// What [`MeanAcross`] has to know.
    fn asks(&self) -> Asks {
        let [cpu, memory] = self.pod;
        [cpu, memory, 0.0]
    }
}

impl NodeScore for ColumnAllocation {
    fn reads(&self) -> NodePart {
        NodePart::Whole
    }

    fn score(&self, node: &Node) -> i64 {
        self.plain.score(node)
    }

    fn add(&self, nodes: &Nodes, blocks: &[LoadBlock], weight: i64, totals: &mut [Lanes]) {
        add_by_node(
            nodes,
            blocks,
            totals,
            |node| exact(weight.saturating_mul(self.plain.score(node))),
            |totals| {
                if self.most {
                    MeanAcross::<true>(self.mean).add_nodes(blocks, &self.asks(), exact(weight), totals);
                } else {
                    MeanAcross::<false>(self.mean).add_nodes(blocks, &self.asks(), exact(weight), totals);
                }
            },
        );
    }

    fn across(&self) -> Option<Across<dyn ClassScore>> {
        let judge: Rc<dyn ClassScore> =
            if self.most { Rc::new(MeanAcross::<true>(self.mean)) } else { Rc::new(MeanAcross::<false>(self.mean)) };
        Some(Across { judge, asks: self.asks() })
    }
}

impl Mean {
    /// The score, by what there is of CPU and memory, the reciprocals, and a hundred times what is left of them and the pod asks for.
    #[expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[inline(always)]
    fn score<const FUSED: bool, const MOST: bool>(&self, [has, reciprocal, headroom, pod]: [[f64; 2]; 4]) -> f64 {
        let scored = |place: usize| {
            // A hundred times what is left, or taken, of what there is at most.
            let left = headroom[place] - pod[place];
            let left = if left > 0.0 { left } else { 0.0 };
            let counted = if MOST { product_sum::<FUSED>(MAX_NODE_SCORE as f64, has[place], -left) } else { left };
            whole_quotient::<FUSED>(counted, has[place], reciprocal[place])
        };
        // What is rounded on the way is far less than the half that has been added.
        let memory = product_sum::<FUSED>(scored(1), self.weights[1], self.half);
        whole_part::<FUSED>(product_sum::<FUSED>(scored(0), self.weights[0], memory))
    }
}

/// As [`ColumnAllocation`], for the pods of any class.
struct MeanAcross<const MOST: bool>(Mean);

impl<const MOST: bool> ClassScore for MeanAcross<MOST> {
    fn add(&self, load: &NodeLoad, asks: &AskColumns, weight: f64, totals: &mut [f64]) {
        lanes::run(AddAcross::<MOST> { mean: self.0, load, asks, weight, totals });
    }

    fn add_nodes(&self, blocks: &[LoadBlock], asks: &Asks, weight: f64, totals: &mut [Lanes]) {
        let [cpu, memory, _] = *asks;
        let work = Weighted::<MOST> { pod: [cpu, memory], mean: self.0, weight };
        lanes::run(Add { work, blocks, totals });
    }

    fn by_shares(&self) -> Option<&dyn ShareScore> {
        // The mean of two numbers takes no division.
        let is_half = |weight: &f64| weight.to_bits() == 0.5_f64.to_bits();
        (!MOST && self.0.weights.iter().all(is_half)).then_some(self)
    }
}

impl<const MOST: bool> ShareScore for MeanAcross<MOST> {
    fn add(&self, shares: Shares<'_>, asks: &Asks, weight: i16, totals: &mut [Totals]) {
        let [cpu, memory, _] = *asks;
        let exact = Weighted::<MOST> { pod: [cpu, memory], mean: self.0, weight: 1.0 };
        add_shares(shares, &LeftPercents::new(shares.kinds, exact.pod), &exact, weight, totals);
    }
}

/// As [`Weighted`], of the strategy `LeastAllocated` and equal weights, in parts of what nodes have.
struct LeftPercents {
    /// By kind of nodes, a part of what these have.
    asked: [[i32; KINDS]; 2],
    /// A hundred times the memory that the pod asks for.
    memory: f64,
}

impl LeftPercents {
    fn new(kinds: &Kinds, pod: [f64; 2]) -> Self {
        let mut asked = [[0; KINDS]; 2];
        lanes::run(Ask { kinds, pod, asked: &mut asked });
        Self { asked, memory: pod[1] }
    }
}

impl ShareWork for LeftPercents {
    #[expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[expect(clippy::needless_bitwise_bool, reason = "lanes of a vector do not branch")]
    #[inline(always)]
    fn score<const N: usize>(&self, columns: &ShareColumns<'_, N>, kind: usize, lane: usize) -> (i32, bool) {
        let of = |place: usize| fixed::percent_left(columns.left[place][lane], self.asked[place][kind]);
        // Of CPU nothing is in doubt, see `Kinds`.
        let ((cpu, _), (memory, in_doubt)) = (of(0), of(1));
        let sum = cpu + memory;
        // Where it is in doubt, one less makes no difference to the half of an odd sum.
        (sum >> 1, in_doubt & (sum & 1 == 0))
    }

    #[inline]
    fn may_doubt(&self, kinds: &Kinds, block: &ShareBlock, kind: usize) -> bool {
        block.is_odd() || !kinds.is_round(kind, self.memory)
    }
}

struct Ask<'a> {
    kinds: &'a Kinds,
    pod: [f64; 2],
    asked: &'a mut [[i32; KINDS]; 2],
}

impl LaneWork for Ask<'_> {
    #[expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        for (place, (asked, pod)) in self.asked.iter_mut().zip(self.pod).enumerate() {
            for (asked, reciprocal) in asked.iter_mut().zip(&self.kinds.reciprocal[place]) {
                *asked = fixed::asked(pod * reciprocal);
            }
        }
    }
}

struct AddAcross<'a, const MOST: bool> {
    mean: Mean,
    load: &'a NodeLoad,
    asks: &'a AskColumns,
    weight: f64,
    totals: &'a mut [f64],
}

impl<const MOST: bool> LaneWork for AddAcross<'_, MOST> {
    #[expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { mean, load, asks, weight, totals } = self;
        let NodeLoad { allocatable, reciprocal, headroom, .. } = *load;
        let [cpu, memory, _] = asks.columns();
        for (total, (cpu, memory)) in totals.iter_mut().zip(cpu.iter().zip(memory)) {
            let score = mean.score::<FUSED, MOST>([allocatable, reciprocal, headroom, [*cpu, *memory]]);
            *total = product_sum::<FUSED>(weight, score, *total);
        }
    }
}

/// The work of [`ColumnAllocation`], of the strategy `MostAllocated` or `LeastAllocated`.
struct Add<'a, const MOST: bool> {
    work: Weighted<MOST>,
    blocks: &'a [LoadBlock],
    totals: &'a mut [Lanes],
}

impl<const MOST: bool> LaneWork for Add<'_, MOST> {
    #[expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { work, blocks, totals } = self;
        for (block, totals) in blocks.iter().zip(totals) {
            block.each_part::<FUSED, f64>(totals, &work);
        }
    }
}

struct Weighted<const MOST: bool> {
    pod: [f64; 2],
    mean: Mean,
    weight: f64,
}

impl<const MOST: bool> PartWork<f64> for Weighted<MOST> {
    #[expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[inline(always)]
    fn run<const FUSED: bool, const N: usize>(&self, part: LoadPart<'_, N>, totals: &mut [f64; N]) {
        let Self { pod, mean, weight } = *self;
        for (lane, total) in totals.iter_mut().enumerate() {
            let of = |columns: [&[f64; N]; 2]| columns.map(|column| column[lane]);
            let score = mean.score::<FUSED, MOST>([of(part.allocatable), of(part.reciprocal), of(part.headroom), pod]);
            *total = product_sum::<FUSED>(weight, score, *total);
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

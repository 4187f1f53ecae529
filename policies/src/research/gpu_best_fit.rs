//! GpuBestFit: the node that the pod leaves with the least CPU and GPU, as the FGD paper's baseline BestFit measures it.

use crate::free_gpu::{CpuAndGpu, MAX_CPU_MILLI, MAX_GPU_MILLI};
use crate::lasting::{score_by_node, scores};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{
    Cycle, Dependence, Events, Lasting, MAX_NODE_SCORE, NodePart, Plugin, Points, PreScore, Score,
};

/// The plugin. [BestFit](super::best_fit::BestFit) is another formula, over every resource of the node and relative to it.
///
/// With `c`, `g` free on the node and `rc`, `rg` asked for, of CPU and of GPU thousandths summed over devices, a node's score
/// before normalisation is the whole part of `100 x (1 - 0.5 (c - rc) / 128000 - 0.5 (g - rg) / 8000)`. Normalised, the lowest
/// of the feasible nodes gets 0 and the highest 100, all others the whole part between; 0 where all are alike. This second step
/// makes ties of scores that are near each other.
///
/// Sources: the baseline of Weng et al., "Beware of Fragmentation", USENIX ATC 2023, section 6.1, with its artifact
/// (`best_fit_score.go`, `plugin_utils.go`); after Protean (Hadary et al., OSDI 2020).
#[derive(Clone, Copy, Debug)]
pub struct GpuBestFit;

/// What the pod asks for.
struct Demand(CpuAndGpu);

impl Plugin for GpuBestFit {
    fn name(&self) -> &'static str {
        "GpuBestFit"
    }

    fn points(&self) -> Points {
        Points::SCORE
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        PreScore::Ask(Box::new(Demand(CpuAndGpu::of(cycle.class))))
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        scores(score_by_node(NodePart::Whole, Demand(CpuAndGpu::of(class))))
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

impl Score for Demand {
    fn score(&self, node: &Node) -> i64 {
        let free = CpuAndGpu::free(node);
        let cpu = (free.cpu - self.0.cpu) as f64 / MAX_CPU_MILLI * 0.5;
        let gpu = (free.gpu - self.0.gpu) as f64 / MAX_GPU_MILLI as f64 * 0.5;
        ((1.0 - (cpu + gpu)) * MAX_NODE_SCORE as f64) as i64
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, scores: &mut [i64]) {
        let (Some(&min), Some(&max)) = (scores.iter().min(), scores.iter().max()) else { return };
        for score in scores {
            *score = if min == max { 0 } else { (*score - min) * MAX_NODE_SCORE / (max - min) };
        }
    }
}

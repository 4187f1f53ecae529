//! GpuBestFit: the node that the pod leaves with the least CPU and GPU, as the FGD paper's baseline BestFit measures it.

use crate::by_node::ScoreByNode;
use crate::free_gpu::{CpuAndGpu, MAX_CPU_MILLI, MAX_GPU_MILLI};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{MAX_NODE_SCORE, Score};

/// The score of nodes for pods that ask for this.
///
/// [BestFit](super::best_fit::BestFit) is another formula, over every resource of the node and relative to it.
///
/// With `c`, `g` free on the node and `rc`, `rg` asked for, of CPU and of GPU thousandths summed over devices, a node's score
/// before normalisation is the whole part of `100 x (1 - 0.5 (c - rc) / 128000 - 0.5 (g - rg) / 8000)`. Normalised, the lowest
/// of the feasible nodes gets 0 and the highest 100, all others the whole part between; 0 where all are alike. This second step
/// makes ties of scores that are near each other.
///
/// Sources: the baseline of Weng et al., "Beware of Fragmentation", USENIX ATC 2023, section 6.1, with its artifact
/// (`best_fit_score.go`, `plugin_utils.go`); after Protean (Hadary et al., OSDI 2020).
#[derive(Clone, Copy, Debug)]
pub struct GpuBestFit(CpuAndGpu);

impl ScoreByNode for GpuBestFit {
    const NAME: &'static str = "GpuBestFit";

    fn of(class: &PodClass) -> Option<Self> {
        Some(Self(CpuAndGpu::of(class)))
    }
}

impl Score for GpuBestFit {
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

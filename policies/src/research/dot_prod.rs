//! DotProd: the node whose free resources and the pod's demand point least in one direction.

use crate::by_node::ScoreByNode;
use crate::free_gpu::{CpuAndGpu, MAX_CPU_MILLI, MAX_GPU_MILLI, percent};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::Score;

/// The score of nodes for pods that ask for this.
///
/// Alignment in the manner of Tetris, with the devices of a node merged into one dimension.
///
/// With `c`, `g` free on the node and `rc`, `rg` asked for, of CPU and of GPU thousandths summed over devices, a node's score is
/// the whole part of `100 x (1 - ((c / 128000) (rc / 128000) + (g / 8000) (rg / 8000)) / 2)`. The less a node has left of what
/// the pod wants much of, the better.
///
/// Sources: Grandl et al., "Multi-resource Packing for Cluster Schedulers", SIGCOMM 2014, section 3.2; the baseline of Weng et
/// al., "Beware of Fragmentation", USENIX ATC 2023, section 6.1, whose artifact (`dot_product_score.go`) scales by the largest
/// machine and turns the product round.
#[derive(Clone, Copy, Debug)]
pub struct DotProd(CpuAndGpu);

impl ScoreByNode for DotProd {
    const NAME: &'static str = "DotProd";

    fn of(class: &PodClass) -> Option<Self> {
        Some(Self(CpuAndGpu::of(class)))
    }
}

impl Score for DotProd {
    fn score(&self, node: &Node) -> i64 {
        let free = CpuAndGpu::free(node);
        let cpu = (free.cpu as f64 / MAX_CPU_MILLI) * (self.0.cpu as f64 / MAX_CPU_MILLI);
        let largest = MAX_GPU_MILLI as f64;
        let gpu = (free.gpu as f64 / largest) * (self.0.gpu as f64 / largest);
        percent(1.0 - (cpu + gpu) * 0.5)
    }
}

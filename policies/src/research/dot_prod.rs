//! DotProd: the node whose free resources and the pod's demand point least in one direction.

use crate::free_gpu::{CpuAndGpu, MAX_CPU_MILLI, MAX_GPU_MILLI, percent};
use crate::lasting::{score_by_node, scores};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{Cycle, Dependence, Events, Lasting, NodePart, Plugin, Points, PreScore, Score};

/// The plugin: alignment in the manner of Tetris, with the devices of a node merged into one dimension.
///
/// With `c`, `g` free on the node and `rc`, `rg` asked for, of CPU and of GPU thousandths summed over devices, a node's score is
/// the whole part of `100 x (1 - ((c / 128000) (rc / 128000) + (g / 8000) (rg / 8000)) / 2)`. The less a node has left of what
/// the pod wants much of, the better.
///
/// Sources: Grandl et al., "Multi-resource Packing for Cluster Schedulers", SIGCOMM 2014, section 3.2; the baseline of Weng et
/// al., "Beware of Fragmentation", USENIX ATC 2023, section 6.1, whose artifact (`dot_product_score.go`) scales by the largest
/// machine and turns the product round.
#[derive(Clone, Copy, Debug)]
pub struct DotProd;

/// What the pod asks for.
struct Demand(CpuAndGpu);

impl Plugin for DotProd {
    fn name(&self) -> &'static str {
        "DotProd"
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
        let cpu = (free.cpu as f64 / MAX_CPU_MILLI) * (self.0.cpu as f64 / MAX_CPU_MILLI);
        let largest = MAX_GPU_MILLI as f64;
        let gpu = (free.gpu as f64 / largest) * (self.0.gpu as f64 / largest);
        percent(1.0 - (cpu + gpu) * 0.5)
    }
}

//! GpuClustering: pods that ask for GPUs in the same way stay together.

use crate::by_node::ScoreByNode;
use crate::free_gpu::{CpuAndGpu, MAX_GPU_MILLI};
use towtank_sim::model::gpu::GpuRequest;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::Score;

/// The score of nodes for pods that ask for this.
///
/// Pods are of one kind if they ask for shares of a device, or for the same number of whole devices. A node has
/// `25 x (8000 - free) / 8000` points, in whole numbers, for what is taken of its GPUs, and in addition 75 if it hosts pods of
/// the pod's kind and no other, 50 if it hosts others too, 25 if it hosts no pod with GPUs, and none if it hosts only others. Pods
/// without GPUs have no preference.
///
/// Sources: Xiao et al., "Gandiva: Introspective Cluster Scheduling for Deep Learning", OSDI 2018, section 3.3, as the baseline
/// of Weng et al., "Beware of Fragmentation", USENIX ATC 2023, section 6.1, with its artifact (`gpu_clustering_score.go`).
#[derive(Clone, Copy, Debug)]
pub struct GpuClustering(GpuRequest);

impl ScoreByNode for GpuClustering {
    const NAME: &'static str = "GpuClustering";

    fn of(class: &PodClass) -> Option<Self> {
        class.spec.gpu.map(Self)
    }
}

impl Score for GpuClustering {
    fn score(&self, node: &Node) -> i64 {
        let taken = (MAX_GPU_MILLI - CpuAndGpu::free(node).gpu).max(0);
        let kinds = node.devices.holders().iter().filter(|pods| **pods > 0).count();
        let company = match (node.devices.holders_like(self.0) > 0, kinds) {
            (true, 1) => 75,
            (true, _) => 50,
            (false, 0) => 25,
            (false, _) => 0,
        };
        25 * taken / MAX_GPU_MILLI + company
    }
}

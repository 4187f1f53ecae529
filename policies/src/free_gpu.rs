//! What the research policies for shared GPUs read of a node, and the sizes by which they scale it.

use towtank_sim::model::gpu::GpuRequest;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::model::resources::ResourceId;
use towtank_sim::scheduler::MAX_NODE_SCORE;

/// The CPU of the largest machine of the openb cluster, in thousandths of a core.
pub(crate) const MAX_CPU_MILLI: f64 = 128_000.0;

/// The GPUs of the largest machine of the openb cluster, in thousandths of a device.
pub(crate) const MAX_GPU_MILLI: i64 = 8000;

/// CPU and GPUs, both in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CpuAndGpu {
    pub(crate) cpu: i64,
    pub(crate) gpu: i64,
}

impl CpuAndGpu {
    /// What is free on a node.
    pub(crate) fn free(node: &Node) -> Self {
        let cpu = node.allocatable.get(ResourceId::CPU) - node.requested.get(ResourceId::CPU);
        Self { cpu, gpu: node.devices.total_free() }
    }

    /// What a pod asks for.
    pub(crate) fn of(class: &PodClass) -> Self {
        Self { cpu: class.requests.get(ResourceId::CPU), gpu: class.spec.gpu.map_or(0, GpuRequest::total) }
    }
}

/// A score from a fraction: the whole part of a hundred times it. Outside of the cluster that the formulas were made for, a
/// fraction may leave 0 to 1, and a score must not.
pub(crate) fn percent(fraction: f64) -> i64 {
    ((MAX_NODE_SCORE as f64 * fraction) as i64).clamp(0, MAX_NODE_SCORE)
}

//! GpuPacking: devices in use before free ones, and nodes in use before free ones.

use crate::by_node::ScoreByNode;
use towtank_sim::model::gpu::{DeviceChoice, GpuRequest, WHOLE};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::Score;

/// The score of nodes for pods that ask for this.
///
/// A node of whose `n` devices all are free has the score `max(33 - n, n)`. On any other one the pod would go to the
/// devices with the least left that have room for it: if `m` of these are still free, the score is `max(50 - m, 33)`; if none
/// is, `max(100 - p / 10, 50)`, where `p` is the sum of what is left on them, each in whole percent. Pods without GPUs have no
/// preference.
///
/// Sources: Weng et al., "MLaaS in the Wild", NSDI 2022, section 6.3, as the baseline of Weng et al., "Beware of Fragmentation",
/// USENIX ATC 2023, section 6.1, with its artifact (`gpu_packing_score.go`).
#[derive(Clone, Copy, Debug)]
pub struct GpuPacking(GpuRequest);

impl ScoreByNode for GpuPacking {
    const NAME: &'static str = "GpuPacking";

    fn of(class: &PodClass) -> Option<Self> {
        class.spec.gpu.map(Self)
    }
}

impl Score for GpuPacking {
    fn score(&self, node: &Node) -> i64 {
        let free = node.devices.free();
        if free.iter().all(|free| *free == WHOLE) {
            let devices = free.len() as i64;
            return (33 - devices).max(devices);
        }
        // A node without room is not feasible, and its score is of no interest.
        let Some(chosen) = DeviceChoice::BestFit.choose(&node.devices, self.0) else { return 0 };
        let left = free.iter().enumerate().filter(|(device, _)| chosen.contains(*device)).map(|(_, free)| *free);
        match left.clone().filter(|free| *free == WHOLE).count() as i64 {
            0 => (100 - left.map(|free| i64::from(free / 10)).sum::<i64>() / 10).max(50),
            whole => (50 - whole).max(33),
        }
    }
}

//! FGD: fragmentation gradient descent.

use crate::factory::PluginContext;
use crate::lasting::{score_by_node, scores};
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::fragmentation::{FragmentationMeasure, FreeOnNode};
use towtank_sim::model::gpu::{DeviceChoice, DeviceSet, GpuRequest, MAX_DEVICES};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::model::resources::ResourceId;
use towtank_sim::scheduler::{
    Cycle, Dependence, Events, Lasting, MAX_NODE_SCORE, NodePart, Plugin, Points, PreScore, Score,
};

/// The plugin: a pod goes where fragmentation grows the least.
///
/// With the [fragmentation](FragmentationMeasure) `F` of a node against the run's target workload, in thousandths of a device, a
/// node's score is the whole part of `100 x sigmoid((F(node) - F(node with the pod)) / 1000)`. For a share of one device the
/// node has the score of its best device, and the pod takes that one, the lowest number among equals; whole devices are alike.
/// Without a target workload every node has the score 50.
///
/// A configuration must enable it at Reserve beside Score, which `multiPoint` does: at Reserve it names the device.
///
/// Source: Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX
/// ATC 2023, section 5, algorithm 1, with its artifact (`fgd_score.go`).
#[derive(Clone, Debug)]
pub struct Fgd {
    measure: Arc<FragmentationMeasure>,
}

/// What the pod asks for.
struct Descent {
    measure: Arc<FragmentationMeasure>,
    cpu_milli: i64,
    gpu: Option<GpuRequest>,
}

impl Fgd {
    /// The plugin, for the target workload of the run.
    pub(crate) fn new(context: &PluginContext<'_>) -> Self {
        let measure = context.target_workload.map(FragmentationMeasure::new).unwrap_or_default();
        Self { measure: Arc::new(measure) }
    }

    fn descent(&self, class: &PodClass) -> Descent {
        let (cpu_milli, gpu) = (class.requests.get(ResourceId::CPU), class.spec.gpu);
        Descent { measure: Arc::clone(&self.measure), cpu_milli, gpu }
    }
}

impl Plugin for Fgd {
    fn name(&self) -> &'static str {
        "FGD"
    }

    fn points(&self) -> Points {
        Points::SCORE.and(Points::RESERVE)
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        PreScore::Ask(Box::new(self.descent(cycle.class)))
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        scores(score_by_node(NodePart::Whole, self.descent(class)))
    }

    fn devices(&self, cycle: &Cycle<'_>, node: &Node) -> Option<DeviceSet> {
        self.descent(cycle.class).best(node).1
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

impl Score for Descent {
    fn score(&self, node: &Node) -> i64 {
        self.best(node).0
    }
}

impl Descent {
    /// The score of a node, and the device of a share. On a node without room, which is not feasible, the score is of no
    /// interest.
    fn best(&self, node: &Node) -> (i64, Option<DeviceSet>) {
        let free = self.measure.free(node);
        let cpu_milli = free.cpu_milli - self.cpu_milli;
        let has_room = self.gpu.is_none_or(|request| node.devices.fits(request));
        if cpu_milli < 0 || !has_room {
            return (0, None);
        }
        let before = self.measure.fragmented(free);
        let mut left = [0; MAX_DEVICES];
        let left = &mut left[..free.devices.len()];
        left.copy_from_slice(free.devices);
        match self.gpu {
            None => (self.score_of(before, FreeOnNode { cpu_milli, ..free }), None),
            Some(request) if request.count == 1 && request.is_share() => {
                let mut best: Option<(i64, usize)> = None;
                for (device, &free_here) in free.devices.iter().enumerate() {
                    // Devices with the same left are alike, and the first of them wins the tie.
                    if free_here < request.milli || free.devices[..device].contains(&free_here) {
                        continue;
                    }
                    left[device] = free_here - request.milli;
                    let score = self.score_of(before, FreeOnNode { cpu_milli, devices: left, ..free });
                    left[device] = free_here;
                    if best.is_none_or(|(other, _)| score > other) {
                        best = Some((score, device));
                    }
                }
                let (score, device) = best.unwrap_or_default();
                (score, Some(DeviceSet::default().with(device)))
            }
            Some(request) => {
                let chosen = DeviceChoice::BestFit.choose(&node.devices, request).unwrap_or_default();
                let taken = left.iter_mut().enumerate().filter(|(device, _)| chosen.contains(*device));
                taken.for_each(|(_, left)| *left -= request.milli);
                (self.score_of(before, FreeOnNode { cpu_milli, devices: left, ..free }), None)
            }
        }
    }

    fn score_of(&self, before: f64, after: FreeOnNode<'_>) -> i64 {
        let gain = (before - self.measure.fragmented(after)) / 1000.0;
        (sigmoid(gain) * MAX_NODE_SCORE as f64) as i64
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

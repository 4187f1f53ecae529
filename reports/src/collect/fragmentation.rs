//! Fragmentation of the GPUs over a run: what of them is idle, and what of that is of no use to the pods that are expected.

use crate::data::GpuFragmentation;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::fragmentation::{Amounts, Cause, FragmentationMeasure};
use towtank_sim::model::gpu::WHOLE;
use towtank_sim::model::node::Node;

/// Sums over the nodes, kept up with the cluster: each catching up costs work for the nodes that changed.
#[derive(Clone, Debug)]
pub struct FragmentationTracker {
    measure: Arc<FragmentationMeasure>,
    /// By slot.
    nodes: Vec<NodeState>,
    sums: NodeState,
    /// Which nodes there are, and up to where their changes have been read.
    seen: Option<(u64, u64)>,
}

/// Thousandths of devices. What is fragmented is counted in billionths, so that a sum does not depend on the order in which it
/// was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct NodeState {
    capacity_milli: i64,
    idle_milli: i64,
    fragmented_nano: i64,
}

/// Billionths in a thousandth.
const NANO_PER_MILLI: f64 = 1e6;

impl FragmentationTracker {
    /// A tracker that measures this way.
    pub fn new(measure: Arc<FragmentationMeasure>) -> Self {
        Self { measure, nodes: Vec::new(), sums: NodeState::default(), seen: None }
    }

    /// Catches up with the cluster.
    pub fn follow(&mut self, cluster: &Cluster) {
        let nodes = cluster.nodes();
        let now = (nodes.membership(), nodes.changes().end());
        let changed = match self.seen {
            Some((membership, read)) if membership == now.0 => nodes.changes().since(read),
            _ => None,
        };
        self.seen = Some(now);
        if let Some(changed) = changed {
            for id in changed {
                if let Some(node) = nodes.find(*id) {
                    self.update(node);
                }
            }
            return;
        }
        (self.sums, self.nodes) = (NodeState::default(), vec![NodeState::default(); nodes.slots()]);
        nodes.iter().for_each(|node| self.update(node));
    }

    /// What all devices have, in thousandths.
    pub fn capacity_milli(&self) -> i64 {
        self.sums.capacity_milli
    }

    /// What of them no pod holds, in thousandths.
    pub fn idle_milli(&self) -> i64 {
        self.sums.idle_milli
    }

    /// What of that is fragmented, in thousandths.
    pub fn fragmented_milli(&self) -> f64 {
        self.sums.fragmented_nano as f64 / NANO_PER_MILLI
    }

    /// The numbers for the summary, after the cluster has been followed.
    pub fn summary(&self, cluster: &Cluster) -> GpuFragmentation {
        let mut amounts = Amounts::default();
        cluster.nodes().iter().for_each(|node| amounts += self.measure.amounts(self.measure.free(node)));
        let devices = |milli: f64| milli / f64::from(WHOLE);
        GpuFragmentation {
            gpus: devices(self.sums.capacity_milli as f64),
            idle: devices(self.sums.idle_milli as f64),
            fragmented: devices(self.fragmented_milli()),
            by_cause: Cause::ALL.iter().map(|cause| (cause.name(), devices(amounts.of(*cause)))).collect(),
        }
    }

    fn update(&mut self, node: &Node) {
        let free = self.measure.free(node);
        let now = NodeState {
            capacity_milli: free.devices.len() as i64 * i64::from(WHOLE),
            idle_milli: node.devices.total_free(),
            fragmented_nano: (self.measure.fragmented(free) * NANO_PER_MILLI).round() as i64,
        };
        let before = std::mem::replace(&mut self.nodes[node.id.index()], now);
        self.sums.capacity_milli += now.capacity_milli - before.capacity_milli;
        self.sums.idle_milli += now.idle_milli - before.idle_milli;
        self.sums.fragmented_nano += now.fragmented_nano - before.fragmented_nano;
    }
}

//! NodeGpuShare: shares of GPU devices are placed device by device. Ours, not Kubernetes'.
//!
//! NodeResourcesFit sees only the sum of the free shares of a node; a share never spans two devices (see
//! [`towtank_sim::model::gpu`]).

use crate::lasting::{filter_by_node, filters};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::gpu::GpuRequest;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Dependence, Events, Filter, Hint, Lasting, NodePart, Plugin, Points, PreFilter, Verdict,
};

/// The plugin.
#[derive(Clone, Copy, Debug)]
pub struct NodeGpuShare;

struct Shares(GpuRequest);

impl Plugin for NodeGpuShare {
    fn name(&self) -> &'static str {
        "NodeGpuShare"
    }

    fn points(&self) -> Points {
        Points::PRE_FILTER.and(Points::FILTER)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        match cycle.class.spec.gpu {
            None => PreFilter::Skip,
            Some(request) => PreFilter::Ask(Box::new(Shares(request))),
        }
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        filters(filter_by_node(NodePart::Whole, class.spec.gpu.map(Shares)))
    }

    fn events(&self) -> Events {
        Events::ASSIGNED_POD_DELETE.and(Events::NODE_ADD)
    }

    /// A pod that left helps if it held shares; a node that came, if it has devices enough.
    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        let Some(request) = cycle.class.spec.gpu else { return Hint::Queue };
        let helps = match event {
            ClusterEvent::AssignedPodDelete { class, .. } => cycle.cluster.classes.get(class).spec.gpu.is_some(),
            ClusterEvent::NodeAdd(id) => cycle.cluster.node(id).devices.free().len() >= usize::from(request.count),
            _ => true,
        };
        if helps { Hint::Queue } else { Hint::Skip }
    }
}

impl Filter for Shares {
    fn filter(&self, node: &Node) -> Verdict {
        const REASON: &str = "node(s) didn't have enough free GPU device shares";
        if node.devices.fits(self.0) {
            Verdict::Fits
        } else if node.devices.free().len() < usize::from(self.0.count) {
            Verdict::unresolvable(REASON)
        } else {
            Verdict::unschedulable(REASON)
        }
    }
}

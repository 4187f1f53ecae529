//! NodePorts: two pods cannot have the same port of one host.

use crate::lasting::{filter_by_node, filters};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::{HostPort, PodClass};
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Dependence, Events, Filter, Hint, Lasting, NodePart, Plugin, Points, PreFilter, Verdict,
};

/// The plugin.
///
/// Source: `nodeports/node_ports.go`.
#[derive(Clone, Copy, Debug)]
pub struct NodePorts;

struct Wanted<P>(P);

impl Plugin for NodePorts {
    fn name(&self) -> &'static str {
        "NodePorts"
    }

    fn points(&self) -> Points {
        Points::PRE_FILTER.and(Points::FILTER)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        match &*cycle.class.host_ports {
            [] => PreFilter::Skip,
            ports => PreFilter::Ask(Box::new(Wanted(ports))),
        }
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        let wanted = (!class.host_ports.is_empty()).then(|| Wanted(class.host_ports.clone()));
        filters(filter_by_node(NodePart::Whole, wanted))
    }

    fn events(&self) -> Events {
        Events::ASSIGNED_POD_DELETE.and(Events::NODE_ADD)
    }

    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        match event {
            ClusterEvent::AssignedPodDelete { class, .. }
                if !conflict(&cycle.class.host_ports, &cycle.cluster.classes.get(class).host_ports) =>
            {
                Hint::Skip
            }
            _ => Hint::Queue,
        }
    }
}

impl<P: AsRef<[HostPort]>> Filter for Wanted<P> {
    fn filter(&self, node: &Node) -> Verdict {
        if conflict(self.0.as_ref(), &node.ports) {
            Verdict::unschedulable("node(s) didn't have free ports for the requested pod ports")
        } else {
            Verdict::Fits
        }
    }
}

/// Whether a wanted port is taken: the same protocol and number, on the same address or with either on all addresses.
///
/// Source: `kube-scheduler/framework/types.go`, `HostPortInfo.CheckConflict`.
fn conflict(wanted: &[HostPort], taken: &[HostPort]) -> bool {
    let all = |port: &HostPort| port.ip.is_empty() || port.ip == "0.0.0.0";
    let meets =
        |a: &HostPort, b: &HostPort| a.port == b.port && a.protocol == b.protocol && (a.ip == b.ip || all(a) || all(b));
    wanted.iter().any(|a| taken.iter().any(|b| meets(a, b)))
}

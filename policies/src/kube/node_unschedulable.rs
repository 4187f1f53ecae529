//! NodeUnschedulable: cordoned nodes take no pods but those that tolerate it.

use crate::lasting::{filter_by_node, filters};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::node::{Node, NodeSpec};
use towtank_sim::model::pod::{PodClass, PodSpec};
use towtank_sim::model::taint::{Effect, Taint};
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Dependence, Events, Filter, Hint, Lasting, NodePart, Plugin, Points, PreFilter, Verdict,
};

/// The plugin.
///
/// Source: `nodeunschedulable/node_unschedulable.go`.
#[derive(Clone, Copy, Debug)]
pub struct NodeUnschedulable;

struct Schedulable;

impl Plugin for NodeUnschedulable {
    fn name(&self) -> &'static str {
        "NodeUnschedulable"
    }

    fn points(&self) -> Points {
        Points::FILTER
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        if tolerates(&cycle.class.spec) { PreFilter::Skip } else { PreFilter::Ask(Box::new(Schedulable)) }
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        let filter = filter_by_node(NodePart::Spec, (!tolerates(&class.spec)).then_some(Schedulable));
        filters(filter)
    }

    fn events(&self) -> Events {
        Events::NODE_ADD.and(Events::NODE_TAINT).and(Events::POD_TOLERATION)
    }

    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        let (ClusterEvent::NodeAdd(id) | ClusterEvent::NodeUpdate(id, _)) = event else {
            // Of pods, only the waiting one can have got a toleration that helps it.
            return if matches!(event, ClusterEvent::OwnUpdate { .. }) { Hint::Queue } else { Hint::Skip };
        };
        let node = cycle.cluster.node(id);
        let passes = |spec: &NodeSpec| !spec.unschedulable || tolerates(&cycle.class.spec);
        let before = match event {
            ClusterEvent::NodeUpdate(..) => node.previous.as_deref().is_some_and(passes),
            _ => false,
        };
        if passes(&node.spec) && !before { Hint::Queue } else { Hint::Skip }
    }
}

impl Filter for Schedulable {
    fn filter(&self, node: &Node) -> Verdict {
        if node.spec.unschedulable { Verdict::unresolvable("node(s) were unschedulable") } else { Verdict::Fits }
    }
}

/// Whether the pod tolerates the taint that a cordon amounts to.
fn tolerates(spec: &PodSpec) -> bool {
    // Most pods have no toleration, and need no taint made for them.
    if spec.tolerations.is_empty() {
        return false;
    }
    let taint =
        Taint { key: "node.kubernetes.io/unschedulable".to_owned(), value: String::new(), effect: Effect::NoSchedule };
    spec.tolerations.iter().any(|toleration| toleration.tolerates(&taint))
}

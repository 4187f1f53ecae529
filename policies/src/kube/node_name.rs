//! NodeName: a pod that names its node goes nowhere else.

use crate::lasting::{filter_by_node, filters};
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{
    Cycle, Dependence, Events, Filter, Lasting, NodePart, Plugin, Points, PreFilter, Verdict,
};

/// The plugin.
///
/// Source: `nodename/node_name.go`.
#[derive(Clone, Copy, Debug)]
pub struct NodeName;

struct Only(Arc<str>);

impl Only {
    /// The node that pods of the class name, if they name one.
    fn of(class: &PodClass) -> Option<Self> {
        class.spec.node_name.clone().filter(|name| !name.is_empty()).map(Self)
    }
}

impl Plugin for NodeName {
    fn name(&self) -> &'static str {
        "NodeName"
    }

    fn points(&self) -> Points {
        Points::FILTER
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        Only::of(cycle.class).filter(|_| !cycle.moving).map_or(PreFilter::Skip, |only| PreFilter::Ask(Box::new(only)))
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        filters(filter_by_node(NodePart::Spec, Only::of(class)))
    }

    fn events(&self) -> Events {
        Events::NODE_ADD
    }
}

impl Filter for Only {
    fn filter(&self, node: &Node) -> Verdict {
        if node.name() == &*self.0 {
            Verdict::Fits
        } else {
            Verdict::unresolvable("node(s) didn't match the requested node name")
        }
    }
}

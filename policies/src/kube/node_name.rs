//! NodeName: a pod that names its node goes nowhere else.

use towtank_sim::model::node::Node;
use towtank_sim::scheduler::{Cycle, Dependence, Events, Filter, Plugin, Points, PreFilter, Verdict};

/// The plugin.
///
/// Source: `nodename/node_name.go`.
#[derive(Clone, Copy, Debug)]
pub struct NodeName;

struct Only<'c>(&'c str);

impl Plugin for NodeName {
    fn name(&self) -> &'static str {
        "NodeName"
    }

    fn points(&self) -> Points {
        Points::FILTER
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        match cycle.class.spec.node_name.as_deref() {
            None | Some("") => PreFilter::Skip,
            Some(name) => PreFilter::Ask(Box::new(Only(name))),
        }
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn events(&self) -> Events {
        Events::NODE_ADD
    }
}

impl Filter for Only<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        if node.name() == self.0 {
            Verdict::Fits
        } else {
            Verdict::unresolvable("node(s) didn't match the requested node name")
        }
    }
}

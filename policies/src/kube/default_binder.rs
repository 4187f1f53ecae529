//! DefaultBinder: the chosen node is written into the pod.

use towtank_sim::model::node::Node;
use towtank_sim::scheduler::{Bind, Cycle, Events, Plugin, Points};

/// The plugin.
///
/// Source: `defaultbinder/default_binder.go`.
#[derive(Clone, Copy, Debug)]
pub struct DefaultBinder;

impl Plugin for DefaultBinder {
    fn name(&self) -> &'static str {
        "DefaultBinder"
    }

    fn points(&self) -> Points {
        Points::BIND
    }

    fn bind(&self, _cycle: &Cycle<'_>, _node: &Node) -> Bind {
        Bind::Bind
    }

    fn always_binds(&self) -> bool {
        true
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

//! NodeDeclaredFeatures: a node's kubelet must be able to do what the pod asks of it.

use crate::config::{ArgsSource, ConfigError};
use crate::factory::Factory;
use crate::lasting::{filter_by_node, filters};
use std::sync::Arc;
use towtank_sim::cluster::{Cluster, NodeChange};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Dependence, Events, FeatureGates, Filter, Hint, Lasting, NodePart, Plugin, Points, PreFilter,
    Verdict,
};

/// The plugin.
///
/// Source: `nodedeclaredfeatures/nodedeclaredfeatures.go`.
#[derive(Clone, Copy, Debug)]
pub struct NodeDeclaredFeatures {
    /// Gate `NodeDeclaredFeatures`; without it the plugin has no say.
    pub enabled: bool,
}

/// The names of the features that the pod needs, at least one.
struct Needed(Vec<&'static str>);

/// What makes the plugin, which has no arguments.
#[expect(clippy::unnecessary_wraps, reason = "as the plugins with arguments, which can fail")]
pub(crate) fn prepare(_args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    Ok(Arc::new(|context| {
        Box::new(NodeDeclaredFeatures { enabled: context.gates.enabled(FeatureGates::NODE_DECLARED_FEATURES) })
    }))
}

impl NodeDeclaredFeatures {
    /// What pods of the class need, if they need anything.
    fn needed(self, class: &PodClass) -> Option<Needed> {
        let needed: Vec<&str> = class.spec.needed_features().collect();
        (self.enabled && !needed.is_empty()).then_some(Needed(needed))
    }
}

impl Plugin for NodeDeclaredFeatures {
    fn name(&self) -> &'static str {
        "NodeDeclaredFeatures"
    }

    fn points(&self) -> Points {
        Points::PRE_FILTER.and(Points::FILTER)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        self.needed(cycle.class).map_or(PreFilter::Skip, |needed| PreFilter::Ask(Box::new(needed)))
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        filters(filter_by_node(NodePart::Spec, self.needed(class)))
    }

    fn events(&self) -> Events {
        if !self.enabled {
            return Events::NONE;
        }
        Events::NODE_ADD.and(Events::NODE_FEATURES).and(Events::POD_UPDATE)
    }

    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        let helps = match event {
            ClusterEvent::NodeUpdate(_, what) => what.contains(NodeChange::FEATURES),
            ClusterEvent::AssignedPodUpdate { .. } => false,
            ClusterEvent::OwnUpdate { old, new, .. } => {
                let needed = |class| cycle.cluster.classes.get(class).spec.needed_features();
                !needed(old).eq(needed(new))
            }
            _ => true,
        };
        if helps { Hint::Queue } else { Hint::Skip }
    }
}

impl Filter for Needed {
    fn filter(&self, node: &Node) -> Verdict {
        let declares = |name: &&str| node.spec.declared_features.iter().any(|feature| feature == name);
        if self.0.iter().all(declares) {
            Verdict::Fits
        } else {
            Verdict::unresolvable("node(s) didn't match Pod's required features")
        }
    }
}

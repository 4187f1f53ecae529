//! A strategy of NodeResourcesFit as a plugin of its own, so that one profile can have several of them with weights: what is
//! common to NodeResourcesLeastAllocated, NodeResourcesMostAllocated and RequestedToCapacityRatio.

use crate::allocation_score::AllocationScore;
use crate::config::{
    Invalid, ShapePoint, Step, Strategy, WeightedResource, or_cpu_and_memory, or_default, validate_shape,
};
use crate::factory::Factory;
use crate::lasting::scores;
use crate::resource_ref::ResourceRef;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{Cycle, Dependence, Events, Lasting, Plugin, Points, PreScore};

/// The plugin.
///
/// Source: `pkg/scheduler/framework/plugins/noderesources/{least_allocated,most_allocated,requested_to_capacity_ratio}.go` of
/// 1.22.
#[derive(Clone, Debug)]
pub(crate) struct ResourceAllocation {
    name: &'static str,
    score: AllocationScore,
}

/// The arguments of such a plugin; only RequestedToCapacityRatio may have a shape.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct AllocationArgs {
    #[serde(rename = "apiVersion")]
    _api_version: Option<IgnoredAny>,
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) resources: Vec<WeightedResource>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) shape: Vec<ShapePoint>,
}

impl ResourceAllocation {
    /// A plugin of this name.
    pub(crate) fn new(name: &'static str, strategy: Strategy, resources: &[WeightedResource]) -> Self {
        Self { name, score: AllocationScore::new(strategy, ResourceRef::list(&or_cpu_and_memory(resources))) }
    }

    /// What makes such plugins.
    pub(crate) fn factory(self) -> Factory {
        Arc::new(move |_| Box::new(self.clone()))
    }
}

impl Plugin for ResourceAllocation {
    fn name(&self) -> &'static str {
        self.name
    }

    fn points(&self) -> Points {
        Points::SCORE
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        PreScore::Ask(Box::new(self.score.of(cycle.class, cycle.cluster)))
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, cluster: &Cluster) -> Lasting {
        scores(self.score.lasting(class, cluster))
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

impl AllocationArgs {
    /// Checks the resources, and the shape of a plugin that has one.
    pub(crate) fn validate(&self, with_shape: bool) -> Result<(), Invalid> {
        let shape = [Step::Key("shape")];
        match (with_shape, self.shape.is_empty()) {
            (true, _) => validate_shape(&self.shape, &shape)?,
            (false, false) => return Err(Invalid::forbidden(shape, "only RequestedToCapacityRatio has a shape")),
            (false, true) => {}
        }
        for (index, resource) in self.resources.iter().enumerate() {
            if !(1..=100).contains(&resource.weight()) {
                let path = [Step::Key("resources"), Step::Index(index), Step::Key("weight")];
                let detail = format!("resource weight of {} not in valid range [1, 100]", resource.name);
                return Err(Invalid::value(path, &resource.weight(), &detail));
            }
        }
        Ok(())
    }
}

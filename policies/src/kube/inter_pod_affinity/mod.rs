//! InterPodAffinity: pods want to be near other pods, or away from them.

mod filter;
mod hints;
mod lasting;
mod relations;
mod score;
mod standing;
mod terms;
#[cfg(test)]
mod tests;

use crate::config::{ArgsSource, ConfigError, InterPodAffinityArgs};
use crate::factory::Factory;
use crate::topology::Topology;
use filter::Required;
use lasting::Shared;
use relations::Known;
use score::Preferred;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{ClusterEvent, Cycle, Events, Hint, Lasting, Plugin, Points, PreFilter, PreScore};

/// The plugin.
///
/// Source: `interpodaffinity/plugin.go`.
#[derive(Debug, Default)]
pub struct InterPodAffinity {
    args: InterPodAffinityArgs,
    topology: Topology,
    known: RefCell<Known>,
    /// What is kept between cycles; nothing else reads it.
    shared: Rc<Shared>,
}

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let args: InterPodAffinityArgs = args.read()?;
    Ok(Arc::new(move |_| Box::new(InterPodAffinity::new(args))))
}

impl InterPodAffinity {
    /// The plugin with these arguments.
    pub fn new(args: InterPodAffinityArgs) -> Self {
        Self { args, topology: Topology::default(), known: RefCell::default(), shared: Rc::default() }
    }
}

impl Plugin for InterPodAffinity {
    fn name(&self) -> &'static str {
        "InterPodAffinity"
    }

    fn points(&self) -> Points {
        Points::PRE_FILTER.and(Points::FILTER).and(Points::PRE_SCORE).and(Points::SCORE)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        if nobody_cares(cycle) {
            return PreFilter::Skip;
        }
        match Required::new(self, cycle) {
            Some(required) => PreFilter::Ask(Box::new(required)),
            None => PreFilter::Skip,
        }
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        let pod = &cycle.class.spec;
        let prefers = !pod.pod_affinity.preferred.is_empty() || !pod.pod_anti_affinity.preferred.is_empty();
        if nobody_cares(cycle) || (self.args.ignore_preferred_terms_of_existing_pods && !prefers) {
            return PreScore::Skip;
        }
        match Preferred::new(self, cycle) {
            Some(preferred) => PreScore::Ask(Box::new(preferred)),
            None => PreScore::Skip,
        }
    }

    fn lasting(&self, class: &PodClass, cluster: &Cluster) -> Lasting {
        lasting::lasting(self, class, cluster)
    }

    fn events(&self) -> Events {
        hints::EVENTS
    }

    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        hints::hint(cycle, event)
    }
}

/// Whether neither the pod nor any pod on a node wishes anything about pods near it.
fn nobody_cares(cycle: &Cycle<'_>) -> bool {
    !cycle.class.has_pod_affinity() && cycle.cluster.placements().classes_with_affinity().next().is_none()
}

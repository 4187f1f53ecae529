//! PodTopologySpread: pods that are alike spread over domains such as zones and hosts.
//!
//! Constraints are the pod's own, or else default ones of the profile, whose selector is that of the pod's services and
//! owner.

mod constraint;
mod default_selector;
mod defaults;
mod eligible;
mod filter;
mod hints;
mod lasting;
mod logarithm;
mod members;
mod score;
mod standing;
#[cfg(test)]
mod tests;

use crate::config::{ArgsSource, ConfigError, PodTopologySpreadArgs};
use crate::factory::Factory;
use crate::topology::Topology;
use constraint::Constraint;
use default_selector::default_selector;
pub use defaults::Defaults;
use eligible::EligibleNodes;
use filter::Hard;
use lasting::Shared;
use members::Members;
use score::Soft;
use std::rc::Rc;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::pod::PodClass;
use towtank_sim::model::topology_spread::{TopologySpreadConstraint, WhenUnsatisfiable};
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Events, FeatureGates, Hint, Lasting, Plugin, Points, PreFilter, PreScore,
};

/// The plugin.
///
/// Source: `podtopologyspread/plugin.go`.
#[derive(Debug, Default)]
pub struct PodTopologySpread {
    /// The constraints of pods that have none.
    pub defaults: Defaults,
    /// Whether tolerations that compare numbers count.
    compares: bool,
    topology: Topology,
    eligible: EligibleNodes,
    members: Members,
    /// What is kept between cycles; nothing else reads it.
    shared: Rc<Shared>,
}

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let args: PodTopologySpreadArgs = args.read()?;
    Ok(Arc::new(move |context| {
        let compares = context.gates.enabled(FeatureGates::TAINT_TOLERATION_COMPARISON_OPERATORS);
        Box::new(PodTopologySpread { compares, ..PodTopologySpread::new(Defaults::from(&args)) })
    }))
}

impl PodTopologySpread {
    /// With these constraints for pods that have none.
    pub fn new(defaults: Defaults) -> Self {
        Self { defaults, ..Self::default() }
    }

    /// The constraints of a pod whose violation means this.
    fn constraints<'c>(&'c self, cycle: &Cycle<'c>, action: WhenUnsatisfiable) -> Vec<Constraint<'c>> {
        let of_action = |constraint: &&TopologySpreadConstraint| constraint.when_unsatisfiable == action;
        let own = &cycle.class.spec.topology_spread;
        if !own.is_empty() {
            return own.iter().filter(of_action).map(|constraint| Constraint::own(constraint, self.compares)).collect();
        }
        if !self.defaults.constraints.iter().any(|constraint| of_action(&constraint)) {
            return Vec::new();
        }
        let selector = Rc::new(default_selector(cycle));
        if selector.is_empty() {
            return Vec::new();
        }
        let defaults = self.defaults.constraints.iter().filter(of_action);
        defaults.map(|constraint| Constraint::derived(constraint, &selector, self.compares)).collect()
    }
}

impl Plugin for PodTopologySpread {
    fn name(&self) -> &'static str {
        "PodTopologySpread"
    }

    fn points(&self) -> Points {
        Points::PRE_FILTER.and(Points::FILTER).and(Points::PRE_SCORE).and(Points::SCORE)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        let constraints = self.constraints(cycle, WhenUnsatisfiable::DoNotSchedule);
        if constraints.is_empty() {
            return PreFilter::Skip;
        }
        PreFilter::Ask(Box::new(Hard::new(self, cycle, constraints)))
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, feasible: &[NodeId]) -> PreScore<'c> {
        let constraints = self.constraints(cycle, WhenUnsatisfiable::ScheduleAnyway);
        if constraints.is_empty() {
            return PreScore::Skip;
        }
        PreScore::Ask(Box::new(Soft::new(self, cycle, feasible, &constraints)))
    }

    fn lasting(&self, class: &PodClass, cluster: &Cluster) -> Lasting {
        lasting::lasting(self, class, cluster)
    }

    fn events(&self) -> Events {
        hints::EVENTS
    }

    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        hints::hint(self, cycle, event)
    }
}

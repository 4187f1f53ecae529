//! The constraints of pods that have none of their own.

use crate::config::{DefaultConstraint, DefaultingType, PodTopologySpreadArgs};
use towtank_sim::model::node::{HOSTNAME_LABEL, ZONE_LABEL};
use towtank_sim::model::topology_spread::{NodeInclusionPolicy, TopologySpreadConstraint, WhenUnsatisfiable};

/// The constraints of pods that have none. Their own selectors are not read.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// The constraints.
    pub constraints: Vec<TopologySpreadConstraint>,
    /// Whether they are Kubernetes' own, which score nodes without their labels too.
    pub are_of_the_system: bool,
}

impl From<&PodTopologySpreadArgs> for Defaults {
    fn from(args: &PodTopologySpreadArgs) -> Self {
        match args.defaulting_type {
            DefaultingType::System => Self::default(),
            _ => Self {
                constraints: args.default_constraints.iter().map(constraint_of).collect(),
                are_of_the_system: false,
            },
        }
    }
}

/// A default constraint of a configuration. Its `matchLabelKeys` would narrow a selector that the derived one replaces.
fn constraint_of(from: &DefaultConstraint) -> TopologySpreadConstraint {
    let policy = |given: Option<&String>, default| match given.map(String::as_str) {
        None => default,
        Some("Honor") => NodeInclusionPolicy::Honor,
        Some(_) => NodeInclusionPolicy::Ignore,
    };
    let action = if from.is_hard() { WhenUnsatisfiable::DoNotSchedule } else { WhenUnsatisfiable::ScheduleAnyway };
    TopologySpreadConstraint {
        max_skew: from.max_skew,
        topology_key: from.topology_key.as_str().into(),
        when_unsatisfiable: action,
        selector: None,
        min_domains: from.min_domains,
        node_affinity_policy: policy(from.node_affinity_policy.as_ref(), NodeInclusionPolicy::Honor),
        node_taints_policy: policy(from.node_taints_policy.as_ref(), NodeInclusionPolicy::Ignore),
    }
}

impl Default for Defaults {
    /// Kubernetes' own: softly over hosts and zones.
    fn default() -> Self {
        let soft = |key: &str, max_skew| TopologySpreadConstraint {
            max_skew,
            topology_key: key.into(),
            when_unsatisfiable: WhenUnsatisfiable::ScheduleAnyway,
            selector: None,
            min_domains: None,
            node_affinity_policy: NodeInclusionPolicy::Honor,
            node_taints_policy: NodeInclusionPolicy::Ignore,
        };
        Self { constraints: vec![soft(HOSTNAME_LABEL, 3), soft(ZONE_LABEL, 5)], are_of_the_system: true }
    }
}

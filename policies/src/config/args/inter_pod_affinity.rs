//! `InterPodAffinityArgs`.

use super::{PluginArgs, TypeMeta, or_default};
use crate::config::invalid::Invalid;
use crate::config::yaml::Step;
use serde::Deserialize;
use towtank_sim::scheduler::FeatureGates;

/// What existing pods' wishes count when nodes are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct InterPodAffinityArgs {
    /// What a required affinity of an existing pod counts that the incoming pod matches: 0 to 100.
    pub hard_pod_affinity_weight: i32,
    /// Whether existing pods' preferences count only for pods that have inter-pod affinity themselves.
    pub ignore_preferred_terms_of_existing_pods: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Written {
    #[serde(rename = "apiVersion")]
    _api_version: TypeMeta,
    #[serde(rename = "kind")]
    _kind: TypeMeta,
    hard_pod_affinity_weight: Option<i32>,
    #[serde(deserialize_with = "or_default")]
    ignore_preferred_terms_of_existing_pods: bool,
}

impl From<Written> for InterPodAffinityArgs {
    fn from(written: Written) -> Self {
        Self {
            hard_pod_affinity_weight: written.hard_pod_affinity_weight.unwrap_or(1),
            ignore_preferred_terms_of_existing_pods: written.ignore_preferred_terms_of_existing_pods,
        }
    }
}

impl Default for InterPodAffinityArgs {
    fn default() -> Self {
        Written::default().into()
    }
}

impl PluginArgs for InterPodAffinityArgs {
    const KIND: &'static str = "InterPodAffinityArgs";

    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        let weight = self.hard_pod_affinity_weight;
        if (0..=100).contains(&weight) {
            return Ok(());
        }
        Err(Invalid::value([Step::Key("hardPodAffinityWeight")], &weight, "not in valid range [0, 100]"))
    }
}

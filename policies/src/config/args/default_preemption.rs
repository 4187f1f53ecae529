//! `DefaultPreemptionArgs`.

use super::{PluginArgs, TypeMeta};
use crate::config::invalid::Invalid;
use crate::config::yaml::Step;
use serde::Deserialize;
use towtank_sim::scheduler::FeatureGates;

/// How many candidates preemption looks for before it chooses among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct DefaultPreemptionArgs {
    /// At least this share of the nodes, in percent: 0 to 100.
    pub min_candidate_nodes_percentage: i32,
    /// At least this many nodes; not 0 where the percentage is 0 too.
    pub min_candidate_nodes_absolute: i32,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Written {
    #[serde(rename = "apiVersion")]
    _api_version: TypeMeta,
    #[serde(rename = "kind")]
    _kind: TypeMeta,
    min_candidate_nodes_percentage: Option<i32>,
    min_candidate_nodes_absolute: Option<i32>,
}

impl From<Written> for DefaultPreemptionArgs {
    fn from(written: Written) -> Self {
        Self {
            min_candidate_nodes_percentage: written.min_candidate_nodes_percentage.unwrap_or(10),
            min_candidate_nodes_absolute: written.min_candidate_nodes_absolute.unwrap_or(100),
        }
    }
}

impl Default for DefaultPreemptionArgs {
    fn default() -> Self {
        Written::default().into()
    }
}

impl PluginArgs for DefaultPreemptionArgs {
    const KIND: &'static str = "DefaultPreemptionArgs";

    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        let (percentage, absolute) = (self.min_candidate_nodes_percentage, self.min_candidate_nodes_absolute);
        let percentage_path = [Step::Key("minCandidateNodesPercentage")];
        if !(0..=100).contains(&percentage) {
            return Err(Invalid::value(percentage_path, &percentage, "not in valid range [0, 100]"));
        }
        if absolute < 0 {
            let path = [Step::Key("minCandidateNodesAbsolute")];
            return Err(Invalid::value(path, &absolute, "not in valid range [0, inf)"));
        }
        if percentage == 0 && absolute == 0 {
            let detail = "cannot be zero at the same time as minCandidateNodesAbsolute";
            return Err(Invalid::value(percentage_path, &percentage, detail));
        }
        Ok(())
    }
}

//! LargestFirst: the order of "decreasing" in first fit decreasing and best fit decreasing.

use crate::config::{ArgsSource, ConfigError, Invalid, PluginArgs};
use crate::factory::Factory;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::pod::{Pod, PodClass};
use towtank_sim::model::resources::ResourceId;
use towtank_sim::scheduler::{Events, FeatureGates, Plugin, Points};

/// What a share of one is counted as.
const WHOLE: i128 = 1_000_000_000_000;

/// The plugin. A pod's size is made of its shares of the cluster, `request_r / allocatable_r` summed over all nodes, for every resource
/// but the count of pods: the largest of them, or their sum. Larger pods are tried first; among equals the longer wait decides. The
/// size is measured when the pod comes. With FirstFit or BestFit the pods that come at one instant are packed as the paper packs a list.
///
/// Source: Johnson, "Near-Optimal Bin Packing Algorithms", 1973, for one dimension; Panigrahy et al., "Heuristics for Vector Bin
/// Packing", 2011, section 3, for the sum (FFDSum, with the inverse of the capacity as weight of each dimension).
#[derive(Clone, Copy, Debug, Default)]
pub struct LargestFirst {
    measure: Measure,
}

/// What is largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum Measure {
    /// The largest share.
    #[default]
    Dominant,
    /// The sum of the shares.
    Sum,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Args {
    #[serde(rename = "apiVersion")]
    _api_version: Option<IgnoredAny>,
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
    measure: Measure,
}

impl PluginArgs for Args {
    const KIND: &'static str = "LargestFirstArgs";

    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        Ok(())
    }
}

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let Args { measure, .. } = args.read()?;
    Ok(Arc::new(move |_| Box::new(LargestFirst { measure })))
}

impl Plugin for LargestFirst {
    fn name(&self) -> &'static str {
        "LargestFirst"
    }

    fn points(&self) -> Points {
        Points::QUEUE_SORT
    }

    fn queue_key(&self, _pod: &Pod, class: &PodClass, cluster: &Cluster) -> i64 {
        let capacity = &cluster.totals().capacity;
        let requested = class.requests.iter().filter(|(id, _)| *id != ResourceId::PODS);
        // What no node has is as large as can be.
        let share = |(id, amount): (ResourceId, i64)| i128::from(amount) * WHOLE / i128::from(capacity.get(id).max(1));
        let size = match self.measure {
            Measure::Dominant => requested.map(share).max().unwrap_or(0),
            Measure::Sum => requested.map(share).sum(),
        };
        i64::try_from(-size).unwrap_or(i64::MIN)
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

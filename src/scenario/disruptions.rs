//! What goes wrong: machines fail, nodes are drained.

use serde::Deserialize;
use std::collections::BTreeMap;
use towtank_sim::disruption::{AfterDrain, Drain, ListedFailure, NodeSelection, RandomFailures};
use towtank_sim::model::labels::LabelSelector;
use towtank_sim::time::SimTime;
use towtank_workloads::schema::{DistributionSpec, DurationText, Seconds};

/// One disruption: exactly one of the fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DisruptionSpec {
    /// Machines fail at a given time.
    pub failure: Option<FailureSpec>,
    /// Machines fail at random.
    pub random_failures: Option<RandomFailuresSpec>,
    /// Nodes are drained.
    pub drain: Option<DrainSpec>,
}

/// Which nodes; every condition that is given must hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(super) struct NodesSelectionSpec {
    /// Of these names.
    names: Vec<String>,
    /// With these labels.
    labels: BTreeMap<String, String>,
    /// In this zone.
    zone: Option<String>,
    /// A random share of the rest, above 0 and up to 1.
    fraction: Option<f64>,
}

/// Machines fail at a given time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FailureSpec {
    at: DurationText,
    #[serde(default)]
    nodes: NodesSelectionSpec,
    /// Until the repair; without it there is none.
    duration: Option<DurationText>,
}

/// Each machine fails at random.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RandomFailuresSpec {
    #[serde(default)]
    nodes: NodesSelectionSpec,
    /// From a node's coming, or a repair, to its next failure.
    time_to_failure: DistributionSpec<Seconds>,
    /// From a failure to the repair.
    time_to_repair: DistributionSpec<Seconds>,
}

/// Nodes are drained.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DrainSpec {
    at: DurationText,
    #[serde(default)]
    nodes: NodesSelectionSpec,
    /// How many nodes at a time; 1 if absent.
    parallel: Option<usize>,
    /// When the emptying of a node is given up.
    timeout: Option<DurationText>,
    /// It takes pods again, this long after it was empty.
    uncordon_after: Option<DurationText>,
    /// It leaves the cluster, this long after it was empty.
    delete_after: Option<DurationText>,
}

/// The disruptions of a scenario, by kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Disruptions {
    /// Failures at given times.
    pub(super) failures: Vec<ListedFailure>,
    /// Failures at random.
    pub(super) random: Vec<RandomFailures>,
    /// Drains.
    pub(super) drains: Vec<Drain>,
}

impl Disruptions {
    /// The disruptions as the controllers take them.
    ///
    /// # Errors
    /// What cannot be used, with its place in the list.
    pub(super) fn new(specs: &[DisruptionSpec]) -> Result<Self, (usize, String)> {
        let mut all = Self::default();
        for (i, spec) in specs.iter().enumerate() {
            all.add(i, spec).map_err(|why| (i, why))?;
        }
        Ok(all)
    }

    fn add(&mut self, index: usize, spec: &DisruptionSpec) -> Result<(), String> {
        match (&spec.failure, &spec.random_failures, &spec.drain) {
            (Some(failure), None, None) => self.failures.push(ListedFailure {
                at: SimTime::ZERO + failure.at.0,
                nodes: failure.nodes.selection()?,
                duration: failure.duration.map(|text| text.0),
            }),
            (None, Some(random), None) => self.random.push(RandomFailures {
                name: index.to_string(),
                nodes: random.nodes.selection()?,
                time_to_failure: random.time_to_failure.distribution.clone(),
                time_to_repair: random.time_to_repair.distribution.clone(),
            }),
            (None, None, Some(drain)) => self.drains.push(drain.drain()?),
            _ => return Err("expected exactly one of failure, randomFailures, drain".to_owned()),
        }
        Ok(())
    }
}

impl DrainSpec {
    fn drain(&self) -> Result<Drain, String> {
        let then = match (self.uncordon_after, self.delete_after) {
            (None, None) => AfterDrain::Stay,
            (Some(after), None) => AfterDrain::Uncordon(after.0),
            (None, Some(after)) => AfterDrain::Delete(after.0),
            _ => return Err("drain: expected at most one of uncordonAfter, deleteAfter".to_owned()),
        };
        let parallel = self.parallel.unwrap_or(1);
        if parallel == 0 {
            return Err("drain.parallel is 0: expected at least 1".to_owned());
        }
        Ok(Drain {
            at: SimTime::ZERO + self.at.0,
            nodes: self.nodes.selection()?,
            parallel,
            timeout: self.timeout.map(|text| text.0),
            then,
        })
    }
}

impl NodesSelectionSpec {
    fn selection(&self) -> Result<NodeSelection, String> {
        if let Some(fraction) = self.fraction.filter(|fraction| !(*fraction > 0.0 && *fraction <= 1.0)) {
            return Err(format!("nodes.fraction is {fraction}: expected a number above 0 and at most 1"));
        }
        let selector = LabelSelector { match_labels: self.labels.clone().into(), expressions: Vec::new() };
        Ok(NodeSelection {
            names: self.names.clone(),
            selector: (!selector.is_empty()).then_some(selector),
            zone: self.zone.clone(),
            fraction: self.fraction,
        })
    }
}

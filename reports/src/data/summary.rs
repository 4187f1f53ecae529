//! The numbers of `summary.json`.

use super::jobs::JobSummary;
use std::collections::BTreeMap;

use super::fragmentation::GpuFragmentation;
use crate::metrics::autoscaling::Provisioning;
use crate::metrics::availability::Availability;
use crate::metrics::completion::CompletionSummary;
use crate::metrics::disruption::Budgets;
use crate::metrics::energy::Energy;
use crate::metrics::fairness::Fairness;
use crate::metrics::packing::Packing;
use crate::metrics::scheduling_latency::WaitingSummary;
use crate::metrics::steady_state::SteadyState;
use crate::metrics::utilization::Uses;
use serde::{Serialize, Serializer};

/// One simulation in numbers; serialised, it is `summary.json`, with its fields in this order.
///
/// Fractions are written with six decimals and seconds with nine, so that equal runs give equal bytes. Only
/// `wall_seconds`, `decisions_per_second`, `peak_rss_bytes` and `phases` may differ between two runs of the same inputs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// The scheduling policy or profile, as the scenario names it.
    pub policy: String,
    /// The scenario's seed.
    pub seed: u64,
    /// The 128-bit hash of every state change, in hexadecimal.
    pub fingerprint: String,
    /// From the scenario's start to the last event, in seconds.
    #[serde(serialize_with = "seconds")]
    pub simulated_seconds: f64,
    /// Events that the engine handled.
    pub events: u64,
    /// Scheduling attempts that ended in a verdict.
    pub decisions: u64,
    /// What became of the pods.
    pub pods: PodCounts,
    /// How many nodes there were.
    pub nodes: NodeCounts,
    /// By resource name: how full the cluster was.
    pub utilization: BTreeMap<String, ResourceUtilization>,
    /// The same by zone; empty where there are none, or many.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub zones: Uses,
    /// What namespaces had of it; empty where there are many.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub namespaces: Uses,
    /// Nodes in use, and room that is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packing: Option<Packing>,
    /// By resource: the share that is stranded.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", serialize_with = "Fraction::write_map")]
    pub stranded: BTreeMap<String, f64>,
    /// How long pods waited.
    pub latency: LatencyPair,
    /// Where they did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<WaitingSummary>,
    /// How long pods took that ended well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion: Option<CompletionSummary>,
    /// How fragmented the GPUs were at the end; absent where it was not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_fragmentation: Option<GpuFragmentation>,
    /// The jobs that ended; absent of a run without groups of pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<JobSummary>,
    /// Pods refused at admission, by reason.
    pub rejections: BTreeMap<String, u64>,
    /// Pods refused by a quota, by namespace.
    pub quota_refusals: BTreeMap<String, u64>,
    /// What the cluster autoscaler did; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaler: Option<AutoscalerCounts>,
    /// What there was of nodes, and what it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning: Option<Provisioning>,
    /// What they drew; absent without a model of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy: Option<Energy>,
    /// How alike the shares of namespaces were; absent of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fairness: Option<Fairness>,
    /// Disruptions that happened, by kind.
    pub disruptions: BTreeMap<String, u64>,
    /// How disruption budgets were kept; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budgets: Option<Budgets>,
    /// How available services were; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<Availability>,
    /// The run without its beginning, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steady_state: Option<SteadyState>,
    /// What was found in traces; absent where there was nothing to repair.
    #[serde(skip_serializing_if = "TraceSummary::is_empty")]
    pub trace: TraceSummary,
    /// Real time from reading the inputs to closing the tables, in seconds.
    #[serde(serialize_with = "fraction")]
    pub wall_seconds: f64,
    /// Decisions per second of real time between the start of the simulation and its last event: without reading the inputs and
    /// closing the tables.
    #[serde(serialize_with = "tenths")]
    pub decisions_per_second: f64,
    /// Largest resident memory of the process, in bytes; null where the system does not tell.
    pub peak_rss_bytes: Option<u64>,
    /// Where the real time went, by name of the phase; absent where it was not measured.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub phases: BTreeMap<&'static str, PhaseTime>,
}

/// The real time of one part of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct PhaseTime {
    /// In seconds.
    #[serde(serialize_with = "fraction")]
    pub seconds: f64,
    /// As a fraction of all phases together.
    #[serde(serialize_with = "fraction")]
    pub share: f64,
}

/// What was found in the traces of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TraceSummary {
    /// What was repaired, by rule.
    pub repairs: Vec<RepairCount>,
}

impl TraceSummary {
    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.repairs.is_empty()
    }
}

/// How often a rule was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RepairCount {
    /// The rule's name.
    pub rule: &'static str,
    /// How often.
    pub count: u64,
    /// What was wrong where it was applied first, with file and line.
    pub first: String,
}

/// What became of the pods. A pod may count in several fields: bound, then evicted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PodCounts {
    /// Proposed to admission.
    pub submitted: u64,
    /// Refused by admission.
    pub rejected: u64,
    /// Bound to a node.
    pub bound: u64,
    /// Ended well.
    pub succeeded: u64,
    /// Ended badly.
    pub failed: u64,
    /// Still without a node at the end.
    pub pending: u64,
    /// Removed from their node by a drain, a taint or pressure.
    pub evicted: u64,
    /// Removed from their node for a pod of higher priority.
    pub preempted: u64,
}

/// How many nodes there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct NodeCounts {
    /// At the start.
    pub initial: u64,
    /// At most.
    pub peak: u64,
    /// At the end.
    pub r#final: u64,
}

/// How full one resource was, as fractions of capacity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct ResourceUtilization {
    /// Allocated integral over capacity integral: what share of the offered resource-time was requested.
    #[serde(serialize_with = "fraction")]
    pub mean_allocated: f64,
    /// Largest fraction that lasted.
    #[serde(serialize_with = "fraction")]
    pub peak_allocated: f64,
    /// What all pods requested, those that wait included, likewise.
    #[serde(serialize_with = "Fraction::write_optional", skip_serializing_if = "Option::is_none")]
    pub mean_requested: Option<f64>,
    /// What working pods used, likewise; CPU and memory only.
    #[serde(serialize_with = "Fraction::write_optional", skip_serializing_if = "Option::is_none")]
    pub mean_used: Option<f64>,
}

/// The waiting times that are reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct LatencyPair {
    /// From creation to the binding.
    pub scheduling: LatencySummary,
    /// Where that time went; absent where nobody followed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<SchedulingParts>,
    /// From creation to the first container running.
    pub startup: LatencySummary,
    /// From the binding to the first container running.
    pub start: LatencySummary,
    /// Where that time went and the one until the pod was ready; absent where kubelets tell no parts apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_parts: Option<StartParts>,
}

/// The parts of the scheduling latency, each of the same pods. The parts of one pod add up to its latency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct SchedulingParts {
    /// Behind scheduling gates, before the queue.
    pub admission: LatencySummary,
    /// In the active queue.
    pub queue: LatencySummary,
    /// In backoff.
    pub backoff: LatencySummary,
    /// Known to be unschedulable.
    pub unschedulable: LatencySummary,
    /// In scheduling attempts.
    pub decision: LatencySummary,
    /// The rest: between the decision and the binding.
    pub bind: LatencySummary,
}

impl SchedulingParts {
    /// All of them by name, in the order in which a pod comes by.
    pub fn by_name(&self) -> [(&'static str, &LatencySummary); 6] {
        let Self { admission, queue, backoff, unschedulable, decision, bind } = self;
        [
            ("admission", admission),
            ("queue", queue),
            ("backoff", backoff),
            ("unschedulable", unschedulable),
            ("decision", decision),
            ("bind", bind),
        ]
    }
}

/// The parts of the time from binding to ready, each of the pods that came so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct StartParts {
    /// Until the images were there.
    pub pull: LatencySummary,
    /// From there to the end of the init containers.
    pub init: LatencySummary,
    /// From there to running.
    pub containers: LatencySummary,
    /// From running to ready.
    pub ready: LatencySummary,
}

impl StartParts {
    /// All of them by name, in the order in which a pod comes by.
    pub fn by_name(&self) -> [(&'static str, &LatencySummary); 4] {
        let Self { pull, init, containers, ready } = self;
        [("pull", pull), ("init", init), ("containers", containers), ("ready", ready)]
    }
}

/// Percentiles of a waiting time in seconds, nearest-rank; null without samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct LatencySummary {
    /// Number of samples.
    pub count: u64,
    /// Median.
    #[serde(serialize_with = "optional_seconds")]
    pub p50: Option<f64>,
    /// 90th percentile.
    #[serde(serialize_with = "optional_seconds")]
    pub p90: Option<f64>,
    /// 99th percentile.
    #[serde(serialize_with = "optional_seconds")]
    pub p99: Option<f64>,
    /// Largest.
    #[serde(serialize_with = "optional_seconds")]
    pub max: Option<f64>,
    /// Mean.
    #[serde(serialize_with = "optional_seconds")]
    pub mean: Option<f64>,
    /// By how much percentiles may be off, as a fraction of themselves; absent where they are exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relative_error: Option<f64>,
}

/// What the cluster autoscaler did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AutoscalerCounts {
    /// Decisions to grow a group.
    pub scale_ups: u64,
    /// Nodes added by them.
    pub nodes_added: u64,
    /// Decisions to shrink a group.
    pub scale_downs: u64,
    /// Nodes removed by them.
    pub nodes_removed: u64,
}

/// How fractions are written, for the other structures of the summary.
pub(crate) struct Fraction;

impl Fraction {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(crate) fn write<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        fraction(value, serializer)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(crate) fn write_seconds<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        seconds(value, serializer)
    }

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(crate) fn write_optional<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(|value| rounded(value, 1e6)).serialize(serializer)
    }

    pub(crate) fn write_map<S: Serializer>(values: &BTreeMap<String, f64>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(values.iter().map(|(name, value)| (name, rounded(*value, 1e6))))
    }

    pub(super) fn write_all<S: Serializer>(
        values: &BTreeMap<&'static str, f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(values.iter().map(|(name, value)| (name, rounded(*value, 1e6))))
    }
}

fn rounded(value: f64, per_unit: f64) -> f64 {
    // Adding zero turns a negative zero into a plain one.
    (value * per_unit).round() / per_unit + 0.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn fraction<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(rounded(*value, 1e6))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn tenths<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(rounded(*value, 10.0))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(super) fn seconds<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(rounded(*value, 1e9))
}

#[expect(clippy::ref_option, reason = "serde's signature")]
fn optional_seconds<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(|value| rounded(value, 1e9)).serialize(serializer)
}

//! The scenario file, as it is written. Every unknown field is an error; a list item names exactly one of its kinds.

use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeMap;
use std::path::PathBuf;
use towtank_reports::metrics::steady_state::WarmUp;
use towtank_sim::scheduler::TieBreak;
use towtank_workloads::generate::{NodePools, PodGenerator};
use towtank_workloads::schema::{DistributionSpec, DurationText, Seconds, parse_duration};

/// A `kind: Scenario` document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ScenarioDocument {
    /// Must be `towtank.dev/v1alpha1`; see [`super::yaml::Header`].
    #[serde(rename = "apiVersion")]
    pub(super) _api_version: String,
    /// Must be `Scenario`.
    #[serde(rename = "kind")]
    pub(super) _kind: String,
    /// The name.
    pub(super) metadata: Metadata,
    /// Everything else.
    pub(super) spec: ScenarioSpec,
}

/// What the scenario is called.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata {
    /// The name; output goes to `out/NAME` unless told otherwise.
    pub(super) name: String,
    /// What it shows, for the report.
    #[serde(default)]
    pub(super) description: String,
}

/// What is simulated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ScenarioSpec {
    /// The seed of every random stream; 0 if absent.
    #[serde(default)]
    pub seed: u64,
    /// The wall-clock time at which it begins, as RFC 3339; midnight of 2026-01-01 UTC if absent.
    pub start: Option<String>,
    /// `idle` (the default), or how long it lasts.
    #[serde(default = "idle")]
    pub until: String,
    /// What the cluster is made of; parts add up.
    #[serde(default)]
    pub cluster: Vec<ClusterPart>,
    /// What is asked of it; parts add up.
    #[serde(default)]
    pub workload: Vec<WorkloadPart>,
    /// The pods that are expected to come, against which fragmentation is measured; those of the workload's traces if absent.
    pub target_workload: Option<super::target::TargetWorkloadSpec>,
    /// The scheduler.
    #[serde(default)]
    pub scheduler: SchedulerSpec,
    /// The kubelets.
    #[serde(default)]
    pub kubelet: KubeletSpec,
    /// Persistent volumes.
    #[serde(default)]
    pub storage: StorageSpec,
    /// What grows and shrinks.
    #[serde(default)]
    pub autoscaling: super::autoscaling::AutoscalingSpec,
    /// What evicts pods that would lie better elsewhere; nothing if absent.
    pub descheduler: Option<super::descheduler::DeschedulerSpec>,
    /// What goes wrong.
    #[serde(default)]
    pub disruptions: Vec<super::disruptions::DisruptionSpec>,
    /// What is recorded.
    #[serde(default)]
    pub observe: ObserveSpec,
}

fn idle() -> String {
    "idle".to_owned()
}

/// One part of the cluster: exactly one of the fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterPart {
    /// Nodes of a trace.
    pub trace: Option<super::trace::NodeTraceSpec>,
    /// Manifests: files and folders.
    pub manifests: Option<Vec<PathBuf>>,
    /// Made-up nodes.
    pub generate: Option<NodePools>,
}

/// One part of the workload: exactly one of the fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkloadPart {
    /// Pods of a trace.
    pub trace: Option<super::trace::PodTraceSpec>,
    /// Manifests: files and folders.
    pub manifests: Option<Vec<PathBuf>>,
    /// Made-up pods.
    pub generate: Option<PodGenerator>,
}

/// The scheduler.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SchedulerSpec {
    /// A file with a `KubeSchedulerConfiguration`, or a `Policy` of older releases.
    pub config: Option<PathBuf>,
    /// Feature gates of kube-scheduler that differ from their defaults in Kubernetes 1.36.
    #[serde(default)]
    pub feature_gates: BTreeMap<String, bool>,
    /// A named policy instead of a file; `towtank policies` lists them.
    pub policy: Option<String>,
    /// A batch scheduler made of parts, instead of a named policy.
    pub batch: Option<BatchSpec>,
    /// Which of the nodes with the same highest score is taken; what the policy says if absent, else `random`.
    pub tie_break: Option<TieBreakSpec>,
    /// How much simulated time an attempt takes; none if absent.
    #[serde(default)]
    pub latency: LatencySpec,
}

/// A batch scheduler.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BatchSpec {
    /// The order of the queue: `arrival` or `shortest-first`.
    #[serde(default = "arrival")]
    pub order: String,
    /// Who may start before whom: `none`, `all-or-nothing`, `easy` or `conservative`.
    #[serde(default = "no_backfilling")]
    pub backfilling: String,
    /// What reservations are of.
    #[serde(default)]
    pub counting: CountingSpec,
    /// For which `spec.schedulerName` it is responsible. With another one than the default, kube-scheduler runs beside it.
    #[serde(default = "default_scheduler")]
    pub scheduler_name: String,
}

fn arrival() -> String {
    "arrival".to_owned()
}

fn no_backfilling() -> String {
    "none".to_owned()
}

fn default_scheduler() -> String {
    towtank_sim::model::pod::DEFAULT_SCHEDULER.to_owned()
}

/// What reservations are of.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CountingSpec {
    /// Certain machines.
    #[default]
    Machines,
    /// So much capacity, wherever it will be.
    Capacity,
}

/// The rule among equals.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TieBreakSpec {
    /// Each alike.
    #[default]
    Random,
    /// The node that was created first.
    First,
    /// The one that a binary heap of the feasible nodes has on top: kube-scheduler since 1.35.
    Heap,
}

impl TieBreakSpec {
    /// As the scheduler knows it.
    pub const fn rule(self) -> TieBreak {
        match self {
            Self::Random => TieBreak::Random,
            Self::First => TieBreak::First,
            Self::Heap => TieBreak::Heap,
        }
    }

    /// As scenarios name it. The node that is visited first is none of their rules.
    pub(super) const fn of(rule: TieBreak) -> Self {
        match rule {
            TieBreak::Random => Self::Random,
            TieBreak::First | TieBreak::FirstVisited => Self::First,
            TieBreak::Heap => Self::Heap,
        }
    }

    /// The name in scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::First => "first",
            Self::Heap => "heap",
        }
    }
}

/// The latency of attempts: at most one of the fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LatencySpec {
    /// The same for each attempt.
    pub constant: Option<DurationText>,
    /// Growing with the nodes examined.
    pub per_node: Option<PerNodeLatency>,
}

/// A latency that grows with the nodes examined.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PerNodeLatency {
    /// For the attempt.
    #[serde(default)]
    pub base: DurationText,
    /// For each node examined.
    pub each: DurationText,
}

/// The kubelets.
#[allow(clippy::struct_field_names, reason = "they are the words of the file")]
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct KubeletSpec {
    /// From binding to the images being there; no time if absent.
    pub pull_latency: Option<DistributionSpec<Seconds>>,
    /// From there to the end of the init containers; no time if absent.
    pub init_latency: Option<DistributionSpec<Seconds>>,
    /// From there to running; no time if absent.
    pub start_latency: Option<DistributionSpec<Seconds>>,
    /// From running to ready; no time if absent.
    pub ready_latency: Option<DistributionSpec<Seconds>>,
    /// From the request to delete to being gone; no time if absent.
    pub stop_latency: Option<DistributionSpec<Seconds>>,
}

/// Persistent volumes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StorageSpec {
    /// From the wish for a volume to its being there; no time if absent.
    pub provisioning_latency: Option<DistributionSpec<Seconds>>,
}

/// What is recorded.
#[allow(clippy::struct_excessive_bools, reason = "switches of a file, each with its name")]
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ObserveSpec {
    /// How far samples are apart; by default they are thinned so that a few thousand remain, whatever the length.
    pub interval: Option<DurationText>,
    /// Whether `events.jsonl` is written.
    pub events: bool,
    /// Whether `pods.csv` and `nodes.csv` are written.
    pub tables: bool,
    /// Whether `attempts.csv` is written.
    pub attempts: bool,
    /// Whether tables are written as Parquet too.
    pub parquet: bool,
    /// Whether figures and `report.html` are made.
    pub figures: bool,
    /// Whether the fragmentation of GPUs is measured.
    pub fragmentation: bool,
    /// A schedule that has been published, to compare jobs with.
    pub published_schedule: Option<PathBuf>,
    /// What of the run is left out as its beginning: `mser-5`, or a duration.
    pub warm_up: Option<WarmUpSpec>,
    /// Prices of a node per hour, by node group or instance type; those of the node groups if a group is not named.
    pub prices: BTreeMap<String, f64>,
    /// What nodes draw, by node group or instance type; `default` stands for all others.
    pub power: BTreeMap<String, PowerSpec>,
}

/// What a node draws, in watts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PowerSpec {
    /// When its pods use nothing.
    pub idle_watts: f64,
    /// When they use all of its CPU.
    pub busy_watts: f64,
}

/// What of a run is left out as its beginning.
#[derive(Clone, Copy, Debug)]
pub struct WarmUpSpec(pub WarmUp);

impl<'de> Deserialize<'de> for WarmUpSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "mser-5" {
            return Ok(Self(WarmUp::Mser5));
        }
        let span = parse_duration(&text);
        let why = |_| de::Error::custom(format!("`{text}`: expected `mser-5`, or a duration such as `2h`"));
        span.map(|span| Self(WarmUp::Until(span))).map_err(why)
    }
}

impl Default for ObserveSpec {
    fn default() -> Self {
        Self {
            interval: None,
            events: true,
            tables: true,
            attempts: false,
            parquet: false,
            figures: true,
            fragmentation: false,
            published_schedule: None,
            warm_up: None,
            prices: BTreeMap::new(),
            power: BTreeMap::new(),
        }
    }
}

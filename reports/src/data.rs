//! What was observed, as plain data: the door between a simulation's observers and everything that is reported.
//!
//! A collector fills these structures while a simulation runs; the rest of the crate only reads them. Times are
//! nanoseconds since the scenario's start; amounts are in base units (milli-CPU, bytes, counts).

mod arrival_curve;
mod cluster_history;
mod curve;
mod fragmentation;
mod heatmap;
mod jobs;
mod latencies;
mod notable;
mod pod_record;
mod series;
mod summary;

pub use arrival_curve::{ArrivalCurve, ArrivalMetric, ArrivalPoint};
pub use cluster_history::{ClusterHistory, Condition, NodeHistory, NodeState, RESOURCES};
pub use curve::Curve;
pub use fragmentation::GpuFragmentation;
pub use heatmap::Heatmap;
pub use jobs::{JobSpan, JobSummary, Jobs, PublishedCounts, PublishedJob};
pub use latencies::{Latencies, Steps};
pub use notable::{Notable, NotableKind};
pub use pod_record::{Decision, KeptFor, PodRecord, PodRecords};
pub use series::{ResourceSeries, Sample, Series};
pub(crate) use summary::Fraction;
pub use summary::{
    AutoscalerCounts, LatencyPair, LatencySummary, NodeCounts, PhaseTime, PodCounts, RepairCount, ResourceUtilization,
    SchedulingParts, StartParts, Summary, TraceSummary,
};

/// Nanoseconds in a second, the factor between stored times and written ones.
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Everything that one simulation leaves for its report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    /// Short name that tells this run from others in one comparison, such as the policy's name.
    pub label: String,
    /// What the scenario says that it shows; may be empty.
    pub description: String,
    /// The numbers of `summary.json`.
    pub summary: Summary,
    /// The cluster's state over time.
    pub series: Series,
    /// From a pod's first entry into the scheduling queue to its binding, one sample per bound pod.
    pub scheduling: Latencies,
    /// From a pod's creation to its first container running, one sample per started pod.
    pub startup: Latencies,
    /// How full each node was over time.
    pub heatmap: Heatmap,
    /// The jobs that ended.
    pub jobs: Jobs,
    /// Metrics over something else than time.
    pub curves: Vec<Curve>,
    /// What a reader of the report should be told about, in time order.
    pub notable: Vec<Notable>,
    /// The nodes over time, each by itself.
    pub history: ClusterHistory,
    /// What the page and the figures tell of single pods.
    pub records: PodRecords,
}

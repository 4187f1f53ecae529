//! What a trace is like, for people and for programs.

pub mod figures;
pub mod text;

use serde::Serialize;
use std::collections::BTreeMap;
use towtank_sim::model::pod::PodSpec;
use towtank_traces::Format;
use towtank_traces::repairs::Repairs;
use towtank_traces::statistics::{Level, Spread, Statistics};
use towtank_traces::stream::Stream;

const NANOS: f64 = 1e9;
const HOUR: f64 = 3600.0;

/// So many of the commonest shapes are told one by one.
const SHAPES: usize = 10;

/// A trace in numbers; serialised, it is `summary.json`. Times are seconds from the start of the part that is looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// The file or folder.
    pub trace: String,
    /// The format.
    pub format: &'static str,
    /// Submissions: pods, and jobs of several pods.
    pub submissions: u64,
    /// Pods.
    pub pods: u64,
    /// Submissions of pods that start together or not at all.
    pub gangs: u64,
    /// Submissions that never end.
    pub endless: u64,
    /// Submissions that end with failure.
    pub failed: u64,
    /// Submissions that are taken away.
    pub killed: u64,
    /// Kubernetes objects that are created, changed or deleted.
    pub objects: u64,
    /// Users; 0 where the trace knows none.
    pub users: u64,
    /// Queues; 0 where the trace knows none.
    pub queues: u64,
    /// The first submission.
    pub first_submission: Option<f64>,
    /// The last one.
    pub last_submission: Option<f64>,
    /// The end of the last pod, if each starts when it is submitted.
    pub end: f64,
    /// Submissions per hour, from the first to the last.
    pub per_hour: Option<f64>,
    /// Submissions by hour of the day, if the trace begins at midnight.
    pub by_hour: [u64; 24],
    /// The time between two submissions.
    pub between: Numbers,
    /// Pods of a submission.
    pub pods_per_submission: Numbers,
    /// The run time of a submission that ends.
    pub run_time: Numbers,
    /// The wait that was recorded.
    pub waited: Numbers,
    /// By resource what a pod requests that requests any, in base units (milli-CPU, bytes, counts).
    pub requests: BTreeMap<String, Numbers>,
    /// Nodes, at most.
    pub nodes: i64,
    /// By resource what all pods together request if each starts when it is submitted, and what the nodes offer.
    pub demand: BTreeMap<String, Demand>,
    /// How many different shapes there are.
    pub shapes: usize,
    /// The commonest of them.
    pub commonest: Vec<CommonShape>,
    /// What was repaired, by rule.
    pub repairs: BTreeMap<&'static str, u64>,
}

/// Percentiles, to three significant digits; least, greatest and mean are exact.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Numbers {
    /// How many.
    pub count: u64,
    /// The least.
    pub min: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// The 90th percentile.
    pub p90: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// The greatest.
    pub max: Option<f64>,
    /// The mean.
    pub mean: Option<f64>,
}

/// A resource's demand beside its capacity, in base units.
#[derive(Clone, Debug, Serialize)]
pub struct Demand {
    /// The mean over the whole time.
    pub mean: f64,
    /// The largest at a time.
    pub peak: i64,
    /// When that was.
    pub peak_at: f64,
    /// What the nodes offer at most; `None` without nodes.
    pub capacity: Option<i64>,
    /// The peak's share of it.
    pub peak_share: Option<f64>,
    /// The mean's share of what the nodes offer on average.
    pub mean_share: Option<f64>,
}

/// A shape and how common it is.
#[derive(Clone, Debug, Serialize)]
pub struct CommonShape {
    /// What its pods request.
    pub requests: BTreeMap<String, String>,
    /// Submissions that have it.
    pub submissions: u64,
    /// Their share of all.
    pub share: f64,
}

impl Inspection {
    /// Puts the numbers together.
    pub fn new(trace: &str, format: &Format, found: &Statistics, repairs: &Repairs, pods: &mut Stream) -> Self {
        let seconds = |nanos: i64| nanos as f64 / NANOS;
        let span = found.span.filter(|(first, last)| first < last);
        let per_hour = span.map(|(first, last)| (found.submissions - 1) as f64 / (seconds(last - first) / HOUR));
        let common = found.shapes.iter().take(SHAPES).map(|&(shape, submissions)| CommonShape {
            requests: requests(&pods.shape(shape).spec),
            submissions,
            share: submissions as f64 / found.submissions as f64,
        });
        Self {
            trace: trace.to_owned(),
            format: format.name,
            submissions: found.submissions,
            pods: found.pods,
            gangs: found.gangs,
            endless: found.endless,
            failed: found.failed,
            killed: found.killed,
            objects: found.objects,
            users: found.users,
            queues: found.queues,
            first_submission: found.span.map(|(first, _)| seconds(first)),
            last_submission: found.span.map(|(_, last)| seconds(last)),
            end: seconds(found.end),
            per_hour,
            by_hour: found.by_hour,
            between: Numbers::of(&found.between, NANOS),
            pods_per_submission: Numbers::of(&found.pods_per_submission, 1.0),
            run_time: Numbers::of(&found.run_time, NANOS),
            waited: Numbers::of(&found.waited, NANOS),
            requests: found.requests.iter().map(|(name, spread)| (name.clone(), Numbers::of(spread, 1.0))).collect(),
            nodes: found.nodes.peak,
            demand: found.demand.iter().map(|(name, level)| (name.clone(), Demand::of(name, level, found))).collect(),
            shapes: found.shapes.len(),
            commonest: common.collect(),
            repairs: repairs.report().into_iter().map(|one| (one.rule.name(), one.count)).collect(),
        }
    }

    /// The numbers as JSON.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl Numbers {
    fn of(spread: &Spread, unit: f64) -> Self {
        let number = |value: Option<i64>| value.map(|value| value as f64 / unit);
        Self {
            count: spread.count(),
            min: number(spread.min()),
            p50: number(spread.percentile(50.0)),
            p90: number(spread.percentile(90.0)),
            p99: number(spread.percentile(99.0)),
            max: number(spread.max()),
            mean: spread.mean().map(|mean| mean / unit),
        }
    }
}

impl Demand {
    fn of(name: &str, level: &Level, found: &Statistics) -> Self {
        let capacity = found.capacity.get(name);
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let mean = level.mean(found.end);
        Self {
            mean,
            peak: level.peak,
            peak_at: level.peak_at as f64 / NANOS,
            capacity: capacity.map(|capacity| capacity.peak),
            peak_share: capacity.and_then(|capacity| share(level.peak as f64, capacity.peak as f64)),
            mean_share: capacity.and_then(|capacity| share(mean, capacity.mean(found.end))),
        }
    }
}

/// What the containers request, as it would be written.
fn requests(spec: &PodSpec) -> BTreeMap<String, String> {
    let containers = spec.containers.iter().flat_map(|container| &container.requests);
    let mut requests: BTreeMap<String, String> =
        containers.map(|(name, quantity)| (name.to_string(), quantity.to_string())).collect();
    if let Some(gpu) = spec.gpu {
        requests.insert("GPU".to_owned(), format!("{} x {}m", gpu.count, gpu.milli));
    }
    requests
}

//! How long pods take that end by themselves, and how much gets done.

use super::{Family, Metric, Unit};
use crate::collect::completion::Completion;
use crate::data::{Fraction, LatencySummary};
use serde::Serialize;

const RATIO: Unit = Unit::Ratio;

/// How long pods take that end by themselves, and how much gets done.
pub(super) const FAMILY: Family = Family {
    title: "Completion",
    about: "Of the pods that ended well; absent where none did. Turnaround is end − creation, run time end − start. Source: Feitelson and Rudolph, \
            \"Metrics and Benchmarking for Parallel Job Scheduling\", JSSPP 1998; the bound of 10 s is that of Feitelson et al., JSSPP 1997.",
    metrics: &[
        Metric::new("completion.turnaround.count", Unit::Count("pods"), "pods that succeed", "how many pods it is of")
            .spoken("has"),
        Metric::new("completion.turnaround.p50", Unit::Seconds, "median turnaround of pods", "median turnaround"),
        Metric::new("completion.turnaround.p90", Unit::Seconds, "90th percentile of the turnaround", "90th percentile"),
        Metric::new("completion.turnaround.p99", Unit::Seconds, "99th percentile of the turnaround", "99th percentile"),
        Metric::new("completion.turnaround.max", Unit::Seconds, "longest turnaround", "longest"),
        Metric::new("completion.turnaround.mean", Unit::Seconds, "mean turnaround of pods", "mean")
            .by("Σ (end − creation) / n")
            .compared(),
        Metric::new(
            "completion.turnaround.relative_error",
            Unit::Fraction,
            "error of its percentiles",
            "as for the scheduling latency",
        ),
        Metric::new(
            "completion.mean_slowdown",
            RATIO,
            "mean slowdown of pods",
            "mean slowdown, of pods that ran for some time",
        )
        .by("Σ turnaround / run time / n"),
        Metric::new("completion.max_slowdown", RATIO, "largest slowdown of a pod", "largest"),
        Metric::new(
            "completion.mean_bounded_slowdown",
            RATIO,
            "mean bounded slowdown of pods",
            "mean, with runs of less than 10 s counted as 10 s",
        )
        .by("Σ max(1, turnaround / max(run time, 10 s)) / n")
        .compared(),
        Metric::new("completion.max_bounded_slowdown", RATIO, "largest bounded slowdown of a pod", "largest"),
        Metric::new(
            "completion.makespan_seconds",
            Unit::Seconds,
            "makespan",
            "from the start to the end of the last pod that ended by itself",
        )
        .by("max end"),
        Metric::new(
            "completion.pods_per_hour",
            Unit::Of("pods/h"),
            "throughput",
            "pods that ended well in an hour of simulated time",
        )
        .by("succeeded / T"),
    ],
};

/// How long pods took that ended well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct CompletionSummary {
    /// From creation to the end.
    pub turnaround: LatencySummary,
    /// Mean slowdown.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub mean_slowdown: f64,
    /// Largest slowdown.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub max_slowdown: f64,
    /// Mean bounded slowdown.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub mean_bounded_slowdown: f64,
    /// Largest bounded slowdown.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub max_bounded_slowdown: f64,
    /// When the last pod ended.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub makespan_seconds: f64,
    /// Pods that ended well, an hour.
    #[serde(serialize_with = "Fraction::write")]
    pub pods_per_hour: f64,
}

impl CompletionSummary {
    /// Of what was observed in so many nanoseconds; `None` where no pod ended well.
    pub fn of(mut completion: Completion, nanoseconds: i128) -> Option<Self> {
        let turnaround = completion.turnaround.sum_up();
        let count = turnaround.count;
        if count == 0 {
            return None;
        }
        let (slowdowns, slowed, max_slowdown) = completion.slowdown;
        Some(Self {
            turnaround,
            mean_slowdown: slowdowns / slowed.max(1) as f64,
            max_slowdown,
            mean_bounded_slowdown: completion.bounded.0 / count as f64,
            max_bounded_slowdown: completion.bounded.1,
            makespan_seconds: completion.last_end.map_or(0.0, towtank_sim::time::SimTime::as_secs_f64),
            pods_per_hour: if nanoseconds > 0 { count as f64 / super::hours(nanoseconds) } else { 0.0 },
        })
    }
}

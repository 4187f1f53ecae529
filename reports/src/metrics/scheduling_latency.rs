//! How long pods wait for a node, and where.

use super::{Family, Metric, Unit, seconds};
use crate::data::Fraction;
use serde::Serialize;

const POD_SECONDS: Unit = Unit::Of("pod-seconds");

/// How long pods wait for a node.
pub(super) const FAMILY: Family = Family {
    title: "Scheduling latency",
    about: "From a pod's creation to its binding, of the pods that the scheduler bound. Pods that were never bound have none: read \
            `pods.pending` and `waiting` beside it. `latency.parts.PART` is what of it each of these pods spent where: PART is `admission`, `queue`, \
            `backoff`, `unschedulable`, `decision` or `bind`, as defined below for `waiting`. `waiting` is the time that all pods together were without a node, by where they were: the integral \
            over time of how many were there, which is the sum of their times (Little, \"A Proof for the Queuing Formula L = λW\", 1961). Its parts \
            add up to `all`. Admission itself takes no simulated time.",
    metrics: &[
        Metric::new("latency.scheduling.count", Unit::Count("pods"), "bound pods", "how many pods it is of").spoken("has"),
        Metric::new("latency.scheduling.p50", Unit::Seconds, "median scheduling latency", "median"),
        Metric::new("latency.scheduling.p90", Unit::Seconds, "90th percentile of the scheduling latency", "90th percentile"),
        Metric::new("latency.scheduling.p99", Unit::Seconds, "99th percentile of the scheduling latency", "99th percentile")
            .compared(),
        Metric::new("latency.scheduling.max", Unit::Seconds, "longest scheduling latency", "longest"),
        Metric::new("latency.scheduling.mean", Unit::Seconds, "mean scheduling latency", "mean").by("Σ (bound − created) / n"),
        Metric::new(
            "latency.scheduling.relative_error",
            Unit::Fraction,
            "error of percentiles of the scheduling latency",
            "by how much percentiles may be off; absent up to ten million pods, where they are exact",
        ),
        Metric::new("latency.parts.PART.count", Unit::Count("pods"), "bound pods", "how many pods it is of").spoken("has"),
        Metric::new("latency.parts.PART.p50", Unit::Seconds, "median time in PART before the binding", "median"),
        Metric::new("latency.parts.PART.p90", Unit::Seconds, "90th percentile of the time in PART before the binding", "90th percentile"),
        Metric::new("latency.parts.PART.p99", Unit::Seconds, "99th percentile of the time in PART before the binding", "99th percentile"),
        Metric::new("latency.parts.PART.max", Unit::Seconds, "longest time in PART before the binding", "longest"),
        Metric::new("latency.parts.PART.mean", Unit::Seconds, "mean time in PART before the binding", "mean; those of all parts add up to the latency's")
            .by("Σ time in PART / n"),
        Metric::new(
            "latency.parts.PART.relative_error",
            Unit::Fraction,
            "error of percentiles of the time in PART",
            "as for the latency",
        ),
        Metric::new("waiting.all", POD_SECONDS, "time that pods wait for a node", "all of it").by("∫ pods without a node dt"),
        Metric::new("waiting.admission", POD_SECONDS, "time behind scheduling gates", "held back by scheduling gates, before the queue")
            .by("∫ gated pods dt"),
        Metric::new("waiting.queue", POD_SECONDS, "time in the active queue", "in the active queue: it is their turn as soon as the scheduler gets there")
            .by("∫ active pods dt"),
        Metric::new("waiting.backoff", POD_SECONDS, "time in backoff", "in backoff after a failed attempt").by("∫ pods in backoff dt"),
        Metric::new(
            "waiting.unschedulable",
            POD_SECONDS,
            "time as unschedulable",
            "known to be unschedulable, until an event that may help; under a batch scheduler the whole wait for a start",
        )
        .by("∫ unschedulable pods dt"),
        Metric::new("waiting.decision", POD_SECONDS, "time in scheduling attempts", "in scheduling attempts, by `scheduler.latency`")
            .by("Σ time of attempts"),
        Metric::new(
            "waiting.bind",
            POD_SECONDS,
            "time in binding",
            "the rest: between the decision and the binding, at Permit and PreBind",
        )
        .by("all − the others"),
    ],
};

/// Where the time went that pods were without a node, in pod nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// All of it.
    pub all: i128,
    /// Behind scheduling gates.
    pub gated: i128,
    /// In the active queue.
    pub queue: i128,
    /// In backoff.
    pub backoff: i128,
    /// Known to be unschedulable.
    pub unschedulable: i128,
    /// In attempts.
    pub decision: i128,
}

/// The same in pod seconds, for the summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct WaitingSummary {
    /// All of it.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub all: f64,
    /// Behind scheduling gates.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub admission: f64,
    /// In the active queue.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub queue: f64,
    /// In backoff.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub backoff: f64,
    /// Known to be unschedulable.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub unschedulable: f64,
    /// In attempts.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub decision: f64,
    /// The rest.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub bind: f64,
}

impl From<Waiting> for WaitingSummary {
    fn from(waiting: Waiting) -> Self {
        let Waiting { all, gated, queue, backoff, unschedulable, decision } = waiting;
        Self {
            all: seconds(all),
            admission: seconds(gated),
            queue: seconds(queue),
            backoff: seconds(backoff),
            unschedulable: seconds(unschedulable),
            decision: seconds(decision),
            bind: seconds((all - gated - queue - backoff - unschedulable - decision).max(0)),
        }
    }
}

//! How long pods wait for a node.

use super::{Family, Metric, Unit};

/// How long pods wait for a node.
pub(super) const FAMILY: Family = Family {
    title: "Scheduling latency",
    about: "From a pod's creation to its binding, of the pods that the scheduler bound. Pods that were never bound have none: read \
            `pods.pending` beside it.",
    metrics: &[
        Metric::new("latency.scheduling.count", Unit::Count("pods"), "bound pods", "how many pods it is of")
            .spoken("has"),
        Metric::new("latency.scheduling.p50", Unit::Seconds, "median scheduling latency", "median"),
        Metric::new(
            "latency.scheduling.p90",
            Unit::Seconds,
            "90th percentile of the scheduling latency",
            "90th percentile",
        ),
        Metric::new(
            "latency.scheduling.p99",
            Unit::Seconds,
            "99th percentile of the scheduling latency",
            "99th percentile",
        )
        .compared(),
        Metric::new("latency.scheduling.max", Unit::Seconds, "longest scheduling latency", "longest"),
    ],
};

//! How long it takes until pods work.

use super::{Family, Metric, Unit};

/// How long it takes until pods work.
pub(super) const FAMILY: Family = Family {
    title: "Startup latency",
    about: "From a pod's creation to its first start.",
    metrics: &[
        Metric::new("latency.startup.count", Unit::Count("pods"), "started pods", "how many pods it is of")
            .spoken("has"),
        Metric::new("latency.startup.p50", Unit::Seconds, "median startup latency", "median"),
        Metric::new("latency.startup.p90", Unit::Seconds, "90th percentile of the startup latency", "90th percentile"),
        Metric::new("latency.startup.p99", Unit::Seconds, "99th percentile of the startup latency", "99th percentile"),
        Metric::new("latency.startup.max", Unit::Seconds, "longest startup latency", "longest"),
    ],
};

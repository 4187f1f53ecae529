//! How long it takes until pods work.

use super::{Family, Metric, Unit};

/// How long it takes until pods work.
pub(super) const FAMILY: Family = Family {
    title: "Startup latency",
    about: "From a pod's creation to its first start; `start` is the kubelet's part of it, from the binding on. `latency.start_parts.PART` is what of \
            it went where, as far as the scenario tells parts apart (`kubelet.pullLatency`, `initLatency`, `readyLatency`): PART is `pull`, `init`, \
            `containers` (what is left of `start`) or `ready` (from the start to readiness, of the pods that came so far). Without these fields \
            `kubelet.startLatency` stands for all of it in one number, and a pod is ready when it has started. Single images, init containers and probes are \
            not simulated. Of a pod whose machine failed before it had started, the parts are those of its last attempt.",
    metrics: &[
        Metric::new("latency.startup.count", Unit::Count("pods"), "started pods", "how many pods it is of")
            .spoken("has"),
        Metric::new("latency.startup.p50", Unit::Seconds, "median startup latency", "median"),
        Metric::new("latency.startup.p90", Unit::Seconds, "90th percentile of the startup latency", "90th percentile"),
        Metric::new("latency.startup.p99", Unit::Seconds, "99th percentile of the startup latency", "99th percentile"),
        Metric::new("latency.startup.max", Unit::Seconds, "longest startup latency", "longest"),
        Metric::new("latency.startup.mean", Unit::Seconds, "mean startup latency", "mean")
            .by("Σ (started − created) / n"),
        Metric::new(
            "latency.startup.relative_error",
            Unit::Fraction,
            "error of its percentiles",
            "as for the scheduling latency",
        ),
        Metric::new("latency.start.count", Unit::Count("pods"), "started pods", "how many pods it is of").spoken("has"),
        Metric::new(
            "latency.start.p50",
            Unit::Seconds,
            "median time from binding to start",
            "median from binding to start",
        ),
        Metric::new("latency.start.p90", Unit::Seconds, "90th percentile from binding to start", "90th percentile"),
        Metric::new("latency.start.p99", Unit::Seconds, "99th percentile from binding to start", "99th percentile"),
        Metric::new("latency.start.max", Unit::Seconds, "longest time from binding to start", "longest"),
        Metric::new("latency.start.mean", Unit::Seconds, "mean time from binding to start", "mean")
            .by("Σ (started − bound) / n"),
        Metric::new(
            "latency.start.relative_error",
            Unit::Fraction,
            "error of its percentiles",
            "as for the scheduling latency",
        ),
        Metric::new("latency.start_parts.PART.count", Unit::Count("pods"), "started pods", "how many pods it is of")
            .spoken("has"),
        Metric::new("latency.start_parts.PART.p50", Unit::Seconds, "median time for PART", "median"),
        Metric::new(
            "latency.start_parts.PART.p90",
            Unit::Seconds,
            "90th percentile of the time for PART",
            "90th percentile",
        ),
        Metric::new(
            "latency.start_parts.PART.p99",
            Unit::Seconds,
            "99th percentile of the time for PART",
            "99th percentile",
        ),
        Metric::new("latency.start_parts.PART.max", Unit::Seconds, "longest time for PART", "longest"),
        Metric::new("latency.start_parts.PART.mean", Unit::Seconds, "mean time for PART", "mean")
            .by("Σ time for PART / n"),
        Metric::new(
            "latency.start_parts.PART.relative_error",
            Unit::Fraction,
            "error of percentiles of the time for PART",
            "as for the scheduling latency",
        ),
    ],
};

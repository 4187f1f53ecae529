//! The run without its beginning.

use super::{Family, Metric, Unit};
use crate::data::{Fraction, LatencySummary};
use serde::Serialize;
use std::collections::BTreeMap;
use towtank_sim::time::Span;

/// The run without its beginning.
pub(super) const FAMILY: Family = Family {
    title: "Steady state",
    about: "With `observe.warmUp` only: what the run was after its beginning was left out, up to a given time or by MSER-5 (White, \"An Effective \
            Truncation Heuristic for Bias Reduction in Simulation Output\", Simulation 69, 1997; batches of five samples). MSER-5 judges the allocated \
            share of each resource and the number of pods that wait, at equally distant samples, and the latest of their truncations counts. Where one \
            of them lies in the second half, the run is too short to have a steady state, and `settled` is false.",
    metrics: &[
        Metric::new("steady_state.from_seconds", Unit::Seconds, "warm-up", "what was left out"),
        Metric::new(
            "steady_state.utilization.RESOURCE",
            Unit::Fraction,
            "mean allocation of RESOURCE after the warm-up",
            "as `mean_allocated`, after that",
        )
        .by("∫ allocated dt / ∫ capacity dt"),
        Metric::new(
            "steady_state.mean_pending",
            Unit::Count("pods"),
            "pods that wait after the warm-up",
            "mean number of pods without a node, after that",
        )
        .by("∫ pods without a node dt / T")
        .spoken("has"),
        Metric::new(
            "steady_state.scheduling.count",
            Unit::Count("pods"),
            "pods bound after the warm-up",
            "pods that were bound after that",
        )
        .spoken("has"),
        Metric::new(
            "steady_state.scheduling.p50",
            Unit::Seconds,
            "median scheduling latency after the warm-up",
            "their scheduling latency: median",
        ),
        Metric::new(
            "steady_state.scheduling.p90",
            Unit::Seconds,
            "90th percentile of the scheduling latency after the warm-up",
            "90th percentile",
        ),
        Metric::new(
            "steady_state.scheduling.p99",
            Unit::Seconds,
            "99th percentile of the scheduling latency after the warm-up",
            "99th percentile",
        ),
        Metric::new(
            "steady_state.scheduling.max",
            Unit::Seconds,
            "longest scheduling latency after the warm-up",
            "longest",
        ),
        Metric::new("steady_state.scheduling.mean", Unit::Seconds, "mean scheduling latency after the warm-up", "mean"),
        Metric::new(
            "steady_state.scheduling.relative_error",
            Unit::Fraction,
            "error of its percentiles",
            "as for the scheduling latency",
        ),
    ],
};

/// What of a run is left out as its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUp {
    /// What MSER-5 says.
    Mser5,
    /// Everything before the first sample that is so late.
    Until(Span),
}

/// What the run was after its beginning.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SteadyState {
    /// Whether the beginning is over before the second half.
    pub settled: bool,
    /// What was left out.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub from_seconds: f64,
    /// By resource: allocated over capacity.
    #[serde(serialize_with = "Fraction::write_map")]
    pub utilization: BTreeMap<String, f64>,
    /// Mean number of pods without a node.
    #[serde(serialize_with = "Fraction::write")]
    pub mean_pending: f64,
    /// Of the pods that were bound after it.
    pub scheduling: LatencySummary,
}

//! The distributions of scheduling latency of several runs, overlaid.

use super::Figure;
use crate::charts::Chart;
use crate::charts::cdf::CdfCurve;
use crate::charts::distribution::Distribution;
use crate::data::Run;

pub(super) const FIGURE: Figure<[Run]> = Figure {
    name: "compare-scheduling-latency",
    title: "Scheduling latency",
    caption: "From a pod's first entry into the scheduling queue to its binding, for every pod that was bound. A curve further to the left and higher is better. Each policy's seeds are taken together.",
    chart,
};

fn chart(runs: &[Run]) -> Chart {
    let curves = super::by_policy(runs).into_iter().map(|policy| {
        let all: Vec<_> = policy.runs.iter().map(|run| Distribution::of_latencies(&run.scheduling)).collect();
        CdfCurve::new(policy.label, Distribution::pooled(&all))
    });
    super::latencies("Scheduling latency", "scheduling latency", curves.collect())
}

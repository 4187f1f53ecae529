//! The distributions of startup latency of several runs, overlaid.

use super::Figure;
use crate::charts::Chart;
use crate::charts::cdf::CdfCurve;
use crate::charts::distribution::Distribution;
use crate::data::Run;

pub(super) const FIGURE: Figure<[Run]> = Figure {
    name: "compare-startup-latency",
    title: "Startup latency",
    caption: "From a pod's creation to its first running container, for every pod that started: admission, queueing, images and start. A curve further to the left and higher is better. Each policy's seeds are taken together.",
    chart,
};

fn chart(runs: &[Run]) -> Chart {
    let curves = super::by_policy(runs).into_iter().map(|policy| {
        let all: Vec<_> = policy.runs.iter().map(|run| Distribution::of_latencies(&run.startup)).collect();
        CdfCurve::new(policy.label, Distribution::pooled(&all))
    });
    super::latencies("Startup latency", "startup latency", curves.collect())
}

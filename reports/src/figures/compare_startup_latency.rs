//! The distributions of startup latency of several runs, overlaid.

use super::Figure;
use crate::charts::Chart;
use crate::charts::cdf::CdfCurve;
use crate::data::Run;

pub(super) const FIGURE: Figure<[Run]> = Figure {
    name: "compare-startup-latency",
    title: "Startup latency",
    caption: "From a pod's creation to its first running container, for every pod that started: admission, queueing, images and start. A curve further to the left and higher is better.",
    chart,
};

fn chart(runs: &[Run]) -> Chart {
    let curves = runs.iter().map(|run| CdfCurve::of_latencies(&run.label, &run.startup));
    super::latencies("Startup latency", "startup latency", curves.collect())
}

//! The distributions of scheduling latency of several runs, overlaid.

use super::Figure;
use crate::charts::Chart;
use crate::charts::cdf::CdfCurve;
use crate::data::Run;

pub(super) const FIGURE: Figure<[Run]> = Figure {
    name: "compare-scheduling-latency",
    title: "Scheduling latency",
    caption: "From a pod's first entry into the scheduling queue to its binding, for every pod that was bound. A curve further to the left and higher is better.",
    chart,
};

fn chart(runs: &[Run]) -> Chart {
    let curves = runs.iter().map(|run| CdfCurve::of_latencies(&run.label, &run.scheduling));
    super::latencies("Scheduling latency", "scheduling latency", curves.collect())
}

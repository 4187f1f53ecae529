//! The distribution of scheduling latency of one run.

use super::Figure;
use crate::charts::Chart;
use crate::charts::cdf::CdfCurve;
use crate::charts::distribution::Distribution;
use crate::data::Run;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "scheduling-latency",
    title: "Scheduling latency",
    caption: "From a pod's first entry into the scheduling queue to its binding, for every pod that was bound.",
    chart,
};

fn chart(run: &Run) -> Chart {
    super::latencies(
        "Scheduling latency",
        "scheduling latency",
        vec![CdfCurve::new("", Distribution::of_latencies(&run.scheduling))],
    )
}

//! The distribution of startup latency of one run.

use super::Figure;
use crate::charts::Chart;
use crate::charts::cdf::CdfCurve;
use crate::charts::distribution::Distribution;
use crate::data::Run;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "startup-latency",
    title: "Startup latency",
    caption: "From a pod's creation to its first running container, for every pod that started: admission, queueing, images and start.",
    chart,
};

fn chart(run: &Run) -> Chart {
    super::latencies(
        "Startup latency",
        "startup latency",
        vec![CdfCurve::new("", Distribution::of_latencies(&run.startup))],
    )
}

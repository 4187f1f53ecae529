//! The distribution of scheduling latency of one run.

use super::Figure;
use crate::charts::cdf;
use crate::data::Run;
use crate::draw::Picture;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "scheduling-latency",
    title: "Scheduling latency",
    caption: "From a pod's first entry into the scheduling queue to its binding, for every pod that was bound.",
    draw,
};

fn draw(run: &Run) -> Picture {
    cdf::draw("Scheduling latency", "scheduling latency", &[("", &run.scheduling)])
}

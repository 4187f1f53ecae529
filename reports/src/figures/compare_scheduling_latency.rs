//! The distributions of scheduling latency of several runs, overlaid.

use super::Figure;
use crate::charts::cdf;
use crate::data::{Latencies, Run};
use crate::draw::Picture;

pub(super) const FIGURE: Figure<[Run]> = Figure {
    name: "compare-scheduling-latency",
    title: "Scheduling latency",
    caption: "From a pod's first entry into the scheduling queue to its binding, for every pod that was bound. A curve further to the left and higher is better.",
    draw,
};

fn draw(runs: &[Run]) -> Picture {
    let curves: Vec<(&str, &Latencies)> = runs.iter().map(|run| (run.label.as_str(), &run.scheduling)).collect();
    cdf::draw("Scheduling latency", "scheduling latency", &curves)
}

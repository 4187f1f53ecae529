//! The distributions of startup latency of several runs, overlaid.

use super::Figure;
use crate::charts::cdf;
use crate::data::{Latencies, Run};
use crate::draw::Picture;

pub(super) const FIGURE: Figure<[Run]> = Figure {
    name: "compare-startup-latency",
    title: "Startup latency",
    caption: "From a pod's creation to its first running container, for every pod that started: admission, queueing, images and start. A curve further to the left and higher is better.",
    draw,
};

fn draw(runs: &[Run]) -> Picture {
    let curves: Vec<(&str, &Latencies)> = runs.iter().map(|run| (run.label.as_str(), &run.startup)).collect();
    cdf::draw("Startup latency", "startup latency", &curves)
}

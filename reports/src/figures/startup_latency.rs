//! The distribution of startup latency of one run.

use super::Figure;
use crate::charts::cdf;
use crate::data::Run;
use crate::draw::Picture;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "startup-latency",
    title: "Startup latency",
    caption: "From a pod's creation to its first running container, for every pod that started: admission, queueing, images and start.",
    draw,
};

fn draw(run: &Run) -> Picture {
    cdf::draw("Startup latency", "startup latency", &[("", &run.startup)])
}

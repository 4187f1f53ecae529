//! How many pods and nodes are in which state, stacked.

use super::Figure;
use crate::charts::Chart;
use crate::charts::stack::{Layer, StackChart, StackPanel};
use crate::charts::timeline::{self, seconds};
use crate::data::{Run, Series};
use crate::units;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "pods-by-state",
    title: "Pods and nodes by state",
    caption: "Pods that run, that have a node and start, and that wait for one, above each other; below, nodes that are ready \
              and those that are not. The upper edge is how many there are in all.",
    chart,
};

const TITLE: &str = "Pods and nodes by state";

fn chart(run: &Run) -> Chart {
    let series = &run.series;
    let Some(range) = timeline::range([series]) else {
        return Chart::empty(TITLE, "the run was not sampled");
    };
    let zeros = vec![0; series.len()];
    let starting = series.counter(Series::PODS_STARTING).unwrap_or(&zeros);
    let minus = |all: &[i64], part: &[i64]| all.iter().zip(part).map(|(all, part)| (all - part).max(0)).collect();
    let layer = |label: &str, color, values: Vec<i64>| Layer { label: label.to_owned(), color, values };
    let panel = |title: &str, unit: &str, layers| StackPanel {
        title: title.to_owned(),
        unit: unit.to_owned(),
        times: series.times_ns.iter().copied().map(seconds).collect(),
        layers,
    };
    let pods = vec![
        layer("running", 0, minus(&series.pods_running, starting)),
        layer("starting", 1, starting.to_vec()),
        layer("pending", 3, series.pods_pending.clone()),
    ];
    let nodes = vec![
        layer("ready", 4, series.nodes_ready.clone()),
        layer("not ready", 2, minus(&series.nodes_total, &series.nodes_ready)),
    ];
    let most = |values: &[i64]| units::count(values.iter().copied().max().unwrap_or(0).unsigned_abs());
    let [running, pending, all] = [&series.pods_running, &series.pods_pending, &series.nodes_total].map(|v| most(v));
    Chart::Stack(StackChart {
        title: TITLE.to_owned(),
        description: format!("{TITLE} over time. At most {running} pods on nodes, {pending} pending, {all} nodes."),
        panels: vec![panel("Pods", "pods", pods), panel("Nodes", "nodes", nodes)],
        outages: timeline::outages(&run.notable),
        range,
        panel_height: 120.0,
    })
}

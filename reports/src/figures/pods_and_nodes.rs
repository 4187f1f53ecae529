//! Pending pods, running pods and nodes over time.

use super::Figure;
use crate::charts::timeline::{self, TimeLine, TimePanel, Timeline};
use crate::data::Run;
use crate::draw::{Axis, Picture, theme};
use crate::units;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "pods-and-nodes",
    title: "Pods and nodes",
    caption: "Pods that wait for a node, pods that run, and the nodes there are. Where the two node lines part, nodes \
              exist that are not ready.",
    draw,
};

const TITLE: &str = "Pods and nodes";

fn draw(run: &Run) -> Picture {
    let series = &run.series;
    let Some(range) = timeline::range([series]) else {
        return Picture::no_data(TITLE, "the run was not sampled");
    };
    let panel = |title: &str, unit: &str, lines: &[(&str, usize, &[i64])]| {
        let most = lines.iter().flat_map(|(_, _, values)| *values).copied().max().unwrap_or(0);
        let lines = lines.iter().enumerate().map(|(layer, &(label, hue, values))| TimeLine {
            label: label.to_owned(),
            color: theme::PALETTE[hue],
            dash: theme::DASHES[layer],
            fill: (layer == 0).then_some(theme::FILLS[hue]),
            points: timeline::points(series, |row| Some(values[row] as f64)),
        });
        TimePanel {
            title: title.to_owned(),
            remark: format!("at most {}", units::count(most.unsigned_abs())),
            y: Axis::linear(unit, most as f64, 3.0, true),
            lines: lines.collect(),
        }
    };
    let panels = vec![
        panel("Pending pods", "pods", &[("", 3, &series.pods_pending)]),
        panel("Running pods", "pods", &[("", 0, &series.pods_running)]),
        panel("Nodes", "nodes", &[("nodes ready", 2, &series.nodes_ready), ("nodes in all", 6, &series.nodes_total)]),
    ];
    let said: Vec<String> = panels.iter().map(|panel| format!("{} {}", panel.title, panel.remark)).collect();
    Timeline {
        title: TITLE.to_owned(),
        description: format!("{TITLE} over time. {}.", said.join("; ")),
        panels,
        outages: timeline::outages(&run.notable),
        range,
        panel_height: 84.0,
    }
    .draw()
}

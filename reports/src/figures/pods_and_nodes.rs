//! Pending pods, running pods and nodes over time.

use super::Figure;
use crate::charts::Chart;
use crate::charts::timeline::{self, Ink, TimeLine, TimePanel, Timeline};
use crate::data::Run;
use crate::draw::Axis;
use crate::units;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "pods-and-nodes",
    title: "Pods and nodes",
    caption: "Pods that wait for a node, pods that run, and the nodes there are. Where the two node lines part, nodes \
              exist that are not ready.",
    chart,
};

const TITLE: &str = "Pods and nodes";

fn chart(run: &Run) -> Chart {
    let series = &run.series;
    let Some(range) = timeline::range([series]) else {
        return Chart::empty(TITLE, "the run was not sampled");
    };
    let panel = |title: &str, unit: &str, lines: &[(&str, &str, usize, &[i64])]| {
        let most = lines.iter().flat_map(|(_, _, _, values)| *values).copied().max().unwrap_or(0);
        let lines = lines.iter().enumerate().map(|(layer, &(label, column, hue, values))| TimeLine {
            label: label.to_owned(),
            column: column.to_owned(),
            ink: if layer == 0 { Ink::of(hue, layer).filled() } else { Ink::of(hue, layer) },
            points: timeline::points(series, |row| Some(values[row] as f64)),
            ..TimeLine::default()
        });
        TimePanel {
            title: title.to_owned(),
            remark: format!("at most {}", units::count(most.unsigned_abs())),
            unit: String::new(),
            y: Axis::linear(unit, most as f64, 3.0, true),
            lines: lines.collect(),
        }
    };
    let nodes = [
        ("nodes ready", "nodes ready", 2, &series.nodes_ready[..]),
        ("nodes in all", "nodes", 6, &series.nodes_total[..]),
    ];
    let panels = vec![
        panel("Pending pods", "pods", &[("", "pods pending", 3, &series.pods_pending)]),
        panel("Running pods", "pods", &[("", "pods running", 0, &series.pods_running)]),
        panel("Nodes", "nodes", &nodes),
    ];
    let said: Vec<String> = panels.iter().map(|panel| format!("{} {}", panel.title, panel.remark)).collect();
    Chart::Timeline(Timeline {
        title: TITLE.to_owned(),
        description: format!("{TITLE} over time. {}.", said.join("; ")),
        panels,
        outages: timeline::outages(&run.notable),
        range,
        panel_height: 84.0,
    })
}

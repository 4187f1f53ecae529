//! Pending pods and ready nodes over time, one line per run.

use super::Figure;
use crate::charts::Chart;
use crate::charts::ensemble::mean_and_range;
use crate::charts::timeline::{self, Ink, TimeLine, TimePanel, Timeline};
use crate::data::{Run, Series};
use crate::draw::Axis;
use crate::units;

pub(super) const FIGURE: Figure<[Run]> = Figure {
    name: "compare-pods-and-nodes",
    title: "Pending pods and ready nodes",
    caption: "Pods that wait for a node and nodes that are ready, run by run. A policy that packs well waits less and \
              lets an autoscaler keep fewer nodes. Over several seeds, the mean with a band from the lowest to the highest.",
    chart,
};

const TITLE: &str = "Pending pods and ready nodes";

fn chart(runs: &[Run]) -> Chart {
    let Some(range) = timeline::range(runs.iter().map(|run| &run.series)) else {
        return Chart::empty(TITLE, "no run was sampled");
    };
    let panels = vec![
        panel(runs, "Pending pods", "pods", |series| &series.pods_pending),
        panel(runs, "Ready nodes", "nodes", |series| &series.nodes_ready),
    ];
    let most = |run: &Run| run.series.pods_pending.iter().copied().max().unwrap_or(0).unsigned_abs();
    let said: Vec<String> =
        runs.iter().map(|run| format!("{}: at most {} pending", run.label, units::count(most(run)))).collect();
    Chart::Timeline(Timeline {
        title: TITLE.to_owned(),
        description: format!("{TITLE} over time, by run. {}.", said.join("; ")),
        panels,
        outages: timeline::outages(runs.first().map_or(&[], |run| &run.notable)),
        range,
        panel_height: 110.0,
    })
}

fn panel(runs: &[Run], title: &str, unit: &str, column: fn(&Series) -> &[i64]) -> TimePanel {
    let most = runs.iter().flat_map(|run| column(&run.series)).copied().max().unwrap_or(0);
    let lines = super::by_policy(runs).into_iter().enumerate().map(|(index, policy)| {
        let points = |run: &&Run| timeline::points(&run.series, |row| Some(column(&run.series)[row] as f64));
        let (points, band) = mean_and_range(policy.runs.iter().map(points).collect());
        let (label, column) = (policy.label.to_owned(), format!("{title} {}", policy.label));
        TimeLine { label, column, ink: Ink::series(index), points, band }
    });
    TimePanel {
        title: title.to_owned(),
        remark: String::new(),
        unit: String::new(),
        y: Axis::linear(unit, most as f64, 4.0, true),
        lines: lines.collect(),
    }
}

//! Allocated amount against capacity over time, one panel per resource, in the resource's own unit.

use super::Figure;
use crate::charts::Chart;
use crate::charts::timeline::{self, Ink, TimeLine, TimePanel, Timeline};
use crate::data::{ResourceSeries, Run};
use crate::draw::Axis;
use crate::stats;
use crate::units::{self, ResourceUnit};

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "capacity",
    title: "Allocated against capacity",
    caption: "The amounts behind the shares: what the existing nodes can allocate (line) and what running pods have \
              requested of it (filled). The gap between the two is free.",
    chart,
};

const TITLE: &str = "Allocated against capacity";

/// More panels than this do not fit a page; the resources with the fullest clusters are named first by a scenario.
const MOST_PANELS: usize = 6;

fn chart(run: &Run) -> Chart {
    let series = &run.series;
    let Some(range) = timeline::range([series]) else {
        return Chart::empty(TITLE, "the run was not sampled");
    };
    let busy = series.resources.iter().filter(|resource| !resource.is_idle()).take(MOST_PANELS);
    let panels: Vec<TimePanel> = busy.map(|resource| panel(run, resource)).collect();
    if panels.is_empty() {
        return Chart::empty(TITLE, "no node has any capacity");
    }
    let said: Vec<String> = panels.iter().map(|panel| format!("{}: {}", panel.title, panel.remark)).collect();
    Chart::Timeline(Timeline {
        title: TITLE.to_owned(),
        description: format!("{TITLE} over time. {}.", said.join("; ")),
        panels,
        outages: timeline::outages(&run.notable),
        range,
        panel_height: 84.0,
    })
}

fn panel(run: &Run, resource: &ResourceSeries) -> TimePanel {
    let series = &run.series;
    let end = series.times_ns.last().copied().unwrap_or(0);
    let highest = resource.capacity.iter().chain(&resource.allocated).copied().max().unwrap_or(0);
    let unit = ResourceUnit::of(&resource.name, highest);
    let column = |values: &[i64]| timeline::points(series, |row| Some(values[row] as f64 / unit.size));
    let mean = |values: &[i64]| {
        let only = values.first().copied().unwrap_or(0);
        stats::time_weighted_mean(&series.times_ns, values, end).unwrap_or(only)
    };
    let name = units::resource_title(&resource.name);
    TimePanel {
        title: name.to_owned(),
        remark: format!(
            "mean {} of {}",
            units::short(mean(&resource.allocated) as f64 / unit.size),
            unit.write(mean(&resource.capacity))
        ),
        unit: unit.name.to_owned(),
        y: Axis::linear(if unit.name.is_empty() { "count" } else { unit.name }, highest as f64 / unit.size, 3.0, false),
        lines: vec![
            TimeLine {
                label: "allocated".to_owned(),
                column: format!("{} allocated", resource.name),
                ink: Ink::of(0, 0).filled(),
                points: column(&resource.allocated),
                ..TimeLine::default()
            },
            TimeLine {
                label: "capacity".to_owned(),
                column: format!("{} capacity", resource.name),
                ink: Ink::of(6, 1),
                points: column(&resource.capacity),
                ..TimeLine::default()
            },
        ],
    }
}

//! Allocated share of capacity over time, one panel per resource, one line per run.

use super::Figure;
use crate::charts::Chart;
use crate::charts::ensemble::mean_and_range;
use crate::charts::timeline::{self, Ink, TimeLine, TimePanel, Timeline};
use crate::data::Run;
use crate::draw::Axis;
use crate::{stats, units};

pub(super) const FIGURE: Figure<[Run]> = Figure {
    name: "compare-utilization",
    title: "Utilization",
    caption: "What running pods have requested, as a share of what the existing nodes can allocate, resource by \
              resource. All runs met the same work. Over several seeds, the mean with a band from the lowest to the highest.",
    chart,
};

const TITLE: &str = "Allocated share of capacity";

/// More panels than this do not fit a page.
const MOST_PANELS: usize = 4;

fn chart(runs: &[Run]) -> Chart {
    let Some(range) = timeline::range(runs.iter().map(|run| &run.series)) else {
        return Chart::empty(TITLE, "no run was sampled");
    };
    let mut names: Vec<&str> = Vec::new();
    for resource in runs.iter().flat_map(|run| &run.series.resources) {
        if !resource.is_idle() && !names.contains(&resource.name.as_str()) {
            names.push(&resource.name);
        }
    }
    names.truncate(MOST_PANELS);
    if names.is_empty() {
        return Chart::empty(TITLE, "no node has any capacity");
    }
    let mut said = Vec::new();
    let panels: Vec<TimePanel> = names.into_iter().map(|name| panel(runs, name, &mut said)).collect();
    Chart::Timeline(Timeline {
        title: TITLE.to_owned(),
        description: format!("{TITLE} over time, by run. {}.", said.join("; ")),
        panels,
        outages: timeline::outages(runs.first().map_or(&[], |run| &run.notable)),
        range,
        panel_height: 100.0,
    })
}

fn panel(runs: &[Run], resource: &str, said: &mut Vec<String>) -> TimePanel {
    let mut highest: f64 = 0.0;
    let mut lines = Vec::new();
    let title = units::resource_title(resource);
    for (index, policy) in super::by_policy(runs).into_iter().enumerate() {
        let mut all = Vec::new();
        let mut sum = 0.0;
        for run in &policy.runs {
            let Some(column) = run.series.resource(resource) else { continue };
            let used = stats::utilization_of(run, column);
            highest = highest.max(used.peak_allocated * 100.0);
            sum += used.mean_allocated;
            all.push(timeline::points(&run.series, |row| Some(column.fraction(row)? * 100.0)));
        }
        if all.is_empty() {
            continue;
        }
        said.push(format!("{title} of {}: mean {}", policy.label, units::percent(sum / all.len() as f64)));
        let (points, band) = mean_and_range(all);
        let (label, column) = (policy.label.to_owned(), format!("{resource} allocated {}", policy.label));
        lines.push(TimeLine { label, column, ink: Ink::series(index), points, band });
    }
    TimePanel {
        title: title.to_owned(),
        remark: String::new(),
        unit: "%".to_owned(),
        y: Axis::percent("allocated (%)", highest),
        lines,
    }
}

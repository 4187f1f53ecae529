//! Allocated share of capacity over time, all resources in one panel.

use super::Figure;
use crate::charts::Chart;
use crate::charts::timeline::{self, Ink, TimeLine, TimePanel, Timeline};
use crate::data::{ResourceSeries, Run};
use crate::draw::Axis;
use crate::{stats, units};

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "utilization",
    title: "Utilization",
    caption: "What running pods have requested, as a share of what the existing nodes can allocate. A dip of the \
              capacity, such as an outage, can raise the share without a single new pod.",
    chart,
};

const TITLE: &str = "Allocated share of capacity";

fn chart(run: &Run) -> Chart {
    let series = &run.series;
    let Some(range) = timeline::range([series]) else {
        return Chart::empty(TITLE, "the run was not sampled");
    };
    let resources: Vec<&ResourceSeries> = series.resources.iter().filter(|resource| !resource.is_idle()).collect();
    if resources.is_empty() {
        return Chart::empty(TITLE, "no node has any capacity");
    }
    let mut highest: f64 = 0.0;
    let mut said = Vec::new();
    let mut lines = Vec::new();
    for (index, resource) in resources.iter().enumerate() {
        let used = stats::utilization_of(run, resource);
        highest = highest.max(used.peak_allocated * 100.0);
        let name = units::resource_title(&resource.name);
        let mean = units::percent(used.mean_allocated);
        said.push(format!("{name} mean {mean}, peak {}", units::percent(used.peak_allocated)));
        lines.push(TimeLine {
            label: format!("{name} (mean {mean})"),
            column: format!("{} allocated", resource.name),
            ink: Ink::series(index),
            points: timeline::points(series, |row| Some(resource.fraction(row)? * 100.0)),
            ..TimeLine::default()
        });
    }
    let y = Axis::percent("allocated (%)", highest);
    Chart::Timeline(Timeline {
        title: TITLE.to_owned(),
        description: format!("{TITLE} over time. {}.", said.join("; ")),
        panels: vec![TimePanel { title: String::new(), remark: String::new(), unit: "%".to_owned(), y, lines }],
        outages: timeline::outages(&run.notable),
        range,
        panel_height: 190.0,
    })
}

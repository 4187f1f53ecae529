//! Allocated share of capacity over time, all resources in one panel.

use super::Figure;
use crate::charts::timeline::{self, TimeLine, TimePanel, Timeline};
use crate::data::{ResourceSeries, Run};
use crate::draw::{Axis, Picture, theme};
use crate::{stats, units};

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "utilization",
    title: "Utilization",
    caption: "What running pods have requested, as a share of what the existing nodes can allocate. A dip of the \
              capacity, such as an outage, can raise the share without a single new pod.",
    draw,
};

const TITLE: &str = "Allocated share of capacity";

fn draw(run: &Run) -> Picture {
    let series = &run.series;
    let Some(range) = timeline::range([series]) else {
        return Picture::no_data(TITLE, "the run was not sampled");
    };
    let resources: Vec<&ResourceSeries> = series.resources.iter().filter(|resource| !resource.is_idle()).collect();
    if resources.is_empty() {
        return Picture::no_data(TITLE, "no node has any capacity");
    }
    let mut highest: f64 = 0.0;
    let mut said = Vec::new();
    let mut lines = Vec::new();
    for (index, resource) in resources.iter().enumerate() {
        let (color, _, dash) = theme::series(index);
        let used = stats::utilization_of(run, resource);
        highest = highest.max(used.peak_allocated);
        let name = units::resource_title(&resource.name);
        said.push(format!(
            "{name} mean {}, peak {}",
            units::percent(used.mean_allocated),
            units::percent(used.peak_allocated)
        ));
        lines.push(TimeLine {
            label: format!("{name} (mean {})", units::percent(used.mean_allocated)),
            color,
            dash,
            fill: None,
            points: timeline::points(series, |row| resource.fraction(row)),
        });
    }
    let y = Axis::percent("allocated (%)", highest);
    Timeline {
        title: TITLE.to_owned(),
        description: format!("{TITLE} over time. {}.", said.join("; ")),
        panels: vec![TimePanel { title: String::new(), remark: String::new(), y, lines }],
        outages: timeline::outages(&run.notable),
        range,
        panel_height: 190.0,
    }
    .draw()
}

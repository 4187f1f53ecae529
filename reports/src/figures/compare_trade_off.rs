//! How full the cluster was against how long pods waited for it.

use super::Figure;
use crate::charts::scatter::{Better, ScatterChart, ScatterPoint, ScatterSeries};
use crate::charts::{Chart, Scale};
use crate::data::Run;
use crate::{stats, units};

pub(super) const FIGURE: Figure<[Run]> = Figure {
    name: "compare-trade-off",
    title: "Utilization against waiting",
    caption: "The mean share of the busiest resource that was allocated, against the mean time from a pod's entry into the queue to \
              its binding; a point for each run. No run is better on both than those on the front.",
    chart,
};

const TITLE: &str = "Utilization against waiting";

fn chart(runs: &[Run]) -> Chart {
    let Some(busiest) = busiest(runs) else {
        return Chart::empty(TITLE, "no node has any capacity");
    };
    let point = |run: &&Run| {
        let used = stats::utilization_of(run, run.series.resource(&busiest)?).mean_allocated * 100.0;
        Some(ScatterPoint::new(used, run.scheduling.mean()? / 1e9))
    };
    let series = super::by_policy(runs).into_iter().map(|policy| ScatterSeries {
        label: policy.label.to_owned(),
        points: policy.runs.iter().filter_map(point).collect(),
        published: Vec::new(),
    });
    Chart::Scatter(ScatterChart {
        title: TITLE.to_owned(),
        x: Scale::new(&format!("{} allocated, mean (%)", units::resource_title(&busiest))),
        y: Scale { durations: true, ..Scale::new("mean scheduling latency") },
        series: series.collect(),
        front: Some((Better::Higher, Better::Lower)),
        published: String::new(),
    })
}

/// The resource of which the largest share was allocated, on average over the runs.
fn busiest(runs: &[Run]) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for resource in runs.iter().flat_map(|run| &run.series.resources) {
        if !resource.is_idle() && !names.contains(&resource.name.as_str()) {
            names.push(&resource.name);
        }
    }
    let share = |name: &str| -> f64 {
        let of = |run: &Run| Some(stats::utilization_of(run, run.series.resource(name)?).mean_allocated);
        runs.iter().filter_map(of).sum()
    };
    let shares = names.into_iter().map(|name| (share(name), name));
    // The first of several that are equally busy.
    shares.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, name)| name.to_owned())
}

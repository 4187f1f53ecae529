//! How long each job had waited.

use super::Figure;
use crate::charts::scatter::{ScatterChart, ScatterPoint, ScatterSeries};
use crate::charts::timeline::seconds;
use crate::charts::{Chart, Scale};
use crate::data::Run;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "job-waits",
    title: "How long jobs waited",
    caption: "How long each job had waited, at the time of its submission; published waits beside them, where they were given.",
    chart,
};

const TITLE: &str = "How long jobs waited";

fn chart(run: &Run) -> Chart {
    let jobs = &run.jobs;
    if jobs.list.is_empty() {
        return Chart::empty(TITLE, "no group of pods has ended");
    }
    let at = |submitted: i64, started: i64| (seconds(submitted), seconds(started - submitted));
    let points = jobs.list.iter().map(|job| at(job.submitted_ns, job.started_ns));
    Chart::Scatter(ScatterChart {
        title: TITLE.to_owned(),
        x: Scale { durations: true, from: Some(0.0), ..Scale::new("submission") },
        y: Scale { durations: true, from: Some(0.0), ..Scale::new("wait") },
        series: vec![ScatterSeries {
            label: "wait".to_owned(),
            points: points.map(|(x, y)| ScatterPoint::new(x, y)).collect(),
            published: jobs.published.iter().map(|job| at(job.submitted_ns, job.started_ns)).collect(),
        }],
        front: None,
        published: "published wait".to_owned(),
    })
}

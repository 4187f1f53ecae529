//! Which jobs ran on which nodes.

use super::Figure;
use crate::charts::Chart;
use crate::charts::gantt::{GanttChart, GanttRow, GanttSpan, SpanState};
use crate::charts::timeline::seconds;
use crate::data::{JobSpan, Run};
use crate::units;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "jobs",
    title: "Jobs",
    caption: "One row per node in the order in which they came; a rectangle is a job on nodes next to each other, and \
              neighbours in colour are different jobs.",
    chart,
};

const TITLE: &str = "Jobs on nodes over time";

/// More rows than this could not be told apart.
const MOST_NODES: usize = 512;

fn chart(run: &Run) -> Chart {
    let jobs = &run.jobs;
    if jobs.list.is_empty() {
        return Chart::empty(TITLE, "no group of pods has ended");
    }
    if jobs.nodes.len() > MOST_NODES {
        return Chart::empty(TITLE, "there are too many nodes to tell them apart");
    }
    let end = jobs.list.iter().map(|job| job.ended_ns).max().unwrap_or(0);
    let mut in_order: Vec<&JobSpan> = jobs.list.iter().collect();
    in_order.sort_by_key(|job| (job.started_ns, job.nodes.first().copied()));
    let published = match run.summary.jobs.as_ref().and_then(|jobs| jobs.published) {
        Some(counts) => format!(" {} of {} start as published.", counts.same_start, counts.jobs),
        None => String::new(),
    };
    let [count, nodes] = [jobs.list.len(), jobs.nodes.len()].map(|count| units::count(count as u64));
    Chart::Gantt(GanttChart {
        title: TITLE.to_owned(),
        description: format!("{TITLE}: {count} jobs on {nodes} nodes.{published}"),
        row: "node".to_owned(),
        rows: jobs.nodes.iter().map(|name| GanttRow { label: name.clone(), lanes: 1 }).collect(),
        span: "job".to_owned(),
        spans: in_order.into_iter().enumerate().flat_map(|(number, job)| rectangles(number, job)).collect(),
        range: (0.0, seconds(end).max(1.0)),
        named: false,
    })
}

/// A rectangle for all nodes of a job that are next to each other.
fn rectangles(number: usize, job: &JobSpan) -> impl Iterator<Item = GanttSpan> {
    let together = job.nodes.chunk_by(|a, b| a + 1 == *b);
    together.filter_map(move |nodes| {
        let (first, last) = (*nodes.first()? as usize, *nodes.last()? as usize);
        Some(GanttSpan {
            name: job.name.clone(),
            state: SpanState::Running,
            lanes: first..last + 1,
            hue: number,
            from: seconds(job.started_ns),
            to: seconds(job.ended_ns),
        })
    })
}

//! Which jobs ran on which nodes, and how long each of them had waited.

use super::Figure;
use crate::charts::timeline::seconds;
use crate::data::{JobSpan, Run};
use crate::draw::{Axis, Frame, Legend, Panel, Picture, Stroke, Swatch, theme};
use crate::units;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "jobs",
    title: "Jobs",
    caption: "Above, one row per node in the order in which they came; a rectangle is a job on nodes next to each other, and \
              neighbours in colour are different jobs. Below, how long each job had waited, at the time of its submission; \
              circles are published waits, where they were given.",
    draw,
};

const TITLE: &str = "Jobs on nodes over time";

/// More rows than this could not be told apart.
const MOST_NODES: usize = 512;

fn draw(run: &Run) -> Picture {
    let jobs = &run.jobs;
    if jobs.list.is_empty() {
        return Picture::no_data(TITLE, "no group of pods has ended");
    }
    if jobs.nodes.len() > MOST_NODES {
        return Picture::no_data(TITLE, "there are too many nodes to tell them apart");
    }
    let end = jobs.list.iter().map(|job| job.ended_ns).max().unwrap_or(0);
    let wait = |job: &JobSpan| seconds(job.started_ns - job.submitted_ns);
    let waits = jobs.list.iter().map(wait).chain(jobs.published.iter().map(|p| seconds(p.started_ns - p.submitted_ns)));
    let longest = waits.fold(0.0, f64::max);
    let rows = jobs.nodes.len().max(1) as f64;
    let mut nodes = Axis::linear("node", rows, 4.0, true);
    nodes.range = (0.0, rows);
    nodes.ticks.retain(|tick| tick.value <= rows);
    let above = Axis::time(0.0, seconds(end).max(1.0));
    let below = above.clone();
    let wait_axis = Axis::duration("wait", longest.max(1.0));
    let left = Panel::left_for([&nodes, &wait_axis]);

    let mut legend = Legend::new(theme::MARGIN, theme::WIDTH);
    let has_published = !jobs.published.is_empty();
    if has_published {
        legend.add(Swatch::Shape(0, theme::PALETTE[1]), "published wait");
        legend.add(Swatch::Line(Stroke::solid(theme::PALETTE[0], theme::LINE)), "wait");
    }
    let head = 30.0 + if has_published { legend.height() } else { 0.0 };
    let frame = |title: &str, remark: String, top, height, x_labels| Frame {
        title: title.to_owned(),
        remark,
        top,
        left,
        height,
        x_labels,
    };
    let count = format!("{} jobs", units::count(jobs.list.len() as u64));
    let height = (rows * 6.0).clamp(60.0, 260.0);
    let gantt = Panel::new(frame("Nodes", count.clone(), head, height, false), above, nodes);
    let mean = run.summary.jobs.as_ref().map_or(0.0, |jobs| jobs.mean_wait_seconds);
    let remark = format!("mean {}, longest {}", units::duration(mean), units::duration(longest));
    let waiting = Panel::new(frame("Waiting time", remark.clone(), gantt.end() + 8.0, 110.0, true), below, wait_axis);

    let published = match run.summary.jobs.as_ref().and_then(|jobs| jobs.published) {
        Some(counts) => format!(" {} of {} start as published.", counts.same_start, counts.jobs),
        None => String::new(),
    };
    let description = format!("{TITLE}: {count} on {} nodes; waits: {remark}.{published}", units::count(rows as u64));
    let mut picture = Picture::new(waiting.end().ceil(), description);
    picture.text((theme::MARGIN, 20.0), TITLE, theme::TITLE_SIZE, true, crate::draw::Anchor::Start, theme::INK);
    rectangles(&mut picture, &gantt, &jobs.list);
    gantt.axes(&mut picture);
    waiting.grid(&mut picture);
    for job in &jobs.published {
        let wait = seconds(job.started_ns - job.submitted_ns);
        if wait > 0.0 {
            picture.shape(0, (waiting.x(seconds(job.submitted_ns)), waiting.y(wait)), theme::PALETTE[1]);
        }
    }
    for job in jobs.list.iter().filter(|job| job.started_ns > job.submitted_ns) {
        let x = waiting.x(seconds(job.submitted_ns));
        let points = vec![(x, waiting.y(0.0)), (x, waiting.y(wait(job)))];
        picture.line(points, Stroke::solid(theme::PALETTE[0], 0.9));
    }
    waiting.axes(&mut picture);
    if has_published {
        legend.draw(&mut picture, 28.0);
    }
    picture
}

fn rectangles(picture: &mut Picture, panel: &Panel, jobs: &[JobSpan]) {
    let ((left, top), (right, bottom)) = panel.corners();
    picture.rect((left, top), (right, bottom), theme::BLANK);
    let mut in_order: Vec<&JobSpan> = jobs.iter().collect();
    in_order.sort_by_key(|job| (job.started_ns, job.nodes.first().copied()));
    for (number, job) in in_order.into_iter().enumerate() {
        let color = theme::PALETTE[number % (theme::PALETTE.len() - 1)];
        let (from, to) = (panel.x(seconds(job.started_ns)), panel.x(seconds(job.ended_ns)));
        for together in job.nodes.chunk_by(|a, b| a + 1 == *b) {
            let (Some(first), Some(last)) = (together.first(), together.last()) else { continue };
            let (low, high) = (panel.y(f64::from(*first)), panel.y(f64::from(*last) + 1.0));
            picture.rect((from, high), (to.max(from + 0.3), low), color);
        }
    }
}

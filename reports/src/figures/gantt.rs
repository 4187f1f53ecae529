//! Which pod was on which node, and when.

use super::Figure;
use crate::charts::Chart;
use crate::charts::gantt::{GanttChart, GanttRow, GanttSpan, SpanState};
use crate::charts::timeline::seconds;
use crate::data::{PodLife, Run};
use crate::units;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "gantt",
    title: "Pods on nodes",
    caption: "Of a small run, each pod on its node from its binding to its end, pods at the same time above each other; on top, \
              pods that wait. Neighbours in colour are different pods.",
    chart,
};

const TITLE: &str = "Pods on nodes over time";

/// More pods than this at the same time could not be told apart.
const MOST_LANES: usize = 120;

fn chart(run: &Run) -> Chart {
    let lives = run.lives.in_order();
    if lives.is_empty() {
        return Chart::empty(TITLE, "there are no pods, or too many to tell them apart");
    }
    let mut nodes: Vec<&str> = lives.iter().filter_map(|life| life.node.as_deref()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let mut rows = Vec::new();
    let mut spans = Vec::new();
    let waits = lives.iter().enumerate().filter(|(_, life)| life.waited_until() > life.created_ns);
    let waits = waits.map(|(number, life)| (number, *life, life.created_ns, life.waited_until()));
    add_row("pending", waits.collect(), &mut rows, &mut spans);
    for node in nodes {
        let here = lives.iter().enumerate().filter(|(_, life)| life.node.as_deref() == Some(node));
        let here = here.map(|(number, life)| (number, *life, life.bound_ns.unwrap_or(life.created_ns), life.ended_ns));
        add_row(node, here.collect(), &mut rows, &mut spans);
    }
    if rows.iter().map(|row| row.lanes).sum::<usize>() > MOST_LANES {
        return Chart::empty(TITLE, "there are too many pods at the same time to tell them apart");
    }
    let from = lives.iter().map(|life| life.created_ns).min().map_or(0.0, seconds);
    let to = lives.iter().map(|life| life.ended_ns).max().map_or(0.0, seconds);
    let on_nodes = lives.iter().filter(|life| life.node.is_some()).count();
    let [pods, on_nodes] = [lives.len(), on_nodes].map(|count| units::count(count as u64));
    Chart::Gantt(GanttChart {
        title: TITLE.to_owned(),
        description: format!("{TITLE}: {pods} pods, {on_nodes} of them on nodes."),
        row: "node".to_owned(),
        rows,
        span: "pod".to_owned(),
        spans,
        range: (from.min(0.0), to),
        named: true,
    })
}

impl PodLife {
    /// Until when it had no node.
    fn waited_until(&self) -> i64 {
        self.bound_ns.unwrap_or(self.ended_ns)
    }
}

/// A row with as many lanes as pods are there at the same time: each takes the first lane that is free.
fn add_row(
    label: &str,
    mut lives: Vec<(usize, &PodLife, i64, i64)>,
    rows: &mut Vec<GanttRow>,
    spans: &mut Vec<GanttSpan>,
) {
    let above: usize = rows.iter().map(|row| row.lanes).sum();
    let mut free_from: Vec<i64> = Vec::new();
    lives.sort_by_key(|(number, _, from, _)| (*from, *number));
    for (number, life, from, to) in lives {
        let lane = free_from.iter().position(|free| *free <= from).unwrap_or_else(|| {
            free_from.push(0);
            free_from.len() - 1
        });
        free_from[lane] = to;
        let mut add = |state, from: i64, to: i64| {
            spans.push(GanttSpan {
                name: life.name.clone(),
                state,
                lanes: above + lane..above + lane + 1,
                hue: number,
                from: seconds(from),
                to: seconds(to),
            });
        };
        if life.bound_ns != Some(from) {
            add(SpanState::Waiting, from, to);
            continue;
        }
        let started = life.started_ns.unwrap_or(to);
        if started > from {
            add(SpanState::Starting, from, started);
        }
        if to > started || life.started_ns.is_some() {
            add(SpanState::Running, started, to);
        }
    }
    if !free_from.is_empty() {
        rows.push(GanttRow { label: label.to_owned(), lanes: free_from.len() });
    }
}

//! Which pod was on which node, and when.

use super::Figure;
use crate::charts::Chart;
use crate::charts::gantt::{GanttChart, GanttRow, GanttSpan, SpanState};
use crate::charts::timeline::seconds;
use crate::data::{NANOS_PER_SECOND, PodRecord, Run};
use crate::units;
use std::collections::BTreeMap;

pub(super) const FIGURE: Figure<Run> = Figure {
    name: "gantt",
    title: "Pods on nodes",
    caption: "Of a small run, each pod on its node from its binding to its end, pods at the same time above each other; on top, \
              pods that wait. Neighbours in colour are different pods.",
    chart,
};

const TITLE: &str = "Pods on nodes over time";

/// More pods than this could not be told apart, and so could not more than that at the same time.
const MOST_PODS: usize = 300;
const MOST_LANES: usize = 120;

/// Whether a run has so few pods that each can be seen.
pub(super) fn has_few_pods(run: &Run) -> bool {
    let pods = lives(run).take(MOST_PODS + 1).count();
    run.records.count() as u64 == run.records.total && (1..=MOST_PODS).contains(&pods)
}

/// The pods that were ever there, in order of creation.
fn lives(run: &Run) -> impl Iterator<Item = &PodRecord> {
    run.records.iter().filter(|pod| pod.outcome != "rejected")
}

fn chart(run: &Run) -> Chart {
    if !has_few_pods(run) {
        return Chart::empty(TITLE, "there are no pods, or too many to tell them apart");
    }
    let run_end = (run.summary.simulated_seconds * NANOS_PER_SECOND as f64).round() as i64;
    let end = |pod: &PodRecord| pod.ended_ns.unwrap_or(run_end);
    let mut pending = Vec::new();
    let mut on_nodes: BTreeMap<&str, Vec<Life<'_>>> = BTreeMap::new();
    let names: BTreeMap<u64, &str> = run.history.nodes.iter().map(|node| (node.uid, &*node.name)).collect();
    for (number, pod) in lives(run).enumerate() {
        let bound = pod.bound_ns.unwrap_or(end(pod));
        if bound > pod.created_ns {
            pending.push(Life { number, pod, from: pod.created_ns, to: bound });
        }
        let node = pod.node.and_then(|uid| names.get(&uid));
        if let (Some(node), Some(from)) = (node, pod.bound_ns) {
            on_nodes.entry(*node).or_default().push(Life { number, pod, from, to: end(pod) });
        }
    }
    let bound: usize = on_nodes.values().map(Vec::len).sum();
    let mut rows = Vec::new();
    let mut spans = Vec::new();
    add_row("pending", pending, &mut rows, &mut spans);
    for (node, lives) in on_nodes {
        add_row(node, lives, &mut rows, &mut spans);
    }
    if rows.iter().map(|row| row.lanes).sum::<usize>() > MOST_LANES {
        return Chart::empty(TITLE, "there are too many pods at the same time to tell them apart");
    }
    let from = lives(run).map(|pod| pod.created_ns).min().map_or(0.0, seconds);
    let to = lives(run).map(end).max().map_or(0.0, seconds);
    let [pods, bound] = [lives(run).count(), bound].map(|count| units::count(count as u64));
    Chart::Gantt(GanttChart {
        title: TITLE.to_owned(),
        description: format!("{TITLE}: {pods} pods, {bound} of them on nodes."),
        row: "node".to_owned(),
        rows,
        span: "pod".to_owned(),
        spans,
        range: (from.min(0.0), to),
        named: true,
    })
}

/// A stretch of a pod's life: without a node, or on one.
struct Life<'p> {
    /// The place of the pod in order of creation.
    number: usize,
    pod: &'p PodRecord,
    from: i64,
    to: i64,
}

/// A row with as many lanes as pods are there at the same time: each takes the first lane that is free.
fn add_row(label: &str, mut lives: Vec<Life<'_>>, rows: &mut Vec<GanttRow>, spans: &mut Vec<GanttSpan>) {
    let above: usize = rows.iter().map(|row| row.lanes).sum();
    let mut free_from: Vec<i64> = Vec::new();
    lives.sort_by_key(|life| (life.from, life.number));
    for Life { number, pod, from, to } in lives {
        let lane = free_from.iter().position(|free| *free <= from).unwrap_or_else(|| {
            free_from.push(0);
            free_from.len() - 1
        });
        free_from[lane] = to;
        let mut add = |state, from: i64, to: i64| {
            spans.push(GanttSpan {
                name: pod.name.clone(),
                state,
                lanes: above + lane..above + lane + 1,
                hue: number,
                from: seconds(from),
                to: seconds(to),
            });
        };
        if pod.bound_ns != Some(from) {
            add(SpanState::Waiting, from, to);
            continue;
        }
        let started = pod.started_ns.unwrap_or(to).min(to);
        if started > from {
            add(SpanState::Starting, from, started);
        }
        if to > started || pod.started_ns.is_some() {
            add(SpanState::Running, started, to);
        }
    }
    if !free_from.is_empty() {
        rows.push(GanttRow { label: label.to_owned(), lanes: free_from.len() });
    }
}

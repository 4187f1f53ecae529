//! What the script of a run's page works on: nodes over time, and the lives of pods.

use super::pack::Pack;
use crate::data::{ClusterHistory, NodeState, PodRecord, PodRecords, RESOURCES, Run};
use crate::units::resource_title;
use rustc_hash::FxHashMap;
use serde::Serialize;
use std::collections::BTreeMap;

/// Nanoseconds in the unit of times in a page: finer than anybody reads, and whole numbers of a script stay exact for centuries.
const MICROSECOND: i64 = 1000;

/// The table of pods shows so many at a time; the script has the same number.
const ROWS_OF_A_PAGE: usize = 25;

/// Packs what the page tells of single nodes, and of the pods that are seen first. All pods go into a pack of their own, and so do the states of
/// nodes over time: there may be millions of them, which are not read before somebody asks.
pub(super) fn pack(pack: &mut Pack, run: &Run) -> [(&'static str, Pack); 2] {
    let nodes = &run.history;
    let rows: FxHashMap<u64, usize> = nodes.nodes.iter().enumerate().map(|(row, node)| (node.uid, row)).collect();
    pack_nodes(pack, nodes);
    let records = &run.records;
    pack.json("pods", &Told::of(records));
    pack_records(pack, &records.list[..ROWS_OF_A_PAGE.min(records.list.len())], &rows);
    let (mut all, mut states) = (Pack::default(), Pack::default());
    pack_records(&mut all, &records.list, &rows);
    pack_states(&mut states, nodes);
    [("all-pods", all), ("all-states", states)]
}

/// What is told of the pods before any of them is looked at.
#[derive(Serialize)]
struct Told<'r> {
    /// How many there are in the page.
    count: usize,
    /// How many became what.
    outcomes: BTreeMap<&'r str, usize>,
}

impl<'r> Told<'r> {
    fn of(records: &'r PodRecords) -> Self {
        let mut outcomes = BTreeMap::new();
        for pod in &records.list {
            *outcomes.entry(pod.outcome).or_default() += 1;
        }
        Self { count: records.list.len(), outcomes }
    }
}

fn pack_nodes(pack: &mut Pack, history: &ClusterHistory) {
    #[derive(Serialize)]
    struct Resource<'a> {
        name: &'a str,
        title: &'a str,
    }
    let resources = history.resources.iter().map(|name| Resource { name, title: resource_title(name) });
    pack.json("resources", &resources.collect::<Vec<_>>());
    let nodes = &history.nodes;
    pack.texts("node.name", nodes.iter().map(|node| &*node.name));
    Words::of(nodes.iter().map(|node| node.zone.as_str())).pack(pack, "node.zone");
    Words::of(nodes.iter().map(|node| node.group.as_str())).pack(pack, "node.group");
    pack.integers("node.cpu", nodes.iter().map(|node| node.cpu_milli));
    pack.integers("node.memory", nodes.iter().map(|node| node.memory_bytes));
    Words::of(nodes.iter().map(|node| node.other_resources.as_str())).pack(pack, "node.other");
    pack.deltas("node.added", nodes.iter().map(|node| node.added_ns / MICROSECOND));
    pack.integers("node.removed", nodes.iter().map(|node| node.removed_ns.map_or(-1, |at| at / MICROSECOND)));
    pack.deltas("times", history.times_ns.iter().map(|at| at / MICROSECOND));
}

fn pack_states(pack: &mut Pack, history: &ClusterHistory) {
    // Each state as the difference to the snapshot before, which is mostly nothing.
    pack.integers("state.condition", differences(history, |state| state.condition as i64).into_iter());
    pack.integers("state.pods", differences(history, |state| i64::from(state.pods)).into_iter());
    for resource in 0..history.resources.len().min(RESOURCES) {
        let share = differences(history, |state| i64::from(state.shares[resource]));
        pack.integers(&format!("state.share{resource}"), share.into_iter());
    }
}

/// By snapshot and node, how much more it is than in the snapshot before.
fn differences(history: &ClusterHistory, of: impl Fn(&NodeState) -> i64) -> Vec<i64> {
    let nodes = history.nodes.len();
    let mut differences = Vec::with_capacity(nodes * history.snapshots.len());
    let mut before = vec![0; nodes];
    for snapshot in &history.snapshots {
        for (node, last) in before.iter_mut().enumerate() {
            let now = of(snapshot.get(node).unwrap_or(&NodeState::ABSENT));
            differences.push(now - *last);
            *last = now;
        }
    }
    differences
}

fn pack_records(pack: &mut Pack, records: &[PodRecord], rows: &FxHashMap<u64, usize>) {
    let all = || records.iter();
    pack.texts("pod.name", all().map(|life| life.name.as_str()));
    Words::of(all().map(|life| &*life.namespace)).pack(pack, "pod.namespace");
    Words::of(all().map(|life| life.outcome)).pack(pack, "pod.outcome");
    let row = |life: &PodRecord| life.node.and_then(|uid| rows.get(&uid)).map_or(-1, |row| *row as i64);
    pack.integers("pod.node", all().map(row));
    pack.integers("pod.priority", all().map(|life| i64::from(life.priority)));
    pack.integers("pod.cpu", all().map(|life| life.cpu_milli));
    pack.integers("pod.memory", all().map(|life| life.memory_bytes));
    Words::of(all().map(|life| &*life.other_resources)).pack(pack, "pod.other");
    pack.integers("pod.attempts", all().map(|life| i64::from(life.attempts)));
    pack.deltas("pod.created", all().map(|life| life.created_ns / MICROSECOND));
    // Since the moment before, which makes small numbers; −1 for what never happened.
    let since = |at: Option<i64>, before: i64| at.map_or(-1, |at| at / MICROSECOND - before / MICROSECOND);
    pack.integers("pod.waited", all().map(|life| since(life.bound_ns, life.created_ns)));
    let bound = |life: &PodRecord| life.bound_ns.unwrap_or(life.created_ns);
    pack.integers("pod.starting", all().map(|life| since(life.started_ns, bound(life))));
    pack.integers("pod.lasted", all().map(|life| since(life.ended_ns, life.started_ns.unwrap_or(bound(life)))));
    let decision = |life: &PodRecord| life.decision.unwrap_or_default();
    pack.integers("pod.examined", all().map(|life| i64::from(decision(life).examined)));
    pack.integers("pod.feasible", all().map(|life| i64::from(decision(life).feasible)));
    pack.integers("pod.scored", all().map(|life| i64::from(decision(life).best.is_some())));
    pack.integers("pod.best", all().map(|life| decision(life).best.unwrap_or(0)));
    pack.integers("pod.ties", all().map(|life| i64::from(decision(life).ties)));
    Words::of(all().map(|life| life.reason.as_deref().unwrap_or_default())).pack(pack, "pod.reason");
    Words::of(all().map(|life| life.preempted_by.as_deref().unwrap_or_default())).pack(pack, "pod.preemptedBy");
}

/// Texts of which many are the same: each one once, and by row which it is.
struct Words<'t> {
    all: Vec<&'t str>,
    by_row: Vec<i64>,
}

impl<'t> Words<'t> {
    fn of(rows: impl Iterator<Item = &'t str>) -> Self {
        let mut words = Self { all: Vec::new(), by_row: Vec::new() };
        let mut places: FxHashMap<&str, i64> = FxHashMap::default();
        let mut last = ("", -1);
        for text in rows {
            // Pods that follow each other often share a text, which then need not be read.
            if last.1 < 0 || !std::ptr::eq(last.0, text) {
                let place = *places.entry(text).or_insert_with(|| {
                    words.all.push(text);
                    words.all.len() as i64 - 1
                });
                last = (text, place);
            }
            words.by_row.push(last.1);
        }
        words
    }

    fn pack(self, pack: &mut Pack, name: &str) {
        pack.texts(&format!("{name}.words"), self.all.iter().copied());
        pack.integers(name, self.by_row.into_iter());
    }
}

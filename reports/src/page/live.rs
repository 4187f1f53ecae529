//! What the script of a run's page works on: nodes over time, and the lives of pods.

use super::distinct::pack_words;
use super::pack::{Pack, Packed};
use super::pods::pack_pods;
use crate::data::{ClusterHistory, NodeState, PodRecords, RESOURCES, Run};
use crate::units::resource_title;
use rustc_hash::FxHashMap;
use serde::Serialize;
use std::collections::BTreeMap;

/// Nanoseconds in the unit of times in a page: finer than anybody reads, and whole numbers of a script stay exact for centuries.
pub(super) const MICROSECOND: i64 = 1000;

/// The table of pods shows so many at a time; the script has the same number.
const ROWS_OF_A_PAGE: usize = 25;

/// What a page tells of nodes and pods, made ready.
pub(crate) struct Lives {
    /// What it tells of single nodes, and of the pods that are seen first.
    pub(super) pack: Pack,
    /// The packs of all pods, and of the states of nodes over time: there may be millions of them, which are not read before somebody asks.
    pub(super) more: Vec<(&'static str, Packed)>,
}

impl Lives {
    /// What there is to tell of a run.
    pub(crate) fn of(run: &Run) -> Self {
        let mut pack = Pack::default();
        if !Self::are_in(run) {
            return Self { pack, more: Vec::new() };
        }
        let nodes = &run.history;
        let rows: FxHashMap<u64, usize> = nodes.nodes.iter().enumerate().map(|(row, node)| (node.uid, row)).collect();
        pack_nodes(&mut pack, nodes);
        let records = &run.records;
        pack.json("pods", &Told::of(records));
        pack_pods(&mut pack, records.iter().take(ROWS_OF_A_PAGE), &rows);
        let pods = || {
            let mut all = Pack::default();
            pack_pods(&mut all, records.iter(), &rows);
            all.finish()
        };
        let states = || {
            let mut states = Pack::default();
            pack_states(&mut states, nodes);
            states.finish()
        };
        let (pods, states) = rayon::join(pods, states);
        Self { pack, more: vec![("all-pods", pods), ("all-states", states)] }
    }

    /// Whether there is anything to tell of single nodes and pods.
    pub(super) fn are_in(run: &Run) -> bool {
        !run.history.nodes.is_empty() || run.records.count() > 0
    }
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
        let mut outcomes = FxHashMap::default();
        for pod in records.in_no_order() {
            *outcomes.entry(pod.outcome).or_default() += 1;
        }
        Self { count: records.count(), outcomes: outcomes.into_iter().collect() }
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
    pack_words(pack, "node.zone", nodes.iter().map(|node| node.zone.as_str()));
    pack_words(pack, "node.group", nodes.iter().map(|node| node.group.as_str()));
    pack.integers("node.cpu", nodes.iter().map(|node| node.cpu_milli));
    pack.integers("node.memory", nodes.iter().map(|node| node.memory_bytes));
    pack_words(pack, "node.other", nodes.iter().map(|node| node.other_resources.as_str()));
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

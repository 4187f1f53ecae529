//! What the script of a run's page works on: nodes over time, and the lives of pods.

use super::pack::{Column, Pack};
use crate::data::{ClusterHistory, NodeState, PodRecord, PodRecords, RESOURCES, Run};
use crate::units::resource_title;
use rustc_hash::FxHashMap;
use serde::Serialize;
use std::collections::BTreeMap;

/// Nanoseconds in the unit of times in a page: finer than anybody reads, and whole numbers of a script stay exact for centuries.
const MICROSECOND: i64 = 1000;

/// The table of pods shows so many at a time; the script has the same number.
const ROWS_OF_A_PAGE: usize = 25;

/// What a page tells of nodes and pods, made ready.
pub(crate) struct Lives {
    /// What it tells of single nodes, and of the pods that are seen first.
    pub(super) pack: Pack,
    /// The packs of all pods, and of the states of nodes over time: there may be millions of them, which are not read before somebody asks.
    pub(super) more: Vec<(&'static str, String)>,
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
        pack_records(&mut pack, &records.list[..ROWS_OF_A_PAGE.min(records.list.len())], &rows);
        let pods = || {
            let mut all = Pack::default();
            pack_records(&mut all, &records.list, &rows);
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
        !run.history.nodes.is_empty() || !run.records.list.is_empty()
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
    Words::of("node.zone", nodes.iter().map(|node| node.zone.as_str())).pack(pack);
    Words::of("node.group", nodes.iter().map(|node| node.group.as_str())).pack(pack);
    pack.integers("node.cpu", nodes.iter().map(|node| node.cpu_milli));
    pack.integers("node.memory", nodes.iter().map(|node| node.memory_bytes));
    Words::of("node.other", nodes.iter().map(|node| node.other_resources.as_str())).pack(pack);
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
    let mut columns = pod_columns(rows);
    // So many records stay in a near cache while one column after another is made of them.
    for records in records.chunks(256) {
        for column in &mut columns {
            column.add(records);
        }
    }
    for column in columns {
        column.pack(pack);
    }
}

/// What is told of a pod.
enum PodColumn<'r> {
    Texts(Column, fn(&'r PodRecord) -> &'r str),
    Words(Words<'r>, fn(&'r PodRecord) -> &'r str),
    Numbers(Column, Box<dyn Fn(&PodRecord) -> i64 + 'r>),
}

fn pod_columns(rows: &FxHashMap<u64, usize>) -> Vec<PodColumn<'_>> {
    use PodColumn::{Numbers, Texts, Words as Of};
    fn numbers<'r>(name: &str, of: impl Fn(&PodRecord) -> i64 + 'r) -> PodColumn<'r> {
        Numbers(Column::integers(name), Box::new(of))
    }
    fn since(at: Option<i64>, before: i64) -> i64 {
        at.map_or(-1, |at| at / MICROSECOND - before / MICROSECOND)
    }
    let bound = |life: &PodRecord| life.bound_ns.unwrap_or(life.created_ns);
    let decision = |life: &PodRecord| life.decision.unwrap_or_default();
    vec![
        Texts(Column::texts("pod.name"), |life| &life.name),
        Of(Words::new("pod.namespace"), |life| &life.namespace),
        Of(Words::new("pod.outcome"), |life| life.outcome),
        numbers("pod.node", |life| life.node.and_then(|uid| rows.get(&uid)).map_or(-1, |row| *row as i64)),
        numbers("pod.priority", |life| i64::from(life.priority)),
        numbers("pod.cpu", |life| life.cpu_milli),
        numbers("pod.memory", |life| life.memory_bytes),
        Of(Words::new("pod.other"), |life| &life.other_resources),
        numbers("pod.attempts", |life| i64::from(life.attempts)),
        Numbers(Column::deltas("pod.created"), Box::new(|life| life.created_ns / MICROSECOND)),
        // Since the moment before, which makes small numbers; −1 for what never happened.
        numbers("pod.waited", |life| since(life.bound_ns, life.created_ns)),
        numbers("pod.starting", move |life| since(life.started_ns, bound(life))),
        numbers("pod.lasted", move |life| since(life.ended_ns, life.started_ns.unwrap_or(bound(life)))),
        numbers("pod.examined", move |life| i64::from(decision(life).examined)),
        numbers("pod.feasible", move |life| i64::from(decision(life).feasible)),
        numbers("pod.scored", move |life| i64::from(decision(life).best.is_some())),
        numbers("pod.best", move |life| decision(life).best.unwrap_or(0)),
        numbers("pod.ties", move |life| i64::from(decision(life).ties)),
        Of(Words::new("pod.reason"), |life| life.reason.as_deref().unwrap_or_default()),
        Of(Words::new("pod.preemptedBy"), |life| life.preempted_by.as_deref().unwrap_or_default()),
    ]
}

impl<'r> PodColumn<'r> {
    fn add(&mut self, records: &'r [PodRecord]) {
        match self {
            Self::Texts(column, of) => records.iter().for_each(|life| column.text(of(life))),
            Self::Words(words, of) => records.iter().for_each(|life| words.add(of(life))),
            Self::Numbers(column, of) => records.iter().for_each(|life| column.number(of(life))),
        }
    }

    fn pack(self, pack: &mut Pack) {
        match self {
            Self::Texts(column, _) | Self::Numbers(column, _) => pack.add(column),
            Self::Words(words, _) => words.pack(pack),
        }
    }
}

/// Texts of which many are the same: each one once, and by row which it is.
struct Words<'t> {
    all: Column,
    by_row: Column,
    places: FxHashMap<&'t str, i64>,
    last: Option<(&'t str, i64)>,
}

impl<'t> Words<'t> {
    fn new(name: &str) -> Self {
        let all = Column::texts(&format!("{name}.words"));
        Self { all, by_row: Column::integers(name), places: FxHashMap::default(), last: None }
    }

    fn of(name: &str, rows: impl Iterator<Item = &'t str>) -> Self {
        let mut words = Self::new(name);
        rows.for_each(|text| words.add(text));
        words
    }

    fn add(&mut self, text: &'t str) {
        // Pods that follow each other often share a text, which then need not be read.
        let last = self.last.filter(|(last, _)| std::ptr::eq(*last, text));
        let place = last.map_or_else(|| self.place(text), |(_, place)| place);
        self.last = Some((text, place));
        self.by_row.number(place);
    }

    fn place(&mut self, text: &'t str) -> i64 {
        let next = self.places.len() as i64;
        *self.places.entry(text).or_insert_with(|| {
            self.all.text(text);
            next
        })
    }

    fn pack(self, pack: &mut Pack) {
        pack.add(self.all);
        pack.add(self.by_row);
    }
}

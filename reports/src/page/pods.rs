//! The lives of pods as columns.

use super::column::Column;
use super::distinct::{Distinct, Words, pack_words};
use super::live::MICROSECOND;
use super::pack::Pack;
use crate::data::PodRecord;
use rustc_hash::FxHashMap;

/// So many rows stay in the nearest cache while one column after another is made of them.
const CHUNK: usize = 128;

/// Packs lives, on nodes that have these rows by their `uid`.
pub(super) fn pack_pods<'r>(
    pack: &mut Pack,
    mut lives: impl Iterator<Item = &'r PodRecord>,
    nodes: &FxHashMap<u64, usize>,
) {
    let mut columns = PodColumns::new();
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        chunk.extend(lives.by_ref().take(CHUNK));
        if chunk.is_empty() {
            break;
        }
        for life in &chunk {
            call_for(life);
        }
        let rows: Vec<PodRow<'_>> = chunk.drain(..).map(|life| PodRow::of(life, nodes)).collect();
        columns.add(&rows);
    }
    columns.pack(pack);
}

/// Reads of a life so much that all of it is near afterwards. Lives are all over the memory; where nothing else is done with them, a processor
/// waits for many at the same time.
fn call_for(life: &PodRecord) {
    let PodRecord { namespace, name, outcome, attempts, created_ns, ended_ns, decision, reason, .. } = life;
    let numbers = (*created_ns, *ended_ns, *attempts, decision.is_some(), reason.is_some());
    std::hint::black_box((numbers, namespace.len(), outcome.len(), name.as_bytes().first().copied()));
}

/// The names of columns of numbers. `created` has differences; those after it say how long after the moment before something came, which makes
/// small numbers, and −1 of what never happened.
const NUMBERS: [&str; 11] = [
    "pod.created",
    "pod.waited",
    "pod.starting",
    "pod.lasted",
    "pod.node",
    "pod.attempts",
    "pod.examined",
    "pod.feasible",
    "pod.scored",
    "pod.best",
    "pod.ties",
];

/// The names of columns of words.
const WORDS: [&str; 3] = ["pod.outcome", "pod.reason", "pod.preemptedBy"];

/// What is told of a pod.
struct PodRow<'r> {
    name: &'r str,
    shape: Shape<'r>,
    words: [&'r str; WORDS.len()],
    numbers: [i64; NUMBERS.len()],
}

impl<'r> PodRow<'r> {
    fn of(life: &'r PodRecord, nodes: &FxHashMap<u64, usize>) -> Self {
        let since = |at: Option<i64>, before: i64| at.map_or(-1, |at| at / MICROSECOND - before / MICROSECOND);
        let bound = life.bound_ns.unwrap_or(life.created_ns);
        let decision = life.decision.unwrap_or_default();
        let numbers = [
            life.created_ns / MICROSECOND,
            since(life.bound_ns, life.created_ns),
            since(life.started_ns, bound),
            since(life.ended_ns, life.started_ns.unwrap_or(bound)),
            life.node.and_then(|uid| nodes.get(&uid)).map_or(-1, |row| *row as i64),
            i64::from(life.attempts),
            i64::from(decision.examined),
            i64::from(decision.feasible),
            i64::from(decision.best.is_some()),
            decision.best.unwrap_or(0),
            i64::from(decision.ties),
        ];
        let [reason, preempted_by] = [&life.reason, &life.preempted_by].map(|text| text.as_deref().unwrap_or_default());
        Self { name: &life.name, shape: Shape::of(life), words: [life.outcome, reason, preempted_by], numbers }
    }
}

/// A column of each thing that is told.
struct PodColumns<'r> {
    names: Column,
    shapes: Distinct<Shape<'r>>,
    words: [Words<'r>; WORDS.len()],
    numbers: [Column; NUMBERS.len()],
}

impl<'r> PodColumns<'r> {
    fn new() -> Self {
        let mut numbers = NUMBERS.map(Column::integers);
        numbers[0] = Column::deltas(NUMBERS[0]);
        let shapes = Distinct::new("pod.shape", Shape::is);
        Self { names: Column::of_texts("pod.name"), shapes, words: WORDS.map(Words::of_texts), numbers }
    }

    fn add(&mut self, rows: &[PodRow<'r>]) {
        self.names.texts(rows.iter().map(|row| row.name));
        self.shapes.add(rows.iter().map(|row| row.shape));
        for (place, words) in self.words.iter_mut().enumerate() {
            words.add(rows.iter().map(|row| row.words[place]));
        }
        for (place, numbers) in self.numbers.iter_mut().enumerate() {
            numbers.numbers(rows.iter().map(|row| row.numbers[place]));
        }
    }

    fn pack(self, pack: &mut Pack) {
        let Self { names, shapes, words, numbers } = self;
        pack.add(names);
        pack_shapes(pack, &shapes.all);
        pack.add(shapes.by_row);
        for (name, words) in WORDS.iter().zip(words) {
            words.pack(name, pack);
        }
        for column in numbers {
            pack.add(column);
        }
    }
}

/// What pods of a class have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Shape<'r> {
    namespace: &'r str,
    priority: i32,
    cpu_milli: i64,
    memory_bytes: i64,
    other_resources: &'r str,
}

impl<'r> Shape<'r> {
    fn of(life: &'r PodRecord) -> Self {
        let PodRecord { namespace, priority, cpu_milli, memory_bytes, other_resources, .. } = life;
        let (priority, cpu_milli, memory_bytes) = (*priority, *cpu_milli, *memory_bytes);
        Self { namespace, priority, cpu_milli, memory_bytes, other_resources }
    }

    /// Whether another one is the same, and has its texts from where this one has them.
    fn is(self, other: Self) -> bool {
        std::ptr::eq(self.namespace, other.namespace)
            && std::ptr::eq(self.other_resources, other.other_resources)
            && (self.priority, self.cpu_milli, self.memory_bytes)
                == (other.priority, other.cpu_milli, other.memory_bytes)
    }
}

fn pack_shapes(pack: &mut Pack, shapes: &[Shape<'_>]) {
    pack_words(pack, "shape.namespace", shapes.iter().map(|shape| shape.namespace));
    pack.integers("shape.priority", shapes.iter().map(|shape| i64::from(shape.priority)));
    pack.integers("shape.cpu", shapes.iter().map(|shape| shape.cpu_milli));
    pack.integers("shape.memory", shapes.iter().map(|shape| shape.memory_bytes));
    pack_words(pack, "shape.other", shapes.iter().map(|shape| shape.other_resources));
}

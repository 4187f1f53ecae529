//! Puts what it is told into `pods.csv` and `nodes.csv`, and keeps lives of pods for the page: of all, or of the most telling ones in
//! bounded memory.

use super::super::background::{Clerk, Notes};
use super::super::failures::REMEMBERED;
use super::super::slots::place;
use super::super::written::{TableFiles, WrittenTable};
use super::node_sums::NodeSums;
use super::note::{ClassNote, LifeEnd, LifeNote, NodeEnd, Stay};
use super::outcome::Outcome;
use super::selection::Selection;
use crate::data::{Decision, PodRecord, PodRecords};
use crate::output::{OutputDir, OutputError};
use crate::tables::{NodeRow, PodRow};
use std::sync::Arc;

/// Writes and keeps lives.
pub(super) struct LifeClerk {
    tables: Option<Tables>,
    kept: Option<Kept>,
    /// By slot.
    nodes: Vec<Node>,
    /// By number.
    classes: Vec<Class>,
    /// By slot of a pod: how often it had been tried when it was decided on.
    attempts: Vec<u32>,
}

/// What is written.
pub(super) struct Tables {
    pub(super) pods: WrittenTable,
    pub(super) nodes: WrittenTable,
}

impl Tables {
    /// Tables in `out`, as Parquet too if that is asked for.
    ///
    /// # Errors
    /// A file cannot be created.
    pub(super) fn begin(out: &OutputDir, parquet: bool) -> Result<Self, OutputError> {
        let pods = TableFiles::new(out, "pods", parquet)?.begin::<PodRow<'_>>()?;
        Ok(Self { pods, nodes: TableFiles::new(out, "nodes", parquet)?.begin::<NodeRow<'_>>()? })
    }
}

#[derive(Clone, Default)]
struct Node {
    uid: u64,
    name: String,
    sums: NodeSums,
}

/// What all pods of a class have in common.
#[derive(Clone, Default)]
pub(super) struct Class {
    namespace: Arc<str>,
    priority: i32,
    pub(super) cpu_milli: i64,
    pub(super) memory_bytes: i64,
    other_resources: Arc<str>,
}

/// What is kept for the page.
#[derive(Default)]
struct Kept {
    lives: Selection,
    /// By slot of a pod: what has been told of it.
    decisions: Vec<Decision>,
    known: Vec<Option<Box<Known>>>,
    /// The words of failures, by their numbers.
    failures: [Arc<str>; REMEMBERED],
}

/// What few pods have.
#[derive(Debug, Default)]
struct Known {
    reason: Option<Arc<str>>,
    preempted_by: Option<Arc<str>>,
}

impl LifeClerk {
    /// Writes into tables, if there are any, and keeps lives if that is asked for.
    pub(super) fn new(tables: Option<Tables>, keeps: bool) -> Self {
        let (nodes, classes, attempts) = Default::default();
        Self { tables, kept: keeps.then(Kept::default), nodes, classes, attempts }
    }

    fn ended(&mut self, life: &LifeEnd<'_>) {
        let decided = self.attempts.get_mut(life.pod).map_or(0, std::mem::take);
        let attempts = life.attempts.unwrap_or(decided);
        let class = &self.classes[life.class];
        let mut node = life.node.map(|node| &mut self.nodes[node]);
        if let Some(tables) = &mut self.tables {
            tables.pods.write(&PodRow {
                namespace: &class.namespace,
                name: life.name(),
                outcome: life.outcome.word(),
                reason: "",
                node: node.as_ref().map_or("", |node| &node.name),
                priority: class.priority.into(),
                cpu_milli: class.cpu_milli,
                memory_bytes: class.memory_bytes,
                other_resources: &class.other_resources,
                attempts,
                created_ns: life.created_ns,
                bound_ns: life.bound_ns,
                started_ns: life.started_ns,
                ended_ns: life.ended_ns(),
            });
            if let Some(node) = &mut node {
                node.sums.stayed(&life.stay(), class);
            }
        }
        if let Some(kept) = &mut self.kept {
            kept.ended(life, attempts, class, node.map(|node| node.uid));
        }
    }

    fn stayed(&mut self, node: usize, stay: &Stay) {
        self.nodes[node].sums.stayed(stay, &self.classes[stay.class]);
    }

    fn reclassed(&mut self, node: usize, before: usize, stay: &Stay) {
        self.nodes[node].sums.reclassed(stay, &self.classes[before], &self.classes[stay.class]);
    }

    fn node_left(&mut self, end: &NodeEnd<'_>) {
        let node = std::mem::take(&mut self.nodes[end.slot].sums);
        let Some(tables) = &mut self.tables else { return };
        let age = i128::from(end.until_ns.saturating_sub(end.added_ns));
        let mean = |integral: i128, allocatable: i64| {
            let offered = age * i128::from(allocatable);
            (offered > 0).then(|| integral as f64 / offered as f64)
        };
        tables.nodes.write(&NodeRow {
            name: &self.nodes[end.slot].name,
            zone: end.zone,
            group: end.group,
            cpu_milli: end.cpu_milli,
            memory_bytes: end.memory_bytes,
            pods: end.pods,
            other_resources: end.other_resources,
            added_ns: end.added_ns,
            removed_ns: end.removed_ns(),
            not_ready_ns: end.not_ready_ns,
            bound_pods: node.bound,
            mean_cpu_allocated: mean(node.allocated[0], end.cpu_milli),
            mean_memory_allocated: mean(node.allocated[1], end.memory_bytes),
            mean_cpu_used: mean(node.used[0], end.cpu_milli),
            mean_memory_used: mean(node.used[1], end.memory_bytes),
        });
    }

    fn refused(&mut self, namespace: &str, name: &str, at_ns: i64, message: &str) {
        let outcome = Outcome::Rejected.word();
        if let Some(tables) = &mut self.tables {
            tables.pods.write(&PodRow {
                namespace,
                name,
                outcome,
                reason: message,
                created_ns: at_ns,
                ended_ns: Some(at_ns),
                ..PodRow::default()
            });
        }
        if let Some(Kept { lives, .. }) = &mut self.kept
            && lives.wants(outcome, 0)
        {
            let name = lives.name(name);
            lives.add(PodRecord {
                namespace: namespace.into(),
                name,
                outcome,
                created_ns: at_ns,
                ended_ns: Some(at_ns),
                reason: Some(message.into()),
                ..PodRecord::default()
            });
        }
    }
}

impl Clerk for LifeClerk {
    type Done = Result<PodRecords, OutputError>;

    fn take(&mut self, mut notes: Notes<'_>) {
        while !notes.is_empty() {
            match LifeNote::read(&mut notes) {
                LifeNote::Ended(life) => self.ended(&life),
                LifeNote::Decided { pod, attempts, decision } => {
                    *place(&mut self.attempts, pod) = attempts;
                    if let Some(kept) = &mut self.kept {
                        *place(&mut kept.decisions, pod) = decision;
                    }
                }
                LifeNote::Node { slot, uid, name } => {
                    *place(&mut self.nodes, slot) = Node { uid, name: name.to_owned(), sums: NodeSums::default() };
                }
                LifeNote::NodeLeft(node) => self.node_left(&node),
                LifeNote::Stayed { node, stay } => self.stayed(node, &stay),
                LifeNote::Reclassed { node, before, stay } => self.reclassed(node, before, &stay),
                LifeNote::Class(class) => *place(&mut self.classes, class.class) = class.into(),
                LifeNote::Refused { namespace, name, at_ns, message } => self.refused(namespace, name, at_ns, message),
                LifeNote::Failure { number, words } => {
                    if let Some(kept) = &mut self.kept {
                        kept.failures[number] = words.into();
                    }
                }
                LifeNote::Failed { pod, failure } => {
                    if let Some(kept) = &mut self.kept {
                        let reason = kept.failures[failure].clone();
                        kept.known(pod).reason = Some(reason);
                    }
                }
                LifeNote::Preempted { pod, by } => {
                    if let Some(kept) = &mut self.kept {
                        kept.known(pod).preempted_by = Some(by.into());
                    }
                }
            }
        }
    }

    /// Ends the tables, or tells the first error; and the lives that were kept.
    fn finish(self) -> Self::Done {
        if let Some(tables) = self.tables {
            tables.pods.finish()?;
            tables.nodes.finish()?;
        }
        Ok(self.kept.map(|kept| kept.lives.finish()).unwrap_or_default())
    }
}

impl Kept {
    fn known(&mut self, pod: usize) -> &mut Known {
        place(&mut self.known, pod).get_or_insert_default()
    }

    fn ended(&mut self, life: &LifeEnd<'_>, attempts: u32, class: &Class, node: Option<u64>) {
        let known = self.known.get_mut(life.pod).and_then(Option::take);
        let decision = self.decisions.get_mut(life.pod).map(std::mem::take);
        let outcome = life.outcome.word();
        if !self.lives.wants(outcome, life.waited_ns()) {
            return;
        }
        let known = known.map(|known| *known).unwrap_or_default();
        let name = self.lives.name(life.name());
        let class = class.clone();
        self.lives.add(PodRecord {
            namespace: class.namespace,
            name,
            outcome,
            node,
            priority: class.priority,
            cpu_milli: class.cpu_milli,
            memory_bytes: class.memory_bytes,
            other_resources: class.other_resources,
            attempts,
            created_ns: life.created_ns,
            bound_ns: life.bound_ns,
            started_ns: life.started_ns,
            ended_ns: life.ended_ns(),
            decision: decision.filter(|decision| decision.examined > 0),
            reason: known.reason,
            preempted_by: known.preempted_by,
        });
    }
}

impl From<ClassNote<'_>> for Class {
    fn from(note: ClassNote<'_>) -> Self {
        let ClassNote { class: _, namespace, priority, cpu_milli, memory_bytes, other_resources } = note;
        Self { namespace: namespace.into(), priority, cpu_milli, memory_bytes, other_resources: other_resources.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::background::Background;
    use super::*;
    use towtank_sim::model::pod::Usage;

    fn class(class: usize, namespace: &'static str) -> LifeNote<'static> {
        let class = ClassNote { class, namespace, priority: 0, cpu_milli: 1, memory_bytes: 2, other_resources: "" };
        LifeNote::Class(class)
    }

    fn end(pod: usize, class: usize, name: &'static str) -> LifeNote<'static> {
        LifeNote::Ended(LifeEnd {
            pod,
            class,
            name: name.as_bytes(),
            outcome: Outcome::Succeeded,
            node: Some(0),
            attempts: None,
            created_ns: 10,
            bound_ns: None,
            started_ns: None,
            until_ns: 30,
            is_over: false,
            lost_ns: 0,
            usage: Usage::default(),
        })
    }

    #[test]
    fn of_slots_and_numbers_what_was_told_last_holds() {
        let decision = Decision { examined: 9, feasible: 2, best: Some(50), ties: 1 };
        let mut background = Background::new(LifeClerk::new(None, true)).unwrap();
        let mut tell = |note: LifeNote<'_>| note.note(&mut background.pad());
        tell(LifeNote::Node { slot: 0, uid: 1, name: "a" });
        tell(class(0, "first"));
        tell(LifeNote::Decided { pod: 3, attempts: 2, decision });
        tell(LifeNote::Failure { number: 0, words: "no room" });
        tell(LifeNote::Failed { pod: 3, failure: 0 });
        tell(LifeNote::Failure { number: 0, words: "no room at all" });
        tell(LifeNote::Preempted { pod: 3, by: "default/urgent" });
        tell(end(3, 0, "one"));
        // The pod is gone: another one has its slot, another class its number, another node that node's place.
        tell(class(0, "second"));
        tell(LifeNote::Node { slot: 0, uid: 2, name: "b" });
        tell(end(3, 0, "two"));
        tell(LifeNote::Failed { pod: 3, failure: 0 });
        tell(end(3, 0, "three"));
        tell(LifeNote::Refused { namespace: "third", name: "four", at_ns: 40, message: "quota" });
        let lives = background.end().wait().unwrap();
        let lives: Vec<_> = lives.iter().collect();
        let told: Vec<_> = lives
            .iter()
            .map(|life| (&*life.name, &*life.namespace, life.node, life.decision, life.reason.as_deref()))
            .collect();
        let expected = [
            ("one", "first", Some(1), Some(decision), Some("no room")),
            ("two", "second", Some(2), None, None),
            ("three", "second", Some(2), None, Some("no room at all")),
            ("four", "third", None, None, Some("quota")),
        ];
        assert_eq!(told, expected);
        let by: Vec<_> = lives.iter().map(|life| life.preempted_by.as_deref()).collect();
        assert_eq!(by, [Some("default/urgent"), None, None, None]);
        assert_eq!([0, 1, 2].map(|place| lives[place].attempts), [2, 0, 0]);
        assert_eq!((lives[0].ended_ns, lives[3].ended_ns), (None, Some(40)));
    }
}

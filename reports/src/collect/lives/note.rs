//! What is told of pods and nodes to the thread that keeps and writes their lives: names of nodes and what classes request once, and of
//! each pod little more than numbers.

use super::super::background::{Notes, Pad};
use super::outcome::Outcome;
use crate::data::Decision;
use towtank_sim::model::pod::Usage;

/// One thing that is told. Pods and nodes are told apart by their slots, and of a slot what was told last holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LifeNote<'b> {
    /// A node came.
    Node { slot: usize, uid: u64, name: &'b str },
    /// A node left, or the run ends; told of all its pods before.
    NodeLeft(NodeEnd<'b>),
    /// A pod that lives was on a node until now.
    Stayed { node: usize, stay: Stay },
    /// A pod that lives belongs to another class from now on. It is told of as if it had always done so.
    Reclassed { node: usize, before: usize, stay: Stay },
    /// Pods of a class will be told of.
    Class(ClassNote<'b>),
    /// The scheduler decided on a pod, at the last of so many attempts.
    Decided { pod: usize, attempts: u32, decision: Decision },
    /// The words of a failure, which has this number from now on.
    Failure { number: usize, words: &'b str },
    /// The last attempt to place a pod failed so.
    Failed { pod: usize, failure: usize },
    /// A pod has to make room for another one.
    Preempted { pod: usize, by: &'b str },
    /// A pod ended, or the run did.
    Ended(LifeEnd<'b>),
    /// Admission refused a pod.
    Refused { namespace: &'b str, name: &'b str, at_ns: i64, message: &'b str },
}

/// What all pods of a class have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClassNote<'b> {
    pub(super) class: usize,
    pub(super) namespace: &'b str,
    pub(super) priority: i32,
    pub(super) cpu_milli: i64,
    pub(super) memory_bytes: i64,
    pub(super) other_resources: &'b str,
}

/// How a pod was on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stay {
    pub(super) class: usize,
    /// For how long it was bound to it, and for how long it worked, in nanoseconds.
    pub(super) held_ns: i64,
    pub(super) worked_ns: i64,
    /// What it used while it worked.
    pub(super) usage: Usage,
}

/// The life of a node, as far as its pods do not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NodeEnd<'b> {
    pub(super) slot: usize,
    pub(super) zone: &'b str,
    pub(super) group: &'b str,
    pub(super) other_resources: &'b str,
    pub(super) cpu_milli: i64,
    pub(super) memory_bytes: i64,
    /// Largest number of pods.
    pub(super) pods: i64,
    pub(super) added_ns: i64,
    /// When it left or the run ended.
    pub(super) until_ns: i64,
    /// Whether it was the node that left.
    pub(super) is_over: bool,
    pub(super) not_ready_ns: i64,
}

/// The life of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LifeEnd<'b> {
    pub(super) pod: usize,
    pub(super) class: usize,
    /// The bytes of its name: to check that they are text is not the run's work.
    pub(super) name: &'b [u8],
    pub(super) outcome: Outcome,
    /// The slot of its node.
    pub(super) node: Option<usize>,
    /// How often it was tried; `None` for as often as it had been when it was decided on.
    pub(super) attempts: Option<u32>,
    pub(super) created_ns: i64,
    pub(super) bound_ns: Option<i64>,
    pub(super) started_ns: Option<i64>,
    /// When it ended or the run did.
    pub(super) until_ns: i64,
    /// Whether it was the pod that ended.
    pub(super) is_over: bool,
    /// For how long its containers were lost after they had started, in nanoseconds.
    pub(super) lost_ns: i64,
    /// What it used while it worked.
    pub(super) usage: Usage,
}

/// The tags of the first numbers.
const NODE: u8 = 0;
const CLASS: u8 = 1;
const DECIDED: u8 = 2;
const DECIDED_ALONE: u8 = 3;
const FAILURE: u8 = 4;
const FAILED: u8 = 5;
const PREEMPTED: u8 = 6;
const ENDED: u8 = 7;
const REFUSED: u8 = 8;
const NODE_LEFT: u8 = 9;
const STAYED: u8 = 10;
const RECLASSED: u8 = 11;

/// What of a life there is.
const ON_NODE: u8 = 1;
const BOUND: u8 = 2;
const STARTED: u8 = 4;
const IS_OVER: u8 = 8;

/// What few lives have.
const LOST: u8 = 1;
const USES: u8 = 2;
const TRIED: u8 = 4;

impl<'b> LifeNote<'b> {
    /// Notes it.
    #[inline]
    pub(super) fn note(&self, pad: &mut Pad<'_>) {
        match *self {
            Self::Ended(ref life) => life.note(pad),
            Self::Decided { pod, attempts, decision } => {
                let Decision { examined, feasible, best, ties } = decision;
                pad.tagged(if best.is_some() { DECIDED } else { DECIDED_ALONE }, pod as i64);
                pad.whole(attempts.into());
                pad.whole(examined.into());
                pad.whole(feasible.into());
                if let Some(best) = best {
                    pad.whole(best);
                }
                pad.whole(ties.into());
            }
            Self::Node { slot, uid, name } => {
                pad.tagged(NODE, slot as i64);
                pad.whole(uid as i64);
                pad.text(name);
            }
            Self::NodeLeft(ref node) => node.note(pad),
            Self::Stayed { node, ref stay } => {
                pad.tagged(STAYED, node as i64);
                stay.note(pad);
            }
            Self::Reclassed { node, before, ref stay } => {
                pad.tagged(RECLASSED, node as i64);
                pad.whole(before as i64);
                stay.note(pad);
            }
            Self::Class(ClassNote { class, namespace, priority, cpu_milli, memory_bytes, other_resources }) => {
                pad.tagged(CLASS, class as i64);
                pad.text(namespace);
                pad.whole(priority.into());
                pad.whole(cpu_milli);
                pad.whole(memory_bytes);
                pad.text(other_resources);
            }
            Self::Failure { number, words } => {
                pad.tagged(FAILURE, number as i64);
                pad.text(words);
            }
            Self::Failed { pod, failure } => {
                pad.tagged(FAILED, pod as i64);
                pad.whole(failure as i64);
            }
            Self::Preempted { pod, by } => {
                pad.tagged(PREEMPTED, pod as i64);
                pad.text(by);
            }
            Self::Refused { namespace, name, at_ns, message } => {
                pad.tagged(REFUSED, at_ns);
                pad.text(namespace);
                pad.text(name);
                pad.text(message);
            }
        }
    }

    /// Reads what was noted.
    pub(super) fn read(notes: &mut Notes<'b>) -> Self {
        let (tag, number) = notes.tagged();
        let slot = number as usize;
        match tag {
            NODE => Self::Node { slot, uid: notes.whole() as u64, name: notes.text() },
            NODE_LEFT => Self::NodeLeft(NodeEnd::read(slot, notes)),
            STAYED => Self::Stayed { node: slot, stay: Stay::read(notes) },
            RECLASSED => Self::Reclassed { node: slot, before: notes.whole() as usize, stay: Stay::read(notes) },
            CLASS => Self::Class(ClassNote {
                class: slot,
                namespace: notes.text(),
                priority: notes.whole() as i32,
                cpu_milli: notes.whole(),
                memory_bytes: notes.whole(),
                other_resources: notes.text(),
            }),
            DECIDED | DECIDED_ALONE => {
                let [attempts, examined, feasible] = std::array::from_fn(|_| notes.whole() as u32);
                let best = (tag == DECIDED).then(|| notes.whole());
                let decision = Decision { examined, feasible, best, ties: notes.whole() as u32 };
                Self::Decided { pod: slot, attempts, decision }
            }
            FAILURE => Self::Failure { number: slot, words: notes.text() },
            FAILED => Self::Failed { pod: slot, failure: notes.whole() as usize },
            PREEMPTED => Self::Preempted { pod: slot, by: notes.text() },
            REFUSED => {
                let [namespace, name, message] = std::array::from_fn(|_| notes.text());
                Self::Refused { namespace, name, at_ns: number, message }
            }
            _ => Self::Ended(LifeEnd::read(slot, notes)),
        }
    }
}

impl<'b> LifeEnd<'b> {
    /// Its name, of a note that was read.
    pub(super) fn name(&self) -> &'b str {
        std::str::from_utf8(self.name).expect("a name that was noted as one")
    }

    /// When it ended, if it did.
    pub(super) fn ended_ns(&self) -> Option<i64> {
        self.is_over.then_some(self.until_ns)
    }

    /// How long it waited for a node, until now if it has none, in nanoseconds.
    pub(super) fn waited_ns(&self) -> i64 {
        self.bound_ns.unwrap_or(self.until_ns).saturating_sub(self.created_ns)
    }

    /// How it was on its node.
    pub(super) fn stay(&self) -> Stay {
        let since = |from: Option<i64>| from.map_or(0, |from| self.until_ns.saturating_sub(from));
        Stay {
            class: self.class,
            held_ns: since(self.bound_ns),
            worked_ns: since(self.started_ns).saturating_sub(self.lost_ns),
            usage: self.usage,
        }
    }

    #[inline]
    fn note(&self, pad: &mut Pad<'_>) {
        let flag = |flag: u8, set: bool| if set { flag } else { 0 };
        let there = flag(ON_NODE, self.node.is_some())
            | flag(BOUND, self.bound_ns.is_some())
            | flag(STARTED, self.started_ns.is_some())
            | flag(IS_OVER, self.is_over);
        let uses = self.usage != Usage::default();
        let few = flag(LOST, self.lost_ns != 0) | flag(USES, uses) | flag(TRIED, self.attempts.is_some());
        pad.tagged(ENDED, self.pod as i64);
        pad.tagged(there, self.class as i64);
        pad.tagged(few, self.created_ns);
        if let Some(node) = self.node {
            pad.whole(node as i64);
        }
        // Times after the creation need fewer bytes.
        for at in [Some(self.until_ns), self.bound_ns, self.started_ns].into_iter().flatten() {
            pad.whole(at.wrapping_sub(self.created_ns));
        }
        if self.lost_ns != 0 {
            pad.whole(self.lost_ns);
        }
        if uses {
            note_usage(self.usage, pad);
        }
        if let Some(attempts) = self.attempts {
            pad.whole(attempts.into());
        }
        pad.tagged(self.outcome.number(), self.name.len() as i64);
        pad.letters(self.name);
    }

    fn read(pod: usize, notes: &mut Notes<'b>) -> Self {
        let (there, class) = notes.tagged();
        let (few, created_ns) = notes.tagged();
        let (is, has) = (|flag: u8| there & flag != 0, |flag: u8| few & flag != 0);
        let node = is(ON_NODE).then(|| notes.whole() as usize);
        let mut after = || created_ns.wrapping_add(notes.whole());
        let until_ns = after();
        let [bound_ns, started_ns] = [BOUND, STARTED].map(|flag| is(flag).then(&mut after));
        let lost_ns = if has(LOST) { notes.whole() } else { 0 };
        let usage = if has(USES) { read_usage(notes) } else { Usage::default() };
        let attempts = has(TRIED).then(|| notes.whole() as u32);
        let (outcome, letters) = notes.tagged();
        Self {
            pod,
            class: class as usize,
            name: notes.bytes(letters as usize),
            outcome: Outcome::of_number(outcome),
            node,
            attempts,
            created_ns,
            bound_ns,
            started_ns,
            until_ns,
            is_over: is(IS_OVER),
            lost_ns,
            usage,
        }
    }
}

impl Stay {
    fn note(&self, pad: &mut Pad<'_>) {
        pad.whole(self.class as i64);
        pad.whole(self.held_ns);
        pad.whole(self.worked_ns);
        note_usage(self.usage, pad);
    }

    fn read(notes: &mut Notes<'_>) -> Self {
        let [class, held_ns, worked_ns] = std::array::from_fn(|_| notes.whole());
        Self { class: class as usize, held_ns, worked_ns, usage: read_usage(notes) }
    }
}

impl<'b> NodeEnd<'b> {
    /// When it left, if it did.
    pub(super) fn removed_ns(&self) -> Option<i64> {
        self.is_over.then_some(self.until_ns)
    }

    fn note(&self, pad: &mut Pad<'_>) {
        let Self { slot, zone, group, other_resources, cpu_milli, memory_bytes, pods, .. } = *self;
        pad.tagged(NODE_LEFT, slot as i64);
        for text in [zone, group, other_resources] {
            pad.text(text);
        }
        for number in [cpu_milli, memory_bytes, pods, self.added_ns, self.until_ns, self.not_ready_ns] {
            pad.whole(number);
        }
        pad.whole(self.is_over.into());
    }

    fn read(slot: usize, notes: &mut Notes<'b>) -> Self {
        let [zone, group, other_resources] = std::array::from_fn(|_| notes.text());
        let [cpu_milli, memory_bytes, pods, added_ns, until_ns, not_ready_ns] = std::array::from_fn(|_| notes.whole());
        let is_over = notes.whole() != 0;
        Self {
            slot,
            zone,
            group,
            other_resources,
            cpu_milli,
            memory_bytes,
            pods,
            added_ns,
            until_ns,
            is_over,
            not_ready_ns,
        }
    }
}

fn note_usage(usage: Usage, pad: &mut Pad<'_>) {
    pad.whole(usage.cpu.into());
    pad.whole(usage.memory.into());
}

fn read_usage(notes: &mut Notes<'_>) -> Usage {
    Usage { cpu: notes.whole() as u16, memory: notes.whole() as u16 }
}

#[cfg(test)]
mod tests {
    use super::super::super::background::{Background, Clerk};
    use super::*;

    /// Says what it read.
    #[derive(Default)]
    struct Listener(Vec<String>);

    impl Clerk for Listener {
        type Done = Vec<String>;

        fn take(&mut self, mut notes: Notes<'_>) {
            while !notes.is_empty() {
                self.0.push(format!("{:?}", LifeNote::read(&mut notes)));
            }
        }

        fn finish(self) -> Self::Done {
            self.0
        }
    }

    #[test]
    fn notes_are_read_as_they_were_written() {
        let life = LifeEnd {
            pod: 70_000,
            class: 3,
            name: b"web-0",
            outcome: Outcome::Succeeded,
            node: Some(0),
            attempts: None,
            created_ns: i64::MIN,
            bound_ns: Some(i64::MAX),
            started_ns: Some(5),
            until_ns: 0,
            is_over: true,
            lost_ns: 0,
            usage: Usage::default(),
        };
        let usage = Usage { cpu: 1, memory: u16::MAX };
        let stay = Stay { class: 4, held_ns: i64::MAX, worked_ns: 0, usage };
        let node = NodeEnd { slot: 5, zone: "z", other_resources: "a=1", until_ns: 9, pods: 110, ..NodeEnd::default() };
        let decision = Decision { examined: 10, feasible: 3, best: Some(-1), ties: 2 };
        let told = [
            LifeNote::Node { slot: 2, uid: u64::MAX, name: "node" },
            LifeNote::Class(ClassNote {
                class: 3,
                namespace: "default",
                priority: i32::MIN,
                cpu_milli: 1,
                memory_bytes: i64::MAX,
                other_resources: "nvidia.com/gpu=1",
            }),
            LifeNote::NodeLeft(node),
            LifeNote::NodeLeft(NodeEnd { is_over: true, ..node }),
            LifeNote::Stayed { node: 5, stay },
            LifeNote::Reclassed { node: 5, before: 3, stay },
            LifeNote::Decided { pod: 0, attempts: u32::MAX, decision },
            LifeNote::Decided { pod: 1, attempts: 1, decision: Decision { best: None, ..decision } },
            LifeNote::Failure { number: 1, words: "0/1 nodes are available" },
            LifeNote::Failed { pod: 9, failure: 1 },
            LifeNote::Preempted { pod: 9, by: "default/urgent" },
            LifeNote::Ended(life),
            LifeNote::Ended(LifeEnd { bound_ns: None, lost_ns: 6, attempts: Some(u32::MAX), usage, ..life }),
            LifeNote::Ended(LifeEnd { node: None, started_ns: None, is_over: false, ..life }),
            LifeNote::Refused { namespace: "a", name: "", at_ns: -1, message: "no" },
        ];
        let mut background = Background::new(Listener::default()).unwrap();
        for note in &told {
            note.note(&mut background.pad());
        }
        let read = background.end().wait();
        assert_eq!(read, told.map(|note| format!("{note:?}")));
    }
}

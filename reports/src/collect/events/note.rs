//! What is told of events to the thread that writes them: only what the run alone knows, and what many events have in common once.

use super::super::background::{Notes, Pad};

/// One thing that is told. Of a number or a slot what was told last holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventNote<'b> {
    /// Pods of a class will be told of.
    Class { class: usize, namespace: &'b str, scheduler: &'b str },
    /// Pods on a node will be told of.
    Node { slot: usize, name: &'b str },
    /// A failure has this number from now on, below [`super::super::failures::REMEMBERED`].
    Failure { number: usize, words: &'b str },
    /// The scheduler has bound a pod to the node in a slot.
    Assigned { at_ns: i64, pod: PodNote<'b>, node: usize },
    /// The scheduler found no node for a pod: the failure of this number.
    Failed { at_ns: i64, pod: PodNote<'b>, failure: usize },
    /// Anything else.
    Other { at_ns: i64, event: OtherEvent<'b> },
}

/// The pod that an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PodNote<'b> {
    pub(super) uid: u64,
    pub(super) class: usize,
    /// The bytes of its name: to check that they are text is not the run's work.
    pub(super) name: &'b [u8],
}

/// An event in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OtherEvent<'b> {
    pub(super) about: Subject<'b>,
    pub(super) warning: bool,
    pub(super) reason: &'b str,
    pub(super) message: &'b str,
    pub(super) by: Source<'b>,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subject<'b> {
    pub(super) kind: &'b str,
    /// Empty for kinds that have none.
    pub(super) namespace: &'b str,
    pub(super) name: &'b str,
    /// `None` for what is not in the store.
    pub(super) uid: Option<u64>,
}

/// Who tells of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source<'b> {
    /// This scheduler, which did this. What it says happens once.
    Scheduler { name: &'b str, action: &'b str },
    /// The component that tells of such things; on this node, if it is one of many.
    Component { host: &'b str },
}

/// What the last note said: of numbers that grow the next one says by how much.
#[derive(Debug, Default)]
pub(super) struct Last {
    at_ns: i64,
    uid: i64,
}

/// The tags of the first numbers.
const CLASS: u8 = 0;
const NODE: u8 = 1;
const FAILURE: u8 = 2;
const ASSIGNED: u8 = 3;
const FAILED: u8 = 4;
const OTHER: u8 = 5;

/// What of an event in words there is.
const WARNING: u8 = 1;
const BY_SCHEDULER: u8 = 2;
const STORED: u8 = 4;

impl<'b> EventNote<'b> {
    /// Notes it.
    #[inline]
    pub(super) fn note(&self, pad: &mut Pad<'_>, last: &mut Last) {
        match *self {
            Self::Assigned { at_ns, ref pod, node } => {
                last.at(ASSIGNED, at_ns, pad);
                pad.whole(node as i64);
                pod.note(pad, last);
            }
            Self::Failed { at_ns, ref pod, failure } => {
                last.at(FAILED, at_ns, pad);
                pad.whole(failure as i64);
                pod.note(pad, last);
            }
            Self::Other { at_ns, ref event } => {
                last.at(OTHER, at_ns, pad);
                event.note(pad);
            }
            Self::Class { class, namespace, scheduler } => {
                pad.tagged(CLASS, class as i64);
                pad.text(namespace);
                pad.text(scheduler);
            }
            Self::Node { slot, name } => {
                pad.tagged(NODE, slot as i64);
                pad.text(name);
            }
            Self::Failure { number, words } => {
                pad.tagged(FAILURE, number as i64);
                pad.text(words);
            }
        }
    }

    /// Reads what was noted.
    pub(super) fn read(notes: &mut Notes<'b>, last: &mut Last) -> Self {
        let (tag, number) = notes.tagged();
        let slot = number as usize;
        match tag {
            CLASS => Self::Class { class: slot, namespace: notes.text(), scheduler: notes.text() },
            NODE => Self::Node { slot, name: notes.text() },
            FAILURE => Self::Failure { number: slot, words: notes.text() },
            _ => {
                last.at_ns = last.at_ns.wrapping_add(number);
                let at_ns = last.at_ns;
                match tag {
                    ASSIGNED => {
                        let node = notes.whole() as usize;
                        Self::Assigned { at_ns, pod: PodNote::read(notes, last), node }
                    }
                    FAILED => {
                        let failure = notes.whole() as usize;
                        Self::Failed { at_ns, pod: PodNote::read(notes, last), failure }
                    }
                    _ => Self::Other { at_ns, event: OtherEvent::read(notes) },
                }
            }
        }
    }
}

impl Last {
    /// Notes a time.
    #[inline]
    fn at(&mut self, tag: u8, at_ns: i64, pad: &mut Pad<'_>) {
        let before = std::mem::replace(&mut self.at_ns, at_ns);
        pad.tagged(tag, at_ns.wrapping_sub(before));
    }
}

impl<'b> PodNote<'b> {
    /// Its name, of a note that was read.
    pub(super) fn name(&self) -> &'b str {
        std::str::from_utf8(self.name).expect("a name that was noted as one")
    }

    #[inline]
    fn note(&self, pad: &mut Pad<'_>, last: &mut Last) {
        let uid = self.uid as i64;
        let before = std::mem::replace(&mut last.uid, uid);
        pad.whole(uid.wrapping_sub(before));
        pad.whole(self.class as i64);
        pad.whole(self.name.len() as i64);
        pad.letters(self.name);
    }

    fn read(notes: &mut Notes<'b>, last: &mut Last) -> Self {
        last.uid = last.uid.wrapping_add(notes.whole());
        let class = notes.whole() as usize;
        let letters = notes.whole() as usize;
        Self { uid: last.uid as u64, class, name: notes.bytes(letters) }
    }
}

impl<'b> OtherEvent<'b> {
    fn note(&self, pad: &mut Pad<'_>) {
        let Self { about, warning, reason, message, by } = *self;
        let (by_scheduler, who) = match by {
            Source::Scheduler { name, action } => (BY_SCHEDULER, [name, action]),
            Source::Component { host } => (0, [host, ""]),
        };
        let flag = |flag: u8, set: bool| if set { flag } else { 0 };
        let flags = by_scheduler | flag(WARNING, warning) | flag(STORED, about.uid.is_some());
        pad.tagged(flags, about.uid.unwrap_or_default() as i64);
        for text in [about.kind, about.namespace, about.name, reason, message].into_iter().chain(who) {
            pad.text(text);
        }
    }

    fn read(notes: &mut Notes<'b>) -> Self {
        let (flags, uid) = notes.tagged();
        let [kind, namespace, name, reason, message, who, action] = std::array::from_fn(|_| notes.text());
        let by = if flags & BY_SCHEDULER == 0 {
            Source::Component { host: who }
        } else {
            Source::Scheduler { name: who, action }
        };
        let about = Subject { kind, namespace, name, uid: (flags & STORED != 0).then_some(uid as u64) };
        Self { about, warning: flags & WARNING != 0, reason, message, by }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::background::{Background, Clerk};
    use super::*;

    /// Says what it read.
    #[derive(Default)]
    struct Listener {
        last: Last,
        heard: Vec<String>,
    }

    impl Clerk for Listener {
        type Done = Vec<String>;

        fn take(&mut self, mut notes: Notes<'_>) {
            while !notes.is_empty() {
                self.heard.push(format!("{:?}", EventNote::read(&mut notes, &mut self.last)));
            }
        }

        fn finish(self) -> Self::Done {
            self.heard
        }
    }

    #[test]
    fn notes_are_read_as_they_were_written() {
        let pod = PodNote { uid: u64::MAX, class: 3, name: b"web-0" };
        let about = Subject { kind: "Node", namespace: "", name: "n", uid: Some(0) };
        let by = Source::Component { host: "n" };
        let event = OtherEvent { about, warning: false, reason: "NodeReady", message: "it is", by };
        let by = Source::Scheduler { name: "default-scheduler", action: "Preempting" };
        let told = [
            EventNote::Class { class: 3, namespace: "default", scheduler: "second" },
            EventNote::Node { slot: 70_000, name: "n" },
            EventNote::Failure { number: 7, words: "0/1 nodes are available" },
            EventNote::Failed { at_ns: 5, pod, failure: 7 },
            EventNote::Other { at_ns: 5, event },
            EventNote::Assigned { at_ns: i64::MAX, pod: PodNote { uid: 1, name: b"", ..pod }, node: 70_000 },
            EventNote::Other {
                at_ns: i64::MIN,
                event: OtherEvent { about: Subject { uid: None, ..about }, warning: true, by, ..event },
            },
            EventNote::Assigned { at_ns: 0, pod, node: 0 },
        ];
        let mut background = Background::new(Listener::default()).unwrap();
        let mut last = Last::default();
        for note in &told {
            note.note(&mut background.pad(), &mut last);
        }
        assert_eq!(background.end().wait(), told.map(|note| format!("{note:?}")));
    }
}

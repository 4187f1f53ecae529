//! The lines of `events.jsonl`, written beside the run: who hears what happened counts the events, and knows which are one that happens again.

use super::super::background::{Clerk, Notes};
use super::super::failures::REMEMBERED;
use super::super::slots::place;
use super::clock::Clock;
use super::note::{EventNote, Last, OtherEvent, PodNote, Source, Subject};
use super::object::{EventObject, Message};
use super::repeats::{Known, Repeats, digest};
use super::reporter::reporter;
use crate::output::{OutputError, OutputFile};
use std::io::Write as _;
use towtank_sim::time::SimTime;

/// So many bytes are gathered before they are written.
const GATHERED: usize = 1 << 16;

/// The reason of the event that a pod was bound, and what its scheduler did.
const SCHEDULED: (&str, &str) = ("Scheduled", "Binding");

/// The reason of the event that no node was found, and what the scheduler tried.
const FAILED_SCHEDULING: (&str, &str) = ("FailedScheduling", "Scheduling");

/// Writes what is noted of events.
pub(super) struct EventWriter {
    heard: Last,
    /// By number.
    classes: Vec<Class>,
    /// The names of nodes by slot.
    nodes: Vec<String>,
    /// By number.
    failures: [Failure; REMEMBERED],
    lines: Lines,
}

/// What all pods of a class have in common.
#[derive(Default)]
struct Class {
    namespace: String,
    scheduler: String,
}

/// A failure in words, and the digest of the event that tells of it.
#[derive(Default)]
struct Failure {
    words: String,
    digest: u64,
}

/// The lines. They remember their first error, and nothing is written after it.
struct Lines {
    file: Result<OutputFile, OutputError>,
    buffer: Vec<u8>,
    clock: Clock,
    repeats: Repeats,
    /// Events so far.
    events: u64,
    /// The nanosecond in the name of the last one: no two have the same.
    named: i64,
}

/// What an event says, and of what.
struct Said<'a> {
    about: Subject<'a>,
    warning: bool,
    reason: &'a str,
    message: Message<'a>,
    component: &'a str,
    action: &'a str,
    /// The node of the component, if it is one of many.
    host: &'a str,
    /// If it may happen again: the digest of what it says.
    again: Option<u64>,
}

impl EventWriter {
    pub(super) fn new(file: OutputFile, clock: Clock) -> Self {
        let buffer = Vec::with_capacity(2 * GATHERED);
        let lines = Lines { file: Ok(file), buffer, clock, repeats: Repeats::default(), events: 0, named: i64::MIN };
        let (heard, classes, nodes, failures) = Default::default();
        Self { heard, classes, nodes, failures, lines }
    }

    fn hear(&mut self, note: EventNote<'_>) {
        let Self { classes, nodes, failures, lines, .. } = self;
        match note {
            EventNote::Assigned { at_ns, ref pod, node } => {
                let said = by_scheduler(pod, &classes[pod.class], SCHEDULED, Message::Assigned(&nodes[node]));
                lines.say(at_ns, &said);
            }
            EventNote::Failed { at_ns, ref pod, failure } => {
                let Failure { words, digest } = &failures[failure];
                let said = by_scheduler(pod, &classes[pod.class], FAILED_SCHEDULING, Message::Text(words));
                lines.say(at_ns, &Said { warning: true, again: Some(*digest), ..said });
            }
            EventNote::Other { at_ns, ref event } => lines.say(at_ns, &event.into()),
            EventNote::Class { class, namespace, scheduler } => {
                *place(classes, class) = Class { namespace: namespace.to_owned(), scheduler: scheduler.to_owned() };
            }
            EventNote::Node { slot, name } => name.clone_into(place(nodes, slot)),
            EventNote::Failure { number, words } => {
                failures[number] = Failure { words: words.to_owned(), digest: digest(FAILED_SCHEDULING.0, words) };
            }
        }
    }
}

impl Clerk for EventWriter {
    type Done = Result<(), OutputError>;

    fn take(&mut self, mut notes: Notes<'_>) {
        while !notes.is_empty() {
            let note = EventNote::read(&mut notes, &mut self.heard);
            self.hear(note);
        }
    }

    /// Ends the file, or tells the first thing that could not be written.
    fn finish(mut self) -> Self::Done {
        self.lines.write_out();
        self.lines.file?.finish()
    }
}

/// What its scheduler says of a pod, once.
fn by_scheduler<'a>(
    pod: &PodNote<'a>,
    class: &'a Class,
    (reason, action): (&'a str, &'a str),
    message: Message<'a>,
) -> Said<'a> {
    Said {
        about: Subject { kind: "Pod", namespace: &class.namespace, name: pod.name(), uid: Some(pod.uid) },
        warning: false,
        reason,
        message,
        component: &class.scheduler,
        action,
        host: "",
        again: None,
    }
}

impl<'a> From<&OtherEvent<'a>> for Said<'a> {
    fn from(event: &OtherEvent<'a>) -> Self {
        let OtherEvent { about, warning, reason, message, by } = *event;
        let (component, action, host, again) = match by {
            Source::Scheduler { name, action } => (name, action, "", None),
            Source::Component { host } => {
                let by = reporter(about.kind, reason);
                let again = about.uid.map(|_| digest(reason, message));
                (by.component, by.action, if by.on_node { host } else { "" }, again)
            }
        };
        Self { about, warning, reason, message: Message::Text(message), component, action, host, again }
    }
}

impl Lines {
    fn say(&mut self, at_ns: i64, said: &Said<'_>) {
        let now = SimTime(at_ns);
        let (events, last, wanted) = (&mut self.events, &mut self.named, self.clock.unix_nanoseconds(now));
        let mut new = || {
            *events += 1;
            *last = wanted.max(last.saturating_add(1));
            Known { number: *events, first_ns: at_ns, named: *last, count: 1 }
        };
        let known = match said.about.uid.zip(said.again) {
            Some((uid, digest)) => self.repeats.count(uid, digest, new),
            None => new(),
        };
        let line = EventObject {
            number: known.number,
            named: known.named,
            about: said.about,
            warning: said.warning,
            reason: said.reason,
            message: said.message,
            component: said.component,
            host: said.host,
            action: said.action,
            first: SimTime(known.first_ns),
            last: now,
            count: known.count,
        };
        line.write(&mut self.clock, &mut self.buffer);
        if self.buffer.len() >= GATHERED {
            self.write_out();
        }
    }

    fn write_out(&mut self) {
        if let Ok(file) = &mut self.file
            && let Err(error) = file.write_all(&self.buffer)
        {
            let error = file.error(error);
            self.file = Err(error);
        }
        self.buffer.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::background::Background;
    use super::*;
    use crate::output::OutputDir;

    #[test]
    fn who_hears_the_notes_counts_names_and_tells_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let out = OutputDir::create(&folder.path().join("out")).unwrap();
        let writer = EventWriter::new(out.file("events.jsonl").unwrap(), Clock::new(0));
        let pod = |uid, class, name: &'static str| PodNote { uid, class, name: name.as_bytes() };
        let about = Subject { kind: "Node", namespace: "", name: "first", uid: Some(0) };
        let by = Source::Component { host: "first" };
        let ready = OtherEvent { about, warning: false, reason: "NodeReady", message: "it is", by };
        let refused = OtherEvent { about: Subject { kind: "Pod", namespace: "a", name: "no", uid: None }, ..ready };
        let by = Source::Scheduler { name: "second", action: "Preempting" };
        let preempted = OtherEvent { by, reason: "Preempted", ..ready };
        let told = [
            EventNote::Class { class: 1, namespace: "a", scheduler: "second" },
            EventNote::Node { slot: 2, name: "first" },
            EventNote::Failure { number: 3, words: "no room" },
            EventNote::Failed { at_ns: 1, pod: pod(7, 1, "x"), failure: 3 },
            EventNote::Failed { at_ns: 2, pod: pod(7, 1, "x"), failure: 3 },
            EventNote::Assigned { at_ns: 2, pod: pod(7, 1, "x"), node: 2 },
            EventNote::Other { at_ns: 3, event: ready },
            EventNote::Other { at_ns: 3, event: ready },
            EventNote::Other { at_ns: 3, event: refused },
            EventNote::Other { at_ns: 3, event: refused },
            EventNote::Other { at_ns: 3, event: preempted },
            EventNote::Other { at_ns: 3, event: preempted },
            // The pod is gone, and so are its class and its node: others have their numbers.
            EventNote::Class { class: 1, namespace: "b", scheduler: "third" },
            EventNote::Node { slot: 2, name: "next" },
            EventNote::Failure { number: 3, words: "no zone" },
            EventNote::Failed { at_ns: 4, pod: pod(7, 1, "y"), failure: 3 },
            EventNote::Assigned { at_ns: 4, pod: pod(7, 1, "y"), node: 2 },
        ];
        let mut background = Background::new(writer).unwrap();
        let mut last = Last::default();
        for note in &told {
            note.note(&mut background.pad(), &mut last);
        }
        background.end().wait().unwrap();
        out.commit().unwrap();

        let text = std::fs::read_to_string(folder.path().join("out/events.jsonl")).unwrap();
        let said: Vec<String> = text
            .lines()
            .map(|line| {
                let event: serde_json::Value = serde_json::from_str(line).unwrap();
                let word = |pointer: &str| event.pointer(pointer).and_then(|it| it.as_str()).unwrap_or("-").to_owned();
                format!(
                    "{} {} x{} {} {} by {} {}",
                    word("/metadata/name"),
                    word("/involvedObject/namespace"),
                    event["count"],
                    word("/reason"),
                    word("/message"),
                    word("/reportingInstance"),
                    word("/involvedObject/uid").rsplit('-').next().unwrap_or_default(),
                )
            })
            .collect();
        let expected = [
            "x.1 a x1 FailedScheduling no room by second 000000000007",
            "x.1 a x2 FailedScheduling no room by second 000000000007",
            "x.2 a x1 Scheduled Successfully assigned a/x to first by second 000000000007",
            "first.3 - x1 NodeReady it is by first 000000000000",
            "first.3 - x2 NodeReady it is by first 000000000000",
            "no.4 a x1 NodeReady it is by towtank ",
            "no.5 a x1 NodeReady it is by towtank ",
            "first.6 - x1 Preempted it is by second 000000000000",
            "first.7 - x1 Preempted it is by second 000000000000",
            "y.8 b x1 FailedScheduling no zone by third 000000000007",
            "y.9 b x1 Scheduled Successfully assigned b/y to next by third 000000000007",
        ];
        assert_eq!(said, expected);
    }
}

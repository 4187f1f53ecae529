//! `events.jsonl`: what happened, one Kubernetes `Event` per line, in the order in which a watch would show them.

mod clock;
mod object;
mod repeats;
mod reporter;
mod writer;

use super::background::Background;
use super::failures::Failures;
use crate::output::{OutputDir, OutputError};
use clock::Clock;
use object::{EventObject, FAILED_SCHEDULING, Failure, Last, Message, SCHEDULED, Subject, object_uuid};
use repeats::{Known, Repeats, digest};
use reporter::{Reporter, reporter};
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::model::PodId;
use towtank_sim::observe::{Note, NoteKinds, Observer, Regarding};
use towtank_sim::phases::Phase;
use towtank_sim::scheduler::FitError;
use towtank_sim::time::SimTime;
use writer::EventWriter;

/// Writes `events.jsonl`. An event that happens again is written again under the same name, with the count so far.
pub struct EventLog {
    lines: Background<EventWriter>,
    last: Last,
    clock: Clock,
    repeats: Repeats,
    failures: Failures,
    /// By the number of a failure: the digest of what its event says, and its words.
    words: Vec<(u64, String)>,
    /// Events so far.
    events: u64,
    /// The nanosecond in the name of the last one: no two have the same.
    named: i64,
}

/// What an event says, and of what.
#[derive(Clone, Copy)]
struct Said<'a> {
    warning: bool,
    reason: &'a str,
    message: Message<'a>,
    by: Reporter<'a>,
    /// The node of the reporter, if it is one of many.
    host: &'a str,
    /// If it may happen again: the digest of what it says.
    again: Option<u64>,
}

impl EventLog {
    /// A log in `out`, of a run that starts at this second since 1970.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create(out: &OutputDir, epoch_second: i64) -> Result<Self, OutputError> {
        let file = out.file("events.jsonl")?;
        let path = file.path().to_owned();
        let no_thread = |source| OutputError::Io { action: "begin to write", path, source };
        let lines = Background::new(EventWriter::new(file, Clock::new(epoch_second))).map_err(no_thread)?;
        let (last, repeats, failures, words) = Default::default();
        Ok(Self { lines, last, clock: Clock::new(epoch_second), repeats, failures, words, events: 0, named: i64::MIN })
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The first thing that could not be written.
    pub fn finish(self) -> Result<(), OutputError> {
        self.lines.finish().finish()
    }

    fn write(&mut self, about: Subject<'_>, said: Said<'_>, now: SimTime) {
        let (events, last, wanted) = (&mut self.events, &mut self.named, self.clock.unix_nanoseconds(now));
        let mut new = || {
            *events += 1;
            *last = wanted.max(last.saturating_add(1));
            Known { number: *events, first_ns: now.0, named: *last, count: 1 }
        };
        let known = match said.again {
            Some(said) => self.repeats.count(about.uid, said, new),
            None => new(),
        };
        let line = EventObject {
            number: known.number,
            named: known.named,
            about,
            warning: said.warning,
            reason: said.reason,
            message: said.message,
            component: said.by.component,
            host: said.host,
            action: said.by.action,
            first: SimTime(known.first_ns),
            last: now,
            count: known.count,
        };
        line.note(&mut self.lines.pad(), &mut self.last);
    }

    /// What the scheduler of the pod `of` says about a pod, once.
    fn scheduler(&mut self, id: PodId, of: PodId, said: (&str, &str, Message<'_>), cluster: &Cluster) {
        let (Some(about), Some(of)) = (pod_subject(id, cluster), cluster.pod(of)) else { return };
        let (reason, action, message) = said;
        let by = Reporter { component: &cluster.class_of(of).spec.scheduler_name, action, on_node: false };
        self.write(about, Said { warning: false, reason, message, by, host: "", again: None }, cluster.now);
    }

    /// What its scheduler says of a pod for which it found no node.
    fn failed(&mut self, pod: PodId, error: &FitError, cluster: &Cluster) {
        let (Some(about), Some(of)) = (pod_subject(pod, cluster), cluster.pod(pod)) else { return };
        let (reason, action) = FAILED_SCHEDULING;
        let known = self.failures.number(error);
        let number = known.unwrap_or_else(|| {
            let (number, words) = (self.failures.remember(error.clone()), error.event_message(&cluster.resources));
            self.words.resize_with(self.words.len().max(number + 1), Default::default);
            self.words[number] = (digest(reason, &words), words);
            number
        });
        let by = Reporter { component: &cluster.class_of(of).spec.scheduler_name, action, on_node: false };
        let words = std::mem::take(&mut self.words);
        let (digest, text) = &words[number];
        let message = Message::Failed(Failure { words: text, number, is_new: known.is_none() });
        self.write(about, Said { warning: true, reason, message, by, host: "", again: Some(*digest) }, cluster.now);
        self.words = words;
    }

    /// What another component says of something.
    fn component(
        &mut self,
        about: Subject<'_>,
        (warning, reason, message): (bool, &str, &str),
        host: &str,
        now: SimTime,
    ) {
        let by = reporter(about.kind, reason);
        let host = if by.on_node { host } else { "" };
        let again = (about.uid > 0).then(|| digest(reason, message));
        self.write(about, Said { warning, reason, message: Message::Text(message), by, host, again }, now);
    }

    fn regarding(&mut self, regarding: Regarding<'_>, said: (bool, &str, &str), cluster: &Cluster) {
        match regarding {
            Regarding::Pod(id) => {
                let Some(about) = pod_subject(id, cluster) else { return };
                self.component(about, said, host_of(id, cluster), cluster.now);
            }
            Regarding::Node(id) => {
                let node = cluster.node(id);
                let about = Subject { kind: "Node", namespace: "", name: node.name(), uid: node.uid };
                self.component(about, said, node.name(), cluster.now);
            }
            Regarding::Object(id) => {
                let Some(meta) = cluster.objects().meta(id) else { return };
                let about = Subject { kind: meta.kind, namespace: &meta.namespace, name: &meta.name, uid: meta.uid };
                self.component(about, said, "", cluster.now);
            }
            Regarding::Named(kind, name) => {
                // The autoscaler's status is in the namespace of the control plane.
                let namespace = if kind == "ConfigMap" { "kube-system" } else { "" };
                self.component(Subject { kind, namespace, name, uid: 0 }, said, "", cluster.now);
            }
        }
    }
}

fn pod_subject(id: PodId, cluster: &Cluster) -> Option<Subject<'_>> {
    let pod = cluster.pod(id)?;
    Some(Subject { kind: "Pod", namespace: &cluster.class_of(pod).spec.namespace, name: &pod.name, uid: pod.uid })
}

/// The node of a pod; empty without one.
fn host_of(id: PodId, cluster: &Cluster) -> &str {
    cluster.pod(id).and_then(|pod| pod.node).map_or("", |node| cluster.node(node).name())
}

impl Observer for EventLog {
    fn interest(&self) -> NoteKinds {
        let attempts = NoteKinds::SCHEDULED.and(NoteKinds::FAILED).and(NoteKinds::PREEMPTING);
        NoteKinds::changes(Interest::POD_DELETING).and(attempts).and(NoteKinds::REFUSED).and(NoteKinds::EVENTS)
    }

    fn phase(&self) -> Phase {
        Phase::Output
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::Scheduled { pod: id, node, .. } => {
                let ((reason, action), node) = (SCHEDULED, cluster.node(*node).name());
                self.scheduler(*id, *id, (reason, action, Message::Assigned(node)), cluster);
            }
            Note::FailedScheduling { pod, error, .. } => self.failed(*pod, error, cluster),
            Note::Refused { namespace, name, refusal, .. } => {
                let about = Subject { kind: "Pod", namespace, name, uid: 0 };
                self.component(about, (true, refusal.reason, &refusal.message), "", cluster.now);
            }
            Note::Change(Change::PodDeleting(pod, cause)) => {
                let message = format!("Stopping the pod: {}", cause.as_str());
                self.regarding(Regarding::Pod(*pod), (false, "Killing", &message), cluster);
            }
            Note::Event { warning, reason, regarding, message } => {
                self.regarding(*regarding, (*warning, reason, message), cluster);
            }
            Note::Preempting { pod, node, victims } => {
                let Some(preemptor) = cluster.pod(*pod).map(|pod| object_uuid(pod.uid)) else { return };
                let message = format!("Preempted by pod {preemptor} on node {}", cluster.node(*node).name());
                for victim in *victims {
                    if cluster.pod(*victim).is_some_and(|victim| victim.deleting.is_none()) {
                        self.scheduler(*victim, *pod, ("Preempted", "Preempting", Message::Text(&message)), cluster);
                    }
                }
            }
            Note::Change(_)
            | Note::SchedulingAttempt { .. }
            | Note::FailedAgain(_)
            | Note::Starting { .. }
            | Note::Inspected { .. }
            | Note::LeftQueue { .. }
            | Note::QueueMoves { .. }
            | Note::ClassesForgotten(_) => {}
        }
    }
}

//! `events.jsonl`: what happened, one Kubernetes `Event` per line, in the order in which a watch would show them.
//!
//! The run only says what it alone knows, in a few bytes for each event: see [`note`]. A thread beside it counts and writes: see [`writer`].

mod clock;
mod note;
mod object;
mod repeats;
mod reporter;
mod writer;

use super::background::{Background, Ending};
use super::failures::Failures;
use super::slots::place;
use super::told_classes::ToldClasses;
use crate::output::{OutputDir, OutputError};
use clock::Clock;
use note::{EventNote, Last, OtherEvent, PodNote, Source, Subject};
use object::object_uuid;
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::model::{ClassId, NodeId, PodId};
use towtank_sim::observe::{Note, NoteKinds, Observer, Regarding};
use towtank_sim::phases::Phase;
use towtank_sim::scheduler::FitError;
use writer::EventWriter;

/// Writes `events.jsonl`. An event that happens again is written again under the same name, with the count so far.
pub struct EventLog {
    lines: Background<EventWriter>,
    last: Last,
    failures: Failures,
    classes: ToldClasses,
    /// By slot of a node: the uid of the one that has been told of.
    nodes: Vec<Option<u64>>,
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
        let (last, failures, classes, nodes) = Default::default();
        Ok(Self { lines, last, failures, classes, nodes })
    }

    /// Nothing happens any more.
    pub(super) fn end(self) -> Ending<Result<(), OutputError>> {
        self.lines.end()
    }

    #[inline]
    fn tell(&mut self, note: &EventNote<'_>) {
        note.note(&mut self.lines.pad(), &mut self.last);
    }

    /// The scheduler has bound a pod.
    #[inline]
    fn assigned(&mut self, id: PodId, node: NodeId, cluster: &Cluster) {
        self.tell_node(node, cluster);
        let Some(pod) = self.pod(id, cluster) else { return };
        self.tell(&EventNote::Assigned { at_ns: cluster.now.0, pod, node: node.index() });
    }

    /// The scheduler found no node for a pod.
    fn failed(&mut self, id: PodId, error: &FitError, cluster: &Cluster) {
        let failure = self.failures.number(error).unwrap_or_else(|| {
            let number = self.failures.remember(error.clone());
            self.tell(&EventNote::Failure { number, words: &error.event_message(&cluster.resources) });
            number
        });
        let Some(pod) = self.pod(id, cluster) else { return };
        self.tell(&EventNote::Failed { at_ns: cluster.now.0, pod, failure });
    }

    /// A pod whose class has been told of.
    #[inline]
    fn pod<'c>(&mut self, id: PodId, cluster: &'c Cluster) -> Option<PodNote<'c>> {
        let pod = cluster.pod(id)?;
        if !self.classes.has(pod.class) {
            self.tell_class(pod.class, cluster);
        }
        Some(PodNote { uid: pod.uid, class: pod.class.index(), name: pod.name.as_bytes() })
    }

    #[cold]
    fn tell_class(&mut self, id: ClassId, cluster: &Cluster) {
        self.classes.add(id);
        let spec = &cluster.classes.get(id).spec;
        let (namespace, scheduler) = (&spec.namespace, &spec.scheduler_name);
        self.tell(&EventNote::Class { class: id.index(), namespace, scheduler });
    }

    #[inline]
    fn tell_node(&mut self, id: NodeId, cluster: &Cluster) {
        let node = cluster.node(id);
        if self.nodes.get(id.index()) != Some(&Some(node.uid)) {
            *place(&mut self.nodes, id.index()) = Some(node.uid);
            self.tell(&EventNote::Node { slot: id.index(), name: node.name() });
        }
    }

    /// What another component says of something; of a pod, on this node.
    fn component(
        &mut self,
        about: Subject<'_>,
        (warning, reason, message): (bool, &str, &str),
        host: &str,
        cluster: &Cluster,
    ) {
        let event = OtherEvent { about, warning, reason, message, by: Source::Component { host } };
        self.tell(&EventNote::Other { at_ns: cluster.now.0, event });
    }

    fn regarding(&mut self, regarding: Regarding<'_>, said: (bool, &str, &str), cluster: &Cluster) {
        match regarding {
            Regarding::Pod(id) => {
                let Some(about) = pod_subject(id, cluster) else { return };
                self.component(about, said, host_of(id, cluster), cluster);
            }
            Regarding::Node(id) => {
                let node = cluster.node(id);
                let about = Subject { kind: "Node", namespace: "", name: node.name(), uid: Some(node.uid) };
                self.component(about, said, node.name(), cluster);
            }
            Regarding::Object(id) => {
                let Some(meta) = cluster.objects().meta(id) else { return };
                let about =
                    Subject { kind: meta.kind, namespace: &meta.namespace, name: &meta.name, uid: Some(meta.uid) };
                self.component(about, said, "", cluster);
            }
            Regarding::Named(kind, name) => {
                // The autoscaler's status is in the namespace of the control plane.
                let namespace = if kind == "ConfigMap" { "kube-system" } else { "" };
                self.component(Subject { kind, namespace, name, uid: None }, said, "", cluster);
            }
        }
    }

    /// Pods have to make room for another one.
    fn preempting(&mut self, preemptor: PodId, node: NodeId, victims: &[PodId], cluster: &Cluster) {
        let Some(preemptor) = cluster.pod(preemptor) else { return };
        let scheduler = &cluster.class_of(preemptor).spec.scheduler_name;
        let uid = object_uuid(preemptor.uid);
        let message = format!("Preempted by pod {uid} on node {}", cluster.node(node).name());
        for victim in victims {
            if cluster.pod(*victim).is_some_and(|victim| victim.deleting.is_none())
                && let Some(about) = pod_subject(*victim, cluster)
            {
                let by = Source::Scheduler { name: scheduler, action: "Preempting" };
                let event = OtherEvent { about, warning: false, reason: "Preempted", message: &message, by };
                self.tell(&EventNote::Other { at_ns: cluster.now.0, event });
            }
        }
    }
}

fn pod_subject(id: PodId, cluster: &Cluster) -> Option<Subject<'_>> {
    let pod = cluster.pod(id)?;
    Some(Subject { kind: "Pod", namespace: &cluster.class_of(pod).spec.namespace, name: &pod.name, uid: Some(pod.uid) })
}

/// The node of a pod; empty without one.
fn host_of(id: PodId, cluster: &Cluster) -> &str {
    cluster.pod(id).and_then(|pod| pod.node).map_or("", |node| cluster.node(node).name())
}

impl Observer for EventLog {
    fn interest(&self) -> NoteKinds {
        let attempts = NoteKinds::SCHEDULED.and(NoteKinds::FAILED).and(NoteKinds::PREEMPTING);
        let others = NoteKinds::REFUSED.and(NoteKinds::EVENTS).and(NoteKinds::CLASSES_FORGOTTEN);
        NoteKinds::changes(Interest::POD_DELETING).and(attempts).and(others)
    }

    fn phase(&self) -> Phase {
        Phase::Output
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::Scheduled { pod, node, .. } => self.assigned(*pod, *node, cluster),
            Note::FailedScheduling { pod, error, .. } => self.failed(*pod, error, cluster),
            Note::Refused { namespace, name, refusal, .. } => {
                let about = Subject { kind: "Pod", namespace, name, uid: None };
                self.component(about, (true, refusal.reason, &refusal.message), "", cluster);
            }
            Note::Change(Change::PodDeleting(pod, cause)) => {
                let message = format!("Stopping the pod: {}", cause.as_str());
                self.regarding(Regarding::Pod(*pod), (false, "Killing", &message), cluster);
            }
            Note::Event { warning, reason, regarding, message } => {
                self.regarding(*regarding, (*warning, reason, message), cluster);
            }
            Note::Preempting { pod, node, victims } => self.preempting(*pod, *node, victims, cluster),
            Note::ClassesForgotten(classes) => self.classes.forget(classes),
            Note::Change(_)
            | Note::SchedulingAttempt { .. }
            | Note::FailedAgain(_)
            | Note::Starting { .. }
            | Note::Inspected { .. }
            | Note::LeftQueue { .. }
            | Note::QueueMoves { .. } => {}
        }
    }
}

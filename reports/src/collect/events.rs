//! `events.jsonl`: what happened, one JSON object per line, in Kubernetes' words where it has some.

use crate::output::{OutputDir, OutputError, OutputFile};
use serde::Serialize;
use std::io::Write as _;
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::model::PodId;
use towtank_sim::observe::{Note, NoteKinds, Observer, Regarding};
use towtank_sim::phases::Phase;

/// Writes `events.jsonl`.
pub struct EventLog {
    file: Result<OutputFile, OutputError>,
    buffer: Vec<u8>,
}

/// One line.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    /// Seconds since the start.
    time: String,
    r#type: &'a str,
    reason: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    name: &'a str,
    message: &'a str,
}

impl EventLog {
    /// A log in `out`.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create(out: &OutputDir) -> Result<Self, OutputError> {
        Ok(Self { file: Ok(out.file("events.jsonl")?), buffer: Vec::new() })
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The first thing that could not be written.
    pub fn finish(self) -> Result<(), OutputError> {
        self.file?.finish()
    }

    fn write(&mut self, line: &Line<'_>) {
        let Ok(file) = &mut self.file else { return };
        self.buffer.clear();
        let json = serde_json::to_writer(&mut self.buffer, line).map_err(std::io::Error::other);
        self.buffer.push(b'\n');
        if let Err(error) = json.and_then(|()| file.write_all(&self.buffer)) {
            let error = file.error(error);
            self.file = Err(error);
        }
    }

    fn pod(&mut self, id: PodId, warning: bool, reason: &str, message: &str, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id) else { return };
        let namespace = &*cluster.class_of(pod).spec.namespace;
        self.write(&Line { kind: "Pod", namespace, name: &pod.name, ..line(warning, reason, message, cluster) });
    }
}

fn line<'a>(warning: bool, reason: &'a str, message: &'a str, cluster: &Cluster) -> Line<'a> {
    Line {
        time: cluster.now.to_string(),
        r#type: if warning { "Warning" } else { "Normal" },
        reason,
        kind: "",
        namespace: "",
        name: "",
        message,
    }
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
                let Some(pod) = cluster.pod(*id) else { return };
                let namespace = &*cluster.class_of(pod).spec.namespace;
                let node = cluster.node(*node).name();
                let message = format!("Successfully assigned {namespace}/{} to {node}", pod.name);
                self.pod(*id, false, "Scheduled", &message, cluster);
            }
            Note::FailedScheduling { pod, error, .. } => {
                self.pod(*pod, true, "FailedScheduling", &error.event_message(&cluster.resources), cluster);
            }
            Note::Refused { namespace, name, refusal, .. } => {
                let about = line(true, refusal.reason, &refusal.message, cluster);
                self.write(&Line { kind: "Pod", namespace, name, ..about });
            }
            Note::Change(Change::PodDeleting(pod, cause)) => {
                self.pod(*pod, false, "Killing", &format!("Stopping the pod: {}", cause.as_str()), cluster);
            }
            Note::Event { warning, reason, regarding, message } => match *regarding {
                Regarding::Pod(pod) => self.pod(pod, *warning, reason, message, cluster),
                Regarding::Node(node) => {
                    let name = cluster.node(node).name();
                    self.write(&Line { kind: "Node", name, ..line(*warning, reason, message, cluster) });
                }
                Regarding::Object(id) => {
                    let Some(meta) = cluster.objects().meta(id) else { return };
                    let about = line(*warning, reason, message, cluster);
                    self.write(&Line { kind: meta.kind, namespace: &meta.namespace, name: &meta.name, ..about });
                }
                Regarding::Named(kind, name) => {
                    self.write(&Line { kind, name, ..line(*warning, reason, message, cluster) });
                }
            },
            Note::Preempting { pod, node, victims } => {
                let Some(preemptor) = cluster.pod(*pod).map(|pod| pod.uid) else { return };
                let message = format!("Preempted by pod {preemptor} on node {}", cluster.node(*node).name());
                for victim in *victims {
                    if cluster.pod(*victim).is_some_and(|victim| victim.deleting.is_none()) {
                        self.pod(*victim, false, "Preempted", &message, cluster);
                    }
                }
            }
            Note::Change(_)
            | Note::SchedulingAttempt { .. }
            | Note::FailedAgain(_)
            | Note::Inspected { .. }
            | Note::LeftQueue { .. }
            | Note::QueueMoves { .. } => {}
        }
    }
}

//! The pods and nodes among the Kubernetes objects of a trace, as rows: for conversions to what knows no objects.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use towtank_sim::random::Streams;
use towtank_sim::time::Span;
use towtank_traces::TraceError;
use towtank_traces::reader::{Reader, Timeline};
use towtank_traces::record::{Event, FileId, Place, Record, Submitted};
use towtank_traces::repairs::Repairs;
use towtank_traces::shapes::{Shape, Shapes};
use towtank_workloads::manifest::{Applied, Item, ObjectStream};

/// The kinds that become rows. Everything else is left out and counted: no controller makes pods here, so the pods that one has made are
/// rows, whoever owns them.
const ROWS: [&str; 2] = ["Node", "Pod"];

/// A reader of objects as one of pods and nodes; any other one as it is. What is left out becomes notes.
pub(crate) fn of(reader: Box<dyn Reader>, repairs: &Repairs) -> Box<dyn Reader> {
    if !reader.tells_objects() {
        return reader;
    }
    let (stream, shapes, ready) = (ObjectStream::default(), Shapes::default(), VecDeque::new());
    Box::new(ObjectRows { reader, stream, shapes, ready, others: BTreeMap::new(), repairs: repairs.clone() })
}

struct ObjectRows {
    reader: Box<dyn Reader>,
    stream: ObjectStream,
    shapes: Shapes,
    ready: VecDeque<Record>,
    /// How many objects of other kinds there were.
    others: BTreeMap<String, u64>,
    repairs: Repairs,
}

impl ObjectRows {
    fn applied(&mut self, at: i64, place: Place, object: serde_json::Value) -> Result<(), TraceError> {
        let kind = object["kind"].as_str().unwrap_or_default();
        if !ROWS.contains(&kind) {
            *self.others.entry(kind.to_owned()).or_default() += 1;
            return Ok(());
        }
        let named = format!("{}: {} {}", self.reader.file(place.file), self.reader.unit(), place.line);
        let applied = self.stream.apply(vec![(named, object)], &|span: Span| span);
        let applied = applied.map_err(|error| TraceError::Record {
            file: Arc::clone(self.reader.file(place.file)),
            line: place.line,
            problem: error.to_string(),
        })?;
        for Applied { planned, again } in applied {
            let event = match planned.item {
                Item::Node(spec) if again => Event::NodeChanged(spec),
                Item::Node(spec) => Event::NodeAdded(spec),
                Item::Pod(pod) if !again => {
                    let spec = (*pod.template.spec).clone();
                    let key = format!("{spec:?}");
                    let shape = self.shapes.of([key.as_bytes()], || Ok(Shape { spec }))?;
                    let stream = format!("manifest/{}/{}/run-time", pod.template.spec.namespace, pod.name);
                    let run = pod.template.run.draw(0, &mut Streams::new(0).stream(&stream));
                    Event::Submitted(Submitted { usage: pod.template.usage, ..Submitted::pod(pod.name, shape, run) })
                }
                _ => continue,
            };
            self.ready.push_back(Record { at, place, event });
        }
        Ok(())
    }

    fn deleted(&mut self, at: i64, place: Place, kind: &str, namespace: &str, name: &str) {
        if !self.stream.delete(kind, namespace, name) {
            return;
        }
        let namespace = if namespace.is_empty() { "default" } else { namespace };
        let event = match kind {
            "Node" => Event::NodeRemoved(name.into()),
            _ => Event::Killed { namespace: namespace.into(), name: name.into() },
        };
        self.ready.push_back(Record { at, place, event });
    }
}

impl Reader for ObjectRows {
    fn file(&self, file: FileId) -> &Arc<str> {
        self.reader.file(file)
    }

    fn timeline(&self) -> Timeline {
        self.reader.timeline()
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Ok(Some(record));
            }
            let Some(Record { at, place, event }) = self.reader.next()? else {
                for (kind, count) in std::mem::take(&mut self.others) {
                    let said = "left out: rows are of pods and nodes, and no controller makes any here";
                    self.repairs.note(format!("{count} times an object of the kind {kind} {said}"));
                }
                self.stream.warnings().for_each(|warning| self.repairs.note(warning));
                self.stream = ObjectStream::default();
                return Ok(None);
            };
            match event {
                Event::Applied(object) => self.applied(at, place, *object)?,
                Event::Deleted { kind, namespace, name } => self.deleted(at, place, &kind, &namespace, &name),
                _ => {}
            }
        }
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

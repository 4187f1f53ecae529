//! The Kubernetes objects of a trace as sources.

use crate::clock::{Clock, Placed};
use crate::error::TraceError;
use crate::format::Context;
use crate::reader::{Origin, Reader};
use crate::record::{Event, FileId, Record};
use crate::stream::{LookAhead, too_large};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::source::{Source, SourceError, Submission, Work};
use towtank_sim::time::{SimTime, Span};

/// What makes work of the Kubernetes objects of a trace. Whoever knows manifests hands it in; without it, traces of objects cannot be
/// replayed.
pub trait Objects {
    /// What is to be done when these objects are created, or replace those that are there. All of them come at one instant, none
    /// twice, and they may need each other in any order. `scale` says how long a recorded run time lasts here.
    ///
    /// # Errors
    /// What is wrong with one of them, and with which.
    fn applied(
        &mut self,
        objects: Vec<AppliedObject>,
        scale: &dyn Fn(Span) -> Span,
        cluster: &mut Cluster,
    ) -> Result<Vec<Work>, SourceError>;

    /// What is to be done when the object of this kind and name is deleted. The namespace is empty for kinds that have none.
    ///
    /// # Errors
    /// Why that cannot be done.
    fn deleted(
        &mut self,
        kind: &str,
        namespace: &str,
        name: &str,
        cluster: &mut Cluster,
    ) -> Result<Option<Work>, SourceError>;
}

/// An object that is created or replaced.
#[derive(Clone, Debug)]
pub struct AppliedObject {
    /// Where the trace says so, for messages: file and line, or number.
    pub place: String,
    /// The object.
    pub object: Value,
}

/// Kind, namespace and name.
type Identity = (String, String, String);

/// The nodes among the objects. Which of them are kept is picked in the order in which the trace names them; all are read here.
pub(super) fn nodes(
    mut reader: Box<dyn Reader>,
    context: &Context,
    objects: Box<dyn Objects>,
) -> Result<impl Source + use<>, TraceError> {
    let mut records = VecDeque::new();
    let mut names: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    // The trace begins with its first record, be that about a node or not.
    let mut first = None;
    while let Some(record) = reader.next()? {
        first.get_or_insert(record.at);
        let (kind, _, name) = identity(&record.event);
        if kind == "Node" {
            if seen.insert(name.clone()) {
                names.push(name);
            }
            records.push_back(record);
        }
    }
    let kept: BTreeSet<&String> = context.options.nodes.indices(names.len()).into_iter().map(|i| &names[i]).collect();
    records.retain(|record| kept.contains(&identity(&record.event).2));
    let mut source = Replay::new(reader, context, objects)?;
    source.origin = source.origin.or(first);
    source.only = Some("Node");
    source.read = records;
    Ok(source)
}

/// Everything among the objects that is no node.
pub(super) fn all_but_nodes(
    reader: Box<dyn Reader>,
    context: &Context,
    objects: Box<dyn Objects>,
) -> Result<impl Source + use<>, TraceError> {
    Replay::new(reader, context, objects)
}

struct Replay {
    name: Arc<str>,
    reader: Box<dyn Reader>,
    objects: Box<dyn Objects>,
    clock: Clock,
    /// Where the trace's time begins, once that is known.
    origin: Option<i64>,
    ahead: LookAhead,
    /// The one kind that is played; `None` for all but nodes.
    only: Option<&'static str>,
    /// Records that were read already.
    read: VecDeque<Record>,
    /// The last state of what came before the window and is there when it begins, in the order of arrival.
    before: BTreeMap<u64, (Identity, AppliedObject)>,
    /// Where in `before` an object is.
    place_of: BTreeMap<Identity, u64>,
    ready: VecDeque<Submission>,
    ended: bool,
}

impl Replay {
    fn new(reader: Box<dyn Reader>, context: &Context, objects: Box<dyn Objects>) -> Result<Self, TraceError> {
        let timeline = reader.timeline();
        Ok(Self {
            name: Arc::clone(reader.file(FileId(0))),
            reader,
            objects,
            clock: Clock::new(&context.options)?,
            origin: (timeline.origin == Origin::Zero).then_some(0),
            ahead: LookAhead::new(context.repairs.clone()),
            only: None,
            read: VecDeque::new(),
            before: BTreeMap::new(),
            place_of: BTreeMap::new(),
            ready: VecDeque::new(),
            ended: false,
        })
    }

    fn next_record(&mut self) -> Result<Option<Record>, TraceError> {
        if let Some(record) = self.read.pop_front() {
            return Ok(Some(record));
        }
        // The nodes have all been read.
        if self.only.is_some() {
            return Ok(None);
        }
        while !self.ahead.is_full() {
            let Some(record) = self.reader.next()? else { break };
            self.origin.get_or_insert(record.at);
            if identity(&record.event).0 != "Node" {
                self.ahead.push(record, &*self.reader)?;
            }
        }
        Ok(self.ahead.pop())
    }

    /// Reads what happens next: objects that are applied together, or one that is deleted.
    fn step(&mut self, cluster: &mut Cluster) -> Result<(), SourceError> {
        let Some(record) = self.next_record()? else {
            self.ended = true;
            return self.begin(cluster);
        };
        match self.placed(&record)? {
            Placed::Before => self.remember(record),
            Placed::After => {
                self.ended = true;
                self.begin(cluster)?;
            }
            Placed::At(at) => {
                self.begin(cluster)?;
                match record.event {
                    Event::Applied(_) => self.apply(at, record, cluster)?,
                    Event::Deleted { kind, namespace, name } => {
                        let work = self.objects.deleted(&kind, &namespace, &name, cluster)?;
                        self.ready.extend(work.map(|work| Submission { at, work }));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Takes an object and those that are applied at the same instant, up to one that is applied again.
    fn apply(&mut self, at: SimTime, first: Record, cluster: &mut Cluster) -> Result<(), SourceError> {
        let mut together = BTreeSet::from([identity(&first.event)]);
        let mut batch = vec![self.applied(first)];
        while let Some(record) = self.next_record()? {
            let is_applied = matches!(record.event, Event::Applied(_));
            if !is_applied || self.placed(&record)? != Placed::At(at) || !together.insert(identity(&record.event)) {
                self.read.push_front(record);
                break;
            }
            batch.push(self.applied(record));
        }
        self.submit(at, batch, cluster)
    }

    /// What was there before the window comes with its start.
    fn begin(&mut self, cluster: &mut Cluster) -> Result<(), SourceError> {
        self.place_of.clear();
        let batch: Vec<_> = std::mem::take(&mut self.before).into_values().map(|(_, object)| object).collect();
        if batch.is_empty() { Ok(()) } else { self.submit(SimTime::ZERO, batch, cluster) }
    }

    fn remember(&mut self, record: Record) {
        let identity = identity(&record.event);
        if let Event::Applied(_) = record.event {
            let next = self.before.last_key_value().map_or(0, |(place, _)| place + 1);
            let place = *self.place_of.entry(identity.clone()).or_insert(next);
            let object = self.applied(record);
            self.before.insert(place, (identity, object));
        } else if let Some(place) = self.place_of.remove(&identity) {
            self.before.remove(&place);
        }
    }

    fn submit(&mut self, at: SimTime, batch: Vec<AppliedObject>, cluster: &mut Cluster) -> Result<(), SourceError> {
        let clock = self.clock;
        let work = self.objects.applied(batch, &|span| clock.duration(span.0).unwrap_or(Span::MAX), cluster)?;
        self.ready.extend(work.into_iter().map(|work| Submission { at, work }));
        Ok(())
    }

    fn applied(&self, record: Record) -> AppliedObject {
        let place = format!("{}: {} {}", self.reader.file(record.place.file), self.reader.unit(), record.place.line);
        match record.event {
            Event::Applied(object) => AppliedObject { place, object: *object },
            _ => AppliedObject { place, object: Value::Null },
        }
    }

    fn placed(&self, record: &Record) -> Result<Placed, TraceError> {
        let time = record.at.saturating_sub(self.origin.unwrap_or(0));
        self.clock.place(time).ok_or_else(|| too_large(&*self.reader, record.place, time))
    }
}

impl Source for Replay {
    fn name(&self) -> &str {
        &self.name
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        while self.ready.is_empty() && !self.ended {
            self.step(cluster)?;
        }
        Ok(self.ready.pop_front())
    }
}

fn identity(event: &Event) -> Identity {
    match event {
        Event::Applied(object) => {
            let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            (text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
        }
        Event::Deleted { kind, namespace, name } => (kind.to_string(), namespace.to_string(), name.to_string()),
        _ => Identity::default(),
    }
}

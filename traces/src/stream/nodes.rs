//! The nodes of a trace, coming, changing and going in order of time.

use super::rename::Renamed;
use super::too_large;
use crate::clock::{Clock, Placed};
use crate::error::TraceError;
use crate::format::Context;
use crate::reader::{Origin, Reader};
use crate::record::{Event, Place, Record};
use crate::repairs::Rule;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use towtank_sim::model::node::NodeSpec;

/// What a reader tells of nodes, at the times of the run; what else it tells is passed over. It is held in memory: a cluster is, too.
///
/// At one instant nodes go before others come, so that a name can be used again; apart from that, rows keep their order. What
/// happened before the window has happened: the nodes that are left are there from the start.
///
/// # Errors
/// A row is wrong, two nodes of one name are there at the same time, or a time is beyond what a run can count.
pub fn nodes(reader: &mut dyn Reader, context: &Context) -> Result<Vec<Record>, TraceError> {
    let clock = Clock::new(&context.options)?;
    let renamed = Renamed::new(&context.options);
    let mut records = Vec::new();
    while let Some(mut record) = reader.next()? {
        if rank(&record.event).is_some() {
            if let (Some(spec), Some(last)) = (spec(&mut record), records.last_mut().and_then(spec)) {
                // Equal machines mostly stand together.
                spec.share(last);
            }
            records.push(record);
        }
    }
    if reader.timeline().origin == Origin::First {
        let origin = records.iter().map(|record| record.at).min().unwrap_or(0);
        for record in &mut records {
            record.at = record.at.saturating_sub(origin);
        }
    }
    let kept = kept(&records, context);
    records.sort_by_key(|record| (record.at, rank(&record.event)));
    let mut played = Played { reader, there: BTreeMap::new(), start: Vec::new(), rest: Vec::new() };
    for record in records {
        if !name(&record.event).is_some_and(|name| kept.contains(name)) {
            continue;
        }
        match clock.place(record.at).ok_or_else(|| too_large(reader, record.place, record.at))? {
            Placed::Before => played.before(record, context)?,
            Placed::At(at) => played.at(at.0, record, context)?,
            Placed::After => break,
        }
    }
    played.start.sort_by_key(|record| record.as_ref().map(|record| record.place));
    let mut records: Vec<_> = played.start.into_iter().chain(played.rest).flatten().collect();
    for record in &mut records {
        if let Some(spec) = spec(record) {
            renamed.node(spec);
        }
    }
    Ok(records)
}

struct Played<'r> {
    reader: &'r dyn Reader,
    /// The nodes that are there.
    there: BTreeMap<Arc<str>, There>,
    /// The nodes that came before the window, with their rows; `None` for those that have gone.
    start: Vec<Option<Record>>,
    /// What happens in the window; `None` for nodes that went as soon as they came.
    rest: Vec<Option<Record>>,
}

/// A node that is there.
#[derive(Clone, Copy)]
struct There {
    /// The row with which it came.
    since: Place,
    came: Came,
}

/// When a node came, and its index among those.
#[derive(Clone, Copy)]
enum Came {
    Before(usize),
    Within(usize),
}

impl Played<'_> {
    fn before(&mut self, mut record: Record, context: &Context) -> Result<(), TraceError> {
        record.at = 0;
        match record.event {
            Event::NodeChanged(spec) if self.there.contains_key(&spec.name) => {
                let There { since, came: Came::Before(index) } = self.there[&spec.name] else { return Ok(()) };
                self.start[index] = Some(Record { place: since, event: Event::NodeAdded(spec), ..record });
            }
            Event::NodeAdded(spec) | Event::NodeChanged(spec) => {
                self.come(&spec, record.place, Came::Before(self.start.len()))?;
                self.start.push(Some(Record { event: Event::NodeAdded(spec), ..record }));
            }
            Event::NodeRemoved(name) => {
                if let Some(Came::Before(index)) = self.go(&name, record.place, context)? {
                    self.start[index] = None;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn at(&mut self, at: i64, record: Record, context: &Context) -> Result<(), TraceError> {
        let event = match record.event {
            Event::NodeChanged(spec) if self.there.contains_key(&spec.name) => Event::NodeChanged(spec),
            Event::NodeAdded(spec) | Event::NodeChanged(spec) => {
                self.come(&spec, record.place, Came::Within(self.rest.len()))?;
                Event::NodeAdded(spec)
            }
            Event::NodeRemoved(name) => match self.go(&name, record.place, context)? {
                // A scale has left nothing of its time.
                Some(Came::Within(index)) if self.rest[index].as_ref().is_some_and(|came| came.at == at) => {
                    self.rest[index] = None;
                    return Ok(());
                }
                Some(_) => Event::NodeRemoved(name),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        self.rest.push(Some(Record { at, event, ..record }));
        Ok(())
    }

    fn come(&mut self, spec: &NodeSpec, place: Place, came: Came) -> Result<(), TraceError> {
        match self.there.insert(Arc::clone(&spec.name), There { since: place, came }) {
            None => Ok(()),
            Some(first) => Err(TraceError::DuplicateNode {
                file: Arc::clone(self.reader.file(place.file)),
                line: place.max(first.since).line,
                name: Arc::clone(&spec.name),
                first_line: place.min(first.since).line,
            }),
        }
    }

    fn go(&mut self, name: &str, place: Place, context: &Context) -> Result<Option<Came>, TraceError> {
        let gone = self.there.remove(name);
        if gone.is_none() {
            context.repairs.repair(Rule::MissingStart, || TraceError::Record {
                file: Arc::clone(self.reader.file(place.file)),
                line: place.line,
                problem: format!("node `{name}` goes and is not there: expected a row before with which it comes"),
            })?;
        }
        Ok(gone.map(|node| node.came))
    }
}

/// The nodes that are kept, picked in the order in which the files name them.
fn kept(records: &[Record], context: &Context) -> BTreeSet<Arc<str>> {
    let mut names: Vec<&Arc<str>> = Vec::new();
    let mut seen = BTreeSet::new();
    for name in records.iter().filter_map(|record| name(&record.event)) {
        if seen.insert(name) {
            names.push(name);
        }
    }
    context.options.nodes.indices(names.len()).into_iter().map(|i| Arc::clone(names[i])).collect()
}

fn name(event: &Event) -> Option<&Arc<str>> {
    match event {
        Event::NodeAdded(spec) | Event::NodeChanged(spec) => Some(&spec.name),
        Event::NodeRemoved(name) => Some(name),
        _ => None,
    }
}

fn spec(record: &mut Record) -> Option<&mut NodeSpec> {
    match &mut record.event {
        Event::NodeAdded(spec) | Event::NodeChanged(spec) => Some(spec),
        _ => None,
    }
}

/// The order of what happens at one instant.
fn rank(event: &Event) -> Option<u8> {
    match event {
        Event::NodeRemoved(_) => Some(0),
        Event::NodeAdded(_) => Some(1),
        Event::NodeChanged(_) => Some(2),
        _ => None,
    }
}

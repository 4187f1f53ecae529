//! The nodes of a trace, coming, changing and going in order of time.

use super::too_large;
use crate::clock::{Clock, Placed};
use crate::error::TraceError;
use crate::format::Context;
use crate::reader::{Origin, Reader};
use crate::record::{Event, FileId, Place, Record};
use crate::repairs::Rule;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::source::{Listed, Submission, Work};
use towtank_sim::time::SimTime;

/// The nodes that a reader tells of, as a source; what else it tells is passed over. They are held in memory: a cluster is, too.
///
/// At one instant nodes go before others come, so that a name can be used again; apart from that, rows keep their order. What
/// happened before the window has happened: the nodes that are left are there from the start.
///
/// # Errors
/// A row is wrong, two nodes of one name are there at the same time, or a time is beyond what a run can count.
pub fn nodes(mut reader: Box<dyn Reader>, context: &Context) -> Result<Listed, TraceError> {
    let clock = Clock::new(&context.options)?;
    let mut records = Vec::new();
    while let Some(record) = reader.next()? {
        if rank(&record.event).is_some() {
            records.push(record);
        }
    }
    let file = records.first().map_or(FileId::default(), |record| record.place.file);
    let file = Arc::clone(reader.file(file));
    if reader.timeline().origin == Origin::First {
        let origin = records.iter().map(|record| record.at).min().unwrap_or(0);
        for record in &mut records {
            record.at = record.at.saturating_sub(origin);
        }
    }
    let kept = kept(&records, context);
    records.sort_by_key(|record| (record.at, rank(&record.event)));
    let mut played = Played { reader: &*reader, there: BTreeMap::new(), start: Vec::new(), rest: Vec::new() };
    for record in records {
        if !name(&record.event).is_some_and(|name| kept.contains(name)) {
            continue;
        }
        match clock.place(record.at).ok_or_else(|| too_large(&*reader, record.place, record.at))? {
            Placed::Before => played.before(record, context)?,
            Placed::At(at) => played.at(at, record, context)?,
            Placed::After => break,
        }
    }
    played.start.sort_by_key(|node| node.as_ref().map(|(place, _)| *place));
    let start = played.start.into_iter().flatten();
    let start = start.map(|(_, spec)| Submission { at: SimTime::ZERO, work: Work::Node(spec) });
    Ok(Listed::new(&*file, start.chain(played.rest.into_iter().flatten()).collect()))
}

struct Played<'r> {
    reader: &'r dyn Reader,
    /// The nodes that are there.
    there: BTreeMap<Arc<str>, There>,
    /// The nodes that came before the window, with their rows; `None` for those that have gone.
    start: Vec<Option<(Place, Box<NodeSpec>)>>,
    /// What happens in the window; `None` for nodes that went as soon as they came.
    rest: Vec<Option<Submission>>,
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
    fn before(&mut self, record: Record, context: &Context) -> Result<(), TraceError> {
        match record.event {
            Event::NodeChanged(spec) if self.there.contains_key(&spec.name) => {
                let There { since, came: Came::Before(index) } = self.there[&spec.name] else { return Ok(()) };
                self.start[index] = Some((since, spec));
            }
            Event::NodeAdded(spec) | Event::NodeChanged(spec) => {
                self.come(&spec, record.place, Came::Before(self.start.len()))?;
                self.start.push(Some((record.place, spec)));
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

    fn at(&mut self, at: SimTime, record: Record, context: &Context) -> Result<(), TraceError> {
        let work = match record.event {
            Event::NodeChanged(spec) if self.there.contains_key(&spec.name) => Work::UpdateNode(spec),
            Event::NodeAdded(spec) | Event::NodeChanged(spec) => {
                self.come(&spec, record.place, Came::Within(self.rest.len()))?;
                Work::Node(spec)
            }
            Event::NodeRemoved(name) => match self.go(&name, record.place, context)? {
                // A scale has left nothing of its time.
                Some(Came::Within(index)) if self.rest[index].as_ref().is_some_and(|came| came.at == at) => {
                    self.rest[index] = None;
                    return Ok(());
                }
                Some(_) => Work::RemoveNode(name.to_string()),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        self.rest.push(Some(Submission { at, work }));
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

/// The order of what happens at one instant.
fn rank(event: &Event) -> Option<u8> {
    match event {
        Event::NodeRemoved(_) => Some(0),
        Event::NodeAdded(_) => Some(1),
        Event::NodeChanged(_) => Some(2),
        _ => None,
    }
}

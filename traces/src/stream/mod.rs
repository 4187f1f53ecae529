//! What holds for all formats: from the records of a reader, in the order and the time of its files, to those of a run.
//!
//! Records are [selected](crate::ReplayOptions) (users, queues, a sample), put in order of time, moved and scaled into the window,
//! and cleaned by [rules](crate::repairs::Rule) that are counted. Readers do none of this, so that options mean the same for each.

mod encode;
mod look_ahead;
mod nodes;
mod rename;
mod select;
mod sort;

use crate::clock::{Clock, Placed};
use crate::error::TraceError;
use crate::format::Context;
use crate::reader::{Origin, Reader};
use crate::record::{Event, FileId, Place, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::shapes::{NameId, Shape, ShapeId};
use rename::Renamed;
use select::Selection;
use sort::{Sorted, Sorter};
use std::sync::Arc;
use towtank_sim::model::pod::Run;
use towtank_sim::time::{SimTime, Span};

pub(crate) use look_ahead::LookAhead;
pub use nodes::nodes;

/// A trace's records as a run meets them: in order of time, which is that of the run, in nanoseconds. The memory that it takes is
/// bounded, whatever the order of the files; see [`ReplayOptions::sort_memory`](crate::ReplayOptions::sort_memory).
pub struct Stream {
    reader: Box<dyn Reader>,
    order: Order,
    clock: Clock,
    /// Where the trace's time begins, once that is known.
    origin: Option<i64>,
    /// Whether what was before the trace's time is there at its start.
    has_past: bool,
    selection: Selection,
    renamed: Renamed,
    repairs: Repairs,
    /// By shape, whether its pods ask for nothing, as far as that is known.
    asks_nothing: Vec<bool>,
    ended: bool,
}

/// How records come into order.
enum Order {
    /// They are, or nearly.
    LookAhead(LookAhead),
    /// They have been sorted.
    Sorted(Box<Sorted>),
}

impl Stream {
    /// The records of a reader. Those that are not in order of time are all read here.
    ///
    /// # Errors
    /// An option is out of range, or a row of a trace that has to be sorted is wrong.
    pub fn new(reader: Box<dyn Reader>, context: &Context) -> Result<Self, TraceError> {
        let options = &context.options;
        let timeline = reader.timeline();
        let sorted = options.sorted.unwrap_or(timeline.sorted);
        let mut stream = Self {
            reader,
            order: Order::LookAhead(LookAhead::new(context.repairs.clone())),
            clock: Clock::new(options)?,
            origin: (timeline.origin == Origin::Zero).then_some(0),
            has_past: options.window.is_none(),
            selection: Selection::new(options)?,
            renamed: Renamed::new(options),
            repairs: context.repairs.clone(),
            asks_nothing: Vec::new(),
            ended: false,
        };
        if !sorted {
            stream.sort(options.sort_memory)?;
        }
        Ok(stream)
    }

    /// The next record. Its time is that of the run.
    ///
    /// # Errors
    /// A row is wrong, or cannot be repaired under strict rules; or a filter has let nothing through.
    pub fn next_record(&mut self) -> Result<Option<Record>, TraceError> {
        while !self.ended {
            let Some(mut record) = self.in_order()? else {
                self.ended = true;
                self.selection.finish(&self.repairs)?;
                return Ok(None);
            };
            match self.place(&record)? {
                Placed::Before => continue,
                Placed::After => {
                    self.ended = true;
                    self.selection.finish(&self.repairs)?;
                    return Ok(None);
                }
                Placed::At(at) => record.at = at.0,
            }
            match &mut record.event {
                Event::Submitted(job) => {
                    self.judge(job.shape, record.place)?;
                    self.scale(job, record.place)?;
                }
                Event::NodeAdded(spec) | Event::NodeChanged(spec) => self.renamed.node(spec),
                _ => {}
            }
            return Ok(Some(record));
        }
        Ok(None)
    }

    /// A submission's shape, its resources renamed.
    pub fn shape(&mut self, id: ShapeId) -> &Shape {
        self.renamed.shape(id, self.reader.shapes())
    }

    /// A user's or queue's name.
    pub fn text(&self, id: NameId) -> &Arc<str> {
        self.reader.shapes().text(id)
    }

    /// The name of a file.
    pub fn file(&self, file: FileId) -> &Arc<str> {
        self.reader.file(file)
    }

    /// The error that a record cannot be used.
    pub fn error(&self, place: Place, problem: String) -> TraceError {
        TraceError::Record { file: Arc::clone(self.file(place.file)), line: place.line, problem }
    }

    /// Reads everything and sorts it.
    fn sort(&mut self, memory: usize) -> Result<(), TraceError> {
        let mut sorter = Sorter::new(memory);
        let mut first = i64::MAX;
        while let Some(record) = self.reader.next()? {
            first = first.min(record.at);
            if self.selection.takes(&record, self.reader.shapes()) {
                sorter.push(record).map_err(TraceError::Spill)?;
            }
        }
        self.origin.get_or_insert(if first == i64::MAX { 0 } else { first });
        self.order = Order::Sorted(Box::new(sorter.finish().map_err(TraceError::Spill)?));
        Ok(())
    }

    /// The next record in order of the trace's time.
    fn in_order(&mut self) -> Result<Option<Record>, TraceError> {
        let ahead = match &mut self.order {
            Order::Sorted(sorted) => return sorted.next().map_err(TraceError::Spill),
            Order::LookAhead(ahead) => ahead,
        };
        while !ahead.is_full() {
            let Some(record) = self.reader.next()? else { break };
            self.origin.get_or_insert(record.at);
            if self.selection.takes(&record, self.reader.shapes()) {
                ahead.push(record, &*self.reader)?;
            }
        }
        Ok(ahead.pop())
    }

    /// Where a record falls in the run.
    fn place(&self, record: &Record) -> Result<Placed, TraceError> {
        let time = record.at.saturating_sub(self.origin.unwrap_or(0));
        if time < 0 && self.has_past {
            self.repairs.repair(Rule::NegativeTime, || TraceError::Time {
                file: Arc::clone(self.file(record.place.file)),
                line: record.place.line,
                found: Span(time).to_string().into(),
                problem: "is before the trace's start",
                expected: "a time of 0 or more",
            })?;
            return Ok(Placed::At(SimTime::ZERO));
        }
        self.clock.place(time).ok_or_else(|| too_large(&*self.reader, record.place, time))
    }

    /// Counts submissions that ask for nothing.
    fn judge(&mut self, shape: ShapeId, place: Place) -> Result<(), TraceError> {
        let shapes = self.reader.shapes();
        while self.asks_nothing.len() <= shape.0 as usize {
            self.asks_nothing.push(shapes.get(ShapeId(self.asks_nothing.len() as u32)).asks_nothing());
        }
        if self.asks_nothing[shape.0 as usize] {
            let problem =
                || "it requests neither CPU nor memory: expected a request of at least one of them".to_owned();
            self.repairs.repair(Rule::ZeroRequest, || self.error(place, problem()))?;
        }
        Ok(())
    }

    fn scale(&self, job: &mut Submitted, place: Place) -> Result<(), TraceError> {
        let scaled = |span: Span| self.clock.duration(span.0).ok_or_else(|| too_large(&*self.reader, place, span.0));
        job.run = match job.run {
            Run::Forever => Run::Forever,
            Run::Succeeds(span) => Run::Succeeds(scaled(span)?),
            Run::Fails(span) => Run::Fails(scaled(span)?),
        };
        job.estimate = job.estimate.map(scaled).transpose()?;
        job.waited = job.waited.map(scaled).transpose()?;
        Ok(())
    }
}

/// The error that a time is beyond what can be counted.
pub(crate) fn too_large(reader: &dyn Reader, place: Place, nanos: i64) -> TraceError {
    TraceError::Time {
        file: Arc::clone(reader.file(place.file)),
        line: place.line,
        found: Span(nanos).to_string().into(),
        problem: "is too large once it is scaled",
        expected: "a time within 292 years",
    }
}

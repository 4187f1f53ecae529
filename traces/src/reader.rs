//! What reads a format.

use crate::error::TraceError;
use crate::record::{FileId, Record};
use crate::shapes::Shapes;
use std::sync::Arc;

/// A file, or several that belong together, as a stream of records. Only one record is asked for at a time, and a reader of a format
/// that is sorted by time keeps no more than the row at hand and the shapes.
pub trait Reader {
    /// The name of a file that it reads: that of one of its records' places.
    fn file(&self, file: FileId) -> &Arc<str>;

    /// How the times of the records are to be understood.
    fn timeline(&self) -> Timeline;

    /// The next record in the order of the file; `None` at the end, and for ever after.
    ///
    /// # Errors
    /// The row is wrong. What can be repaired by a [rule](crate::repairs::Rule) is repaired and counted instead, unless the
    /// rules are strict.
    fn next(&mut self) -> Result<Option<Record>, TraceError>;

    /// The shapes of the submissions that it has given so far.
    fn shapes(&self) -> &Shapes;

    /// What the lines of its places are, for messages.
    fn unit(&self) -> &'static str {
        "line"
    }

    /// Whether it tells Kubernetes objects, nodes and pods among them, and nothing else.
    fn tells_objects(&self) -> bool {
        false
    }
}

/// How the times of a reader's records are to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// Whether records come in order of time. Those that do are never held in memory; others are sorted first.
    pub sorted: bool,
    /// Where the trace's time begins.
    pub origin: Origin,
}

/// Where a trace's time begins: windows count from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// At 0 of the records' times.
    Zero,
    /// At the earliest record: times are dates, or count from a point that means nothing.
    First,
}

impl Timeline {
    /// Records in order of time, which counts from 0.
    pub const SORTED: Self = Self { sorted: true, origin: Origin::Zero };
    /// Records in any order; time counts from 0.
    pub const UNSORTED: Self = Self { sorted: false, origin: Origin::Zero };
    /// Records in order of time, which are dates.
    pub const SORTED_DATES: Self = Self { sorted: true, origin: Origin::First };
}

/// The records of a format whose files have to be read whole.
#[derive(Debug)]
pub(crate) struct Listed {
    file: Arc<str>,
    timeline: Timeline,
    records: std::vec::IntoIter<Record>,
    shapes: Shapes,
    tells_objects: bool,
}

impl Listed {
    /// Records whose submissions have these shapes.
    pub(crate) fn new(file: Arc<str>, timeline: Timeline, records: Vec<Record>, shapes: Shapes) -> Self {
        Self { file, timeline, records: records.into_iter(), shapes, tells_objects: false }
    }

    /// Records of Kubernetes objects.
    pub(crate) fn of_objects(file: Arc<str>, timeline: Timeline, records: Vec<Record>) -> Self {
        Self { tells_objects: true, ..Self::new(file, timeline, records, Shapes::default()) }
    }
}

impl Reader for Listed {
    fn file(&self, _: FileId) -> &Arc<str> {
        &self.file
    }

    fn timeline(&self) -> Timeline {
        self.timeline
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        Ok(self.records.next())
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    fn unit(&self) -> &'static str {
        if self.tells_objects { "object" } else { "row" }
    }

    fn tells_objects(&self) -> bool {
        self.tells_objects
    }
}

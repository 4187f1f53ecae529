//! What reads a format.

use crate::error::TraceError;
use crate::record::Record;
use crate::shapes::Shapes;
use std::sync::Arc;

/// A file, or several that belong together, as a stream of records. Only one record is asked for at a time, and a reader of a format
/// that is sorted by time keeps no more than the row at hand and the shapes.
pub trait Reader {
    /// What it reads, for messages: the file that is being read.
    fn file(&self) -> &str;

    /// The next record in the order of the file; `None` at the end, and for ever after.
    ///
    /// # Errors
    /// The row is wrong. What can be repaired by a [rule](crate::repairs::Rule) is repaired and counted instead, unless the
    /// rules are strict.
    fn next(&mut self) -> Result<Option<Record>, TraceError>;

    /// The shapes of the submissions that it has given so far.
    fn shapes(&self) -> &Shapes;
}

/// The records of a format whose files have to be read whole.
#[derive(Debug)]
pub(crate) struct Listed {
    file: Arc<str>,
    records: std::vec::IntoIter<Record>,
    shapes: Shapes,
}

impl Listed {
    /// Records without submissions.
    pub(crate) fn new(file: Arc<str>, records: Vec<Record>) -> Self {
        Self::with_shapes(file, records, Shapes::default())
    }

    /// Records whose submissions have these shapes.
    pub(crate) fn with_shapes(file: Arc<str>, records: Vec<Record>, shapes: Shapes) -> Self {
        Self { file, records: records.into_iter(), shapes }
    }
}

impl Reader for Listed {
    fn file(&self) -> &str {
        &self.file
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        Ok(self.records.next())
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

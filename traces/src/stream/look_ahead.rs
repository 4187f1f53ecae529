//! Files that are in order of time but for a few rows: those are sorted in, as far as one looks ahead.

use crate::error::TraceError;
use crate::reader::Reader;
use crate::record::Record;
use crate::repairs::{Repairs, Rule};
use std::collections::VecDeque;
use std::sync::Arc;
use towtank_sim::time::Span;

/// How many records are held back. A row that is further behind its place is an error.
const AHEAD: usize = 4096;

/// The records that were read and are not given yet, in order of time; those of one time in the order of the file.
#[derive(Debug)]
pub(crate) struct LookAhead {
    records: VecDeque<Record>,
    /// The time of the last record that was given.
    given: i64,
    repairs: Repairs,
}

impl LookAhead {
    pub(crate) fn new(repairs: Repairs) -> Self {
        Self { records: VecDeque::new(), given: i64::MIN, repairs }
    }

    /// Whether one should be taken out before another is put in.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.records.len() >= AHEAD
    }

    /// Puts a record where it belongs.
    #[inline]
    pub(crate) fn push(&mut self, record: Record, reader: &dyn Reader) -> Result<(), TraceError> {
        let before = self.records.back().map_or(self.given, |last| last.at);
        if record.at >= before {
            self.records.push_back(record);
            return Ok(());
        }
        let order = || TraceError::Order {
            file: Arc::clone(reader.file(record.place.file)),
            line: record.place.line,
            found: Span(record.at).to_string().into(),
            before: Span(before).to_string().into(),
        };
        if record.at < self.given {
            return Err(order());
        }
        self.repairs.repair(Rule::UnsortedRow, order)?;
        let place = self.records.partition_point(|other| other.at <= record.at);
        self.records.insert(place, record);
        Ok(())
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Record> {
        let record = self.records.pop_front()?;
        self.given = record.at;
        Some(record)
    }
}

//! Readers that are made of tables: one after another, each with what makes records of its rows.

use crate::error::TraceError;
use crate::reader::{Reader, Timeline};
use crate::record::{FileId, Record};
use crate::shapes::Shapes;
use crate::table::{Row, Table};
use std::collections::VecDeque;
use std::sync::Arc;

/// Makes records of the rows of a table.
pub(crate) trait Rows {
    /// What a row tells; nothing if it is left out.
    ///
    /// # Errors
    /// The row is wrong.
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError>;
}

/// Where records go.
pub(crate) struct Out<'r> {
    /// The shapes of submissions.
    pub(crate) shapes: &'r mut Shapes,
    records: &'r mut VecDeque<Record>,
}

impl Out<'_> {
    /// One more record.
    pub(crate) fn push(&mut self, record: Record) {
        self.records.push_back(record);
    }
}

/// Tables as one reader.
pub(crate) struct Parts {
    timeline: Timeline,
    tables: Vec<(Table, Box<dyn Rows>)>,
    current: usize,
    shapes: Shapes,
    ready: VecDeque<Record>,
}

impl Parts {
    /// A reader of tables that are not there yet.
    pub(crate) fn new(timeline: Timeline) -> Self {
        Self { timeline, tables: Vec::new(), current: 0, shapes: Shapes::default(), ready: VecDeque::new() }
    }

    /// One more table, which is read after those before.
    pub(crate) fn and(mut self, mut table: Table, rows: impl Rows + 'static) -> Self {
        table.count_from(self.tables.iter().map(|(table, _)| table.file_count()).sum());
        self.tables.push((table, Box::new(rows)));
        self
    }

    /// The only table.
    pub(crate) fn one(timeline: Timeline, table: Table, rows: impl Rows + 'static) -> Box<dyn Reader> {
        Box::new(Self::new(timeline).and(table, rows))
    }
}

impl Reader for Parts {
    fn file(&self, file: FileId) -> &Arc<str> {
        let mut first = 0;
        for (table, _) in &self.tables {
            first += table.file_count();
            if file.0 < first {
                return table.file_name(file);
            }
        }
        unreachable!("a place is in one of the files")
    }

    fn timeline(&self) -> Timeline {
        self.timeline
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        while self.ready.is_empty() {
            let Some((table, rows)) = self.tables.get_mut(self.current) else { break };
            let mut out = Out { shapes: &mut self.shapes, records: &mut self.ready };
            if let Some(row) = table.next_row()? {
                rows.row(row, &mut out)?;
            } else {
                self.current += 1;
            }
        }
        Ok(self.ready.pop_front())
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

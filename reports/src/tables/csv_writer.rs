//! Tables as CSV.

use super::cell::{Cell, Column};
use super::rows::Row;
use std::io::{self, Write};

/// So many bytes are gathered before they are written.
const BUFFER: usize = 1 << 16;

/// Writes a table row by row, so that a table may be larger than memory.
///
/// A run writes a row for each pod, which may be as many as it makes decisions; so fields go into the buffer as they are, and only a text
/// is looked through for what has to be quoted (RFC 4180).
#[derive(Debug)]
pub struct TableWriter<W: Write> {
    writer: W,
    columns: usize,
    buffer: Vec<u8>,
}

impl<W: Write> TableWriter<W> {
    /// Starts a table of rows of type `R` with its header.
    pub fn of<R: Row>(writer: W) -> Self {
        Self::begin(R::COLUMNS.iter().map(|(name, _)| *name), writer)
    }

    /// Starts a table with these columns.
    pub fn new(columns: &[Column], writer: W) -> Self {
        Self::begin(columns.iter().map(|column| &*column.name), writer)
    }

    fn begin<'n>(names: impl Iterator<Item = &'n str>, writer: W) -> Self {
        let mut table = Self { writer, columns: 0, buffer: Vec::with_capacity(2 * BUFFER) };
        for name in names {
            table.columns += 1;
            Cell::Text(name).write(&mut table.buffer);
            table.buffer.push(b',');
        }
        table.end_row();
        table
    }

    /// Appends one row, of the type that the table was started with; another number of columns is an error.
    ///
    /// # Errors
    /// Where the writer below cannot be written to.
    pub fn row<R: Row>(&mut self, row: &R) -> io::Result<()> {
        self.cells(row.cells().as_ref())
    }

    /// Appends one row; another number of columns is an error.
    ///
    /// # Errors
    /// Where the writer below cannot be written to.
    pub fn cells(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        if cells.len() != self.columns {
            let why = format!("a row of {} fields in a table of {} columns", cells.len(), self.columns);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        for cell in cells {
            cell.write(&mut self.buffer);
            self.buffer.push(b',');
        }
        self.end_row();
        if self.buffer.len() >= BUFFER {
            self.writer.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// The comma behind the last field is the end of the line.
    fn end_row(&mut self) {
        match self.buffer.last_mut() {
            Some(last) => *last = b'\n',
            None => self.buffer.push(b'\n'),
        }
    }

    /// Writes what is still buffered and gives the writer back.
    ///
    /// # Errors
    /// Where the writer below cannot be written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.writer.write_all(&self.buffer)?;
        self.writer.flush()?;
        Ok(self.writer)
    }
}

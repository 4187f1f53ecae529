//! Tables as CSV.

use super::cell::{Cell, Column};
use super::rows::Row;
use std::io::Write;

/// Writes a table row by row, so that a table may be larger than memory.
#[derive(Debug)]
pub struct TableWriter<W: Write> {
    writer: csv::Writer<W>,
    text: String,
}

impl<W: Write> TableWriter<W> {
    /// Starts a table of rows of type `R` with its header.
    ///
    /// # Errors
    /// Where the writer below cannot be written to.
    pub fn of<R: Row>(writer: W) -> csv::Result<Self> {
        Self::begin(R::COLUMNS.iter().map(|(name, _)| *name), writer)
    }

    /// Starts a table with these columns.
    ///
    /// # Errors
    /// Where the writer below cannot be written to.
    pub fn new(columns: &[Column], writer: W) -> csv::Result<Self> {
        Self::begin(columns.iter().map(|column| &*column.name), writer)
    }

    fn begin<'n>(names: impl Iterator<Item = &'n str>, writer: W) -> csv::Result<Self> {
        let mut writer = csv::Writer::from_writer(writer);
        writer.write_record(names)?;
        Ok(Self { writer, text: String::new() })
    }

    /// Appends one row, of the type that the table was started with; another number of columns is an error.
    pub fn row<R: Row>(&mut self, row: &R) -> csv::Result<()> {
        self.cells(&row.cells())
    }

    /// Appends one row; another number of columns is an error.
    pub fn cells(&mut self, cells: &[Cell<'_>]) -> csv::Result<()> {
        for cell in cells {
            if let Cell::Text(text) = cell {
                self.writer.write_field(text)?;
            } else {
                self.text.clear();
                cell.write(&mut self.text);
                self.writer.write_field(&self.text)?;
            }
        }
        self.writer.write_record(None::<&[u8]>)
    }

    /// Writes what is still buffered and gives the writer back.
    pub fn finish(mut self) -> csv::Result<W> {
        self.writer.flush()?;
        self.writer.into_inner().map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))
    }
}

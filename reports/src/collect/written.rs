//! A table that is written during a run, where nobody can be told of an error at once.

use crate::output::{OutputError, OutputFile};
use crate::tables::{Row, TableWriter};
use std::io;

/// A table that remembers its first error and writes nothing after it.
pub(super) struct WrittenTable {
    table: Result<TableWriter<OutputFile>, OutputError>,
    path: std::path::PathBuf,
}

impl WrittenTable {
    /// A table of rows of type `R` in a file.
    pub(super) fn new<R: Row>(file: OutputFile) -> Self {
        let path = file.path().to_owned();
        let table = TableWriter::new::<R>(file).map_err(|error| failed(&path, error));
        Self { table, path }
    }

    /// Writes a row, unless something could not be written before.
    pub(super) fn write(&mut self, row: &impl Row) {
        if let Ok(table) = &mut self.table
            && let Err(error) = table.write(row)
        {
            self.table = Err(failed(&self.path, error));
        }
    }

    /// Ends the file, or tells the first error.
    pub(super) fn finish(self) -> Result<(), OutputError> {
        self.table?.finish().map_err(|error| failed(&self.path, error))?.finish()
    }
}

fn failed(path: &std::path::Path, error: csv::Error) -> OutputError {
    OutputError::Io { action: "write", path: path.to_owned(), source: io::Error::other(error) }
}

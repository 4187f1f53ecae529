//! A table that is written during a run, where nobody can be told of an error at once.

use crate::data::Series;
use crate::output::{LaterFile, OutputDir, OutputError, OutputFile};
use crate::tables::{Cell, Column, Row, TableWriter};
#[cfg(feature = "parquet")]
use crate::tables::{ParquetWriter, series_cells, series_columns};
use std::io;
use std::path::{Path, PathBuf};

/// A table that remembers its first error and writes nothing after it.
pub(super) struct WrittenTable {
    csv: Result<TableWriter<OutputFile>, OutputError>,
    path: PathBuf,
    #[cfg(feature = "parquet")]
    parquet: Option<Result<ParquetWriter<OutputFile>, OutputError>>,
    #[cfg(feature = "parquet")]
    parquet_path: PathBuf,
}

/// The files of a table that has not been started: CSV always, Parquet where it is asked for.
pub(super) struct TableFiles {
    name: &'static str,
    csv: LaterFile,
    #[cfg(feature = "parquet")]
    parquet: Option<LaterFile>,
}

impl TableFiles {
    /// Those of a table of this name.
    ///
    /// # Errors
    /// Parquet is asked for, and this program has none.
    pub(super) fn new(out: &OutputDir, name: &'static str, parquet: bool) -> Result<Self, OutputError> {
        let csv = out.later(&format!("{name}.csv"));
        #[cfg(feature = "parquet")]
        let files = Self { name, csv, parquet: parquet.then(|| out.later(&format!("{name}.parquet"))) };
        #[cfg(not(feature = "parquet"))]
        let files = if parquet { return Err(OutputError::NoParquet) } else { Self { name, csv } };
        Ok(files)
    }

    /// Starts a table of rows of type `R`.
    ///
    /// # Errors
    /// A file cannot be created.
    pub(super) fn begin<R: Row>(self) -> Result<WrittenTable, OutputError> {
        let column = |(name, kind): &(&'static str, _)| Column { name: (*name).into(), kind: *kind };
        let columns: Vec<Column> = R::COLUMNS.iter().map(column).collect();
        self.begin_with(&columns)
    }

    /// Starts a table with these columns.
    ///
    /// # Errors
    /// A file cannot be created.
    pub(super) fn begin_with(self, columns: &[Column]) -> Result<WrittenTable, OutputError> {
        let file = self.csv.create()?;
        let path = file.path().to_owned();
        let csv = TableWriter::new(columns, file).map_err(|error| failed(&path, io::Error::other(error)));
        #[cfg(feature = "parquet")]
        let (parquet, parquet_path) = match self.parquet {
            None => (None, PathBuf::new()),
            Some(file) => {
                let file = file.create()?;
                let path = file.path().to_owned();
                let writer = ParquetWriter::new(self.name, columns, file);
                (Some(writer.map_err(|error| failed(&path, error))), path)
            }
        };
        #[cfg(not(feature = "parquet"))]
        let _ = self.name;
        Ok(WrittenTable {
            csv,
            path,
            #[cfg(feature = "parquet")]
            parquet,
            #[cfg(feature = "parquet")]
            parquet_path,
        })
    }
}

impl WrittenTable {
    /// Writes a row, unless something could not be written before.
    pub(super) fn write(&mut self, row: &impl Row) {
        self.cells(&row.cells());
    }

    /// The same, of a row by its fields.
    pub(super) fn cells(&mut self, cells: &[Cell<'_>]) {
        if let Ok(csv) = &mut self.csv
            && let Err(error) = csv.cells(cells)
        {
            self.csv = Err(failed(&self.path, io::Error::other(error)));
        }
        #[cfg(feature = "parquet")]
        if let Some(Ok(parquet)) = &mut self.parquet
            && let Err(error) = parquet.cells(cells)
        {
            self.parquet = Some(Err(failed(&self.parquet_path, error)));
        }
    }

    /// Ends the files, or tells the first error.
    pub(super) fn finish(self) -> Result<(), OutputError> {
        self.csv?.finish().map_err(|error| failed(&self.path, io::Error::other(error)))?.finish()?;
        #[cfg(feature = "parquet")]
        if let Some(parquet) = self.parquet {
            parquet?.finish().map_err(|error| failed(&self.parquet_path, error))?.finish()?;
        }
        Ok(())
    }
}

/// Writes a time series as Parquet; as CSV it is part of a run's report.
///
/// # Errors
/// The file cannot be written, or this program has no Parquet.
pub(super) fn write_series(out: &OutputDir, series: &Series) -> Result<(), OutputError> {
    #[cfg(not(feature = "parquet"))]
    {
        let _ = (out, series);
        Err(OutputError::NoParquet)
    }
    #[cfg(feature = "parquet")]
    {
        let file = out.file("timeseries.parquet")?;
        let path = file.path().to_owned();
        let failed = |error| failed(&path, error);
        let mut table = ParquetWriter::new("timeseries", &series_columns(series), file).map_err(failed)?;
        for row in 0..series.times_ns.len() {
            table.cells(&series_cells(series, row)).map_err(failed)?;
        }
        table.finish().map_err(failed)?.finish()
    }
}

fn failed(path: &Path, source: io::Error) -> OutputError {
    OutputError::Io { action: "write", path: path.to_owned(), source }
}

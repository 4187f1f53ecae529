//! A table that is written during a run, where nobody can be told of an error at once.

use super::background::{Background, Clerk, Ending, Notes};
use crate::data::Series;
use crate::output::{LaterFile, OutputDir, OutputError, OutputFile};
use crate::tables::{Cell, Column, Row, TableWriter};
#[cfg(feature = "parquet")]
use crate::tables::{ParquetWriter, series_cells, series_columns};
use std::io;
use std::path::{Path, PathBuf};

/// A table that remembers its first error and writes nothing after it.
pub(super) struct WrittenTable {
    columns: usize,
    csv: Result<TableWriter<OutputFile>, OutputError>,
    path: PathBuf,
    #[cfg(feature = "parquet")]
    parquet: Option<Result<ParquetWriter<OutputFile>, OutputError>>,
    #[cfg(feature = "parquet")]
    parquet_path: PathBuf,
}

/// A table of very many rows, which another thread writes.
pub(super) struct BackgroundTable(Background<WrittenTable>);

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
    #[cfg_attr(
        feature = "parquet",
        expect(clippy::unnecessary_wraps, reason = "only a program without Parquet refuses it")
    )]
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
        let csv = Ok(TableWriter::new(columns, file));
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
            columns: columns.len(),
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
    /// Where it will be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a row, unless something could not be written before.
    pub(super) fn write(&mut self, row: &impl Row) {
        self.cells(row.cells().as_ref());
    }

    /// The same, of a row by its fields.
    pub(super) fn cells(&mut self, cells: &[Cell<'_>]) {
        if let Ok(csv) = &mut self.csv
            && let Err(error) = csv.cells(cells)
        {
            self.csv = Err(failed(&self.path, error));
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
        self.csv?.finish().map_err(|error| failed(&self.path, error))?.finish()?;
        #[cfg(feature = "parquet")]
        if let Some(parquet) = self.parquet {
            parquet?.finish().map_err(|error| failed(&self.parquet_path, error))?.finish()?;
        }
        Ok(())
    }
}

impl BackgroundTable {
    /// Hands a table over.
    ///
    /// # Errors
    /// The system has no thread to spare.
    pub(super) fn new(table: WrittenTable) -> Result<Self, OutputError> {
        let path = table.path.clone();
        let no_thread = |source| OutputError::Io { action: "begin to write", path, source };
        Background::new(table).map(Self).map_err(no_thread)
    }

    /// Writes a row, unless something could not be written before.
    #[inline]
    pub(super) fn write(&mut self, row: &impl Row) {
        let mut pad = self.0.pad();
        let cells = row.cells();
        let cells = cells.as_ref();
        // What kinds of fields there are and their numbers, then all texts.
        for cell in cells {
            let (kind, number) = match *cell {
                Cell::Blank => (BLANK, 0),
                Cell::Text(text) => (TEXT, text.len() as i64),
                Cell::Whole(number) => (WHOLE, number),
                Cell::Seconds(nanoseconds) => (SECONDS, nanoseconds),
                Cell::Fraction(fraction) => (FRACTION, fraction.to_bits() as i64),
            };
            pad.tagged(kind, number);
        }
        for cell in cells {
            if let Cell::Text(text) = *cell {
                pad.letters(text.as_bytes());
            }
        }
    }

    /// The last row is written.
    pub(super) fn end(self) -> Ending<Result<(), OutputError>> {
        self.0.end()
    }
}

/// What a cell is noted as.
const BLANK: u8 = 0;
const TEXT: u8 = 1;
const WHOLE: u8 = 2;
const SECONDS: u8 = 3;
const FRACTION: u8 = 4;

impl Clerk for WrittenTable {
    type Done = Result<(), OutputError>;

    fn take(&mut self, mut notes: Notes<'_>) {
        let mut numbered = Vec::with_capacity(self.columns);
        let mut row = Vec::with_capacity(self.columns);
        while !notes.is_empty() {
            numbered.clear();
            numbered.extend((0..self.columns).map(|_| notes.tagged()));
            row.clear();
            row.extend(numbered.iter().map(|&(kind, number)| match kind {
                TEXT => Cell::Text(notes.letters(number as usize)),
                WHOLE => Cell::Whole(number),
                SECONDS => Cell::Seconds(number),
                FRACTION => Cell::Fraction(f64::from_bits(number as u64)),
                _ => Cell::Blank,
            }));
            self.cells(&row);
        }
    }

    fn finish(self) -> Self::Done {
        Self::finish(self)
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

//! Tables as Parquet: the columns of the CSV, numbers as numbers, blanks as nulls; pages are Snappy.

use super::cell::{Cell, Column, Kind};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::io::{Error, Result, Write};
use std::sync::Arc;

/// How many rows are held in memory.
const GROUP: usize = 1 << 16;

const NANOS_PER_SECOND: f64 = 1e9;

/// Writes a table row by row; the rows of a group are held until it is full.
pub struct ParquetWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Values>,
    rows: usize,
}

/// The rows at hand of one column: for each whether it says something, and what.
struct Values {
    levels: Vec<i16>,
    values: Typed,
}

enum Typed {
    Texts(Vec<ByteArray>),
    Wholes(Vec<i64>),
    Doubles(Vec<f64>),
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Starts a table of this name with these columns.
    ///
    /// # Errors
    /// Where the writer below cannot be written to.
    pub fn new(name: &str, columns: &[Column], writer: W) -> Result<Self> {
        let field = |column: &Column| {
            let (physical, logical) = match column.kind {
                Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
                Kind::Whole => (Physical::INT64, None),
                Kind::Seconds | Kind::Fraction => (Physical::DOUBLE, None),
            };
            let builder = Type::primitive_type_builder(&column.name, physical).with_logical_type(logical);
            builder.with_repetition(Repetition::OPTIONAL).build().map(Arc::new)
        };
        let fields = columns.iter().map(field).collect::<std::result::Result<Vec<_>, _>>().map_err(broken)?;
        let schema = Type::group_type_builder(name).with_fields(fields).build().map_err(broken)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = SerializedFileWriter::new(writer, Arc::new(schema), Arc::new(properties)).map_err(broken)?;
        Ok(Self { writer, columns: columns.iter().map(|column| Values::new(column.kind)).collect(), rows: 0 })
    }

    /// Appends one row.
    ///
    /// # Errors
    /// Where the writer below cannot be written to.
    pub fn cells(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        debug_assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
        self.rows += 1;
        if self.rows == GROUP { self.group() } else { Ok(()) }
    }

    /// Writes what is still held and gives the writer back.
    ///
    /// # Errors
    /// Where the writer below cannot be written to.
    pub fn finish(mut self) -> Result<W> {
        self.group()?;
        self.writer.into_inner().map_err(broken)
    }

    fn group(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group().map_err(broken)?;
        for column in &mut self.columns {
            column.write(&mut group).map_err(broken)?;
        }
        group.close().map_err(broken)?;
        self.rows = 0;
        Ok(())
    }
}

impl Values {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text => Typed::Texts(Vec::new()),
            Kind::Whole => Typed::Wholes(Vec::new()),
            Kind::Seconds | Kind::Fraction => Typed::Doubles(Vec::new()),
        };
        Self { levels: Vec::new(), values }
    }

    fn push(&mut self, cell: &Cell<'_>) {
        self.levels.push(i16::from(!cell.is_blank()));
        match (&mut self.values, *cell) {
            (Typed::Texts(texts), Cell::Text(text)) if !text.is_empty() => {
                texts.push(ByteArray::from(text.as_bytes().to_vec()));
            }
            (Typed::Wholes(numbers), Cell::Whole(number)) => numbers.push(number),
            (Typed::Doubles(numbers), Cell::Seconds(nanos)) => numbers.push(nanos as f64 / NANOS_PER_SECOND),
            (Typed::Doubles(numbers), Cell::Fraction(fraction)) => numbers.push(fraction),
            (_, other) => debug_assert!(other.is_blank(), "{other:?} is of another kind than its column"),
        }
    }

    fn write<W: Write + Send>(&mut self, group: &mut SerializedRowGroupWriter<'_, W>) -> parquet::errors::Result<()> {
        let Some(mut column) = group.next_column()? else { return Ok(()) };
        let levels = Some(self.levels.as_slice());
        match &mut self.values {
            Typed::Texts(values) => {
                column.typed::<ByteArrayType>().write_batch(values, levels, None)?;
                values.clear();
            }
            Typed::Wholes(values) => {
                column.typed::<Int64Type>().write_batch(values, levels, None)?;
                values.clear();
            }
            Typed::Doubles(values) => {
                column.typed::<DoubleType>().write_batch(values, levels, None)?;
                values.clear();
            }
        }
        self.levels.clear();
        column.close()
    }
}

/// An error of the system is told as such, whatever the library has wrapped it in.
fn broken(error: ParquetError) -> Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<Error>() {
            Ok(error) => *error,
            Err(other) => Error::other(other),
        },
        other => Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{PodRow, Row as _, TableWriter};
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;

    /// What is read from the file is what the CSV says, in more groups than one.
    #[test]
    fn it_says_what_the_csv_says() {
        let column = |(name, kind): &(&'static str, Kind)| Column { name: (*name).into(), kind: *kind };
        let columns: Vec<Column> = PodRow::COLUMNS.iter().map(column).collect();
        let mut parquet = ParquetWriter::new("pods", &columns, Vec::new()).unwrap();
        let mut csv = TableWriter::new(&columns, Vec::new());
        for number in 0..GROUP as i64 + 3 {
            let name = format!("pod-{number}");
            let row = PodRow {
                namespace: "default",
                name: &name,
                outcome: if number % 2 == 0 { "succeeded" } else { "" },
                cpu_milli: number * 250,
                created_ns: number * 1_500_000_000,
                bound_ns: (number % 3 == 0).then_some(number * 1_500_000_000 + 1_000),
                ..PodRow::default()
            };
            parquet.cells(row.cells().as_ref()).unwrap();
            csv.row(&row).unwrap();
        }
        let reader = SerializedFileReader::new(bytes::Bytes::from(parquet.finish().unwrap())).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
        let mut text = csv::Writer::from_writer(Vec::new());
        text.write_record(columns.iter().map(|column| column.name.as_bytes())).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let fields = row.get_column_iter().map(|(_, field)| match field {
                Field::Null => String::new(),
                Field::Str(text) => text.clone(),
                Field::Double(seconds) => format!("{seconds:.6}"),
                other => other.to_string(),
            });
            text.write_record(fields).unwrap();
        }
        assert!(text.into_inner().unwrap() == csv.finish().unwrap());
    }
}

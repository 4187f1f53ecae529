//! The generic table as Parquet: the columns of the CSV, numbers as numbers, blanks as nulls; pages are Snappy.

use super::losses::Losses;
use super::rows::{Cell, Kind, PodRows, node_rows};
use super::survey::Survey;
use super::{PodWriter, Target, WriteError};
use crate::record::Record;
use crate::stream::Stream;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::io::Write;
use std::sync::Arc;

/// How many rows are held in memory.
const GROUP: usize = 1 << 16;

pub(super) const TARGET: Target = Target {
    name: "parquet",
    about: "towtank's own CSV as Parquet",
    extension: "parquet",
    pods: Some(open),
    nodes: Some(nodes),
};

struct Table<'o> {
    rows: PodRows,
    file: File<'o>,
}

fn open<'o>(survey: &'o Survey, out: &'o mut (dyn Write + Send)) -> Result<Box<dyn PodWriter + 'o>, WriteError> {
    let rows = PodRows::new(survey)?;
    let file = File::begin(&rows.columns, out)?;
    Ok(Box::new(Table { rows, file }))
}

impl PodWriter for Table<'_> {
    fn write(&mut self, record: &Record, stream: &mut Stream, losses: &mut Losses) -> Result<(), WriteError> {
        let mut row = Vec::new();
        if self.rows.row(record, stream, losses, &mut row) { self.file.push(row) } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<(), WriteError> {
        self.file.finish()
    }
}

fn nodes(records: &[Record], losses: &mut Losses, out: &mut (dyn Write + Send)) -> Result<(), WriteError> {
    if records.iter().any(|record| matches!(record.event, crate::record::Event::Applied(_))) {
        let why = "nodes that are Kubernetes objects are converted to manifests only";
        return Err(WriteError::NotSaid(why.to_owned()));
    }
    let (columns, rows) = node_rows(records, losses);
    let mut file = File::begin(&columns, out)?;
    for row in rows {
        file.push(row)?;
    }
    file.finish()
}

/// A file, and the rows of the group at hand.
struct File<'o> {
    kinds: Vec<Kind>,
    rows: Vec<Vec<Cell>>,
    /// `None` once it is closed.
    writer: Option<SerializedFileWriter<&'o mut (dyn Write + Send)>>,
}

impl<'o> File<'o> {
    fn begin(columns: &[(String, Kind)], out: &'o mut (dyn Write + Send)) -> Result<Self, WriteError> {
        let field = |(name, kind): &(String, Kind)| {
            let (physical, logical) = match kind {
                Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
                Kind::Whole => (Physical::INT64, None),
                Kind::Decimal => (Physical::DOUBLE, None),
            };
            let builder = Type::primitive_type_builder(name, physical).with_logical_type(logical);
            builder.with_repetition(Repetition::OPTIONAL).build().map(Arc::new)
        };
        let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>().map_err(broken)?;
        let schema = Type::group_type_builder("trace").with_fields(fields).build().map_err(broken)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)).map_err(broken)?;
        let kinds = columns.iter().map(|(_, kind)| *kind).collect();
        Ok(Self { kinds, rows: Vec::new(), writer: Some(writer) })
    }

    fn push(&mut self, row: Vec<Cell>) -> Result<(), WriteError> {
        self.rows.push(row);
        if self.rows.len() >= GROUP { self.group() } else { Ok(()) }
    }

    /// Writes the rows that are held.
    fn group(&mut self) -> Result<(), WriteError> {
        let rows = std::mem::take(&mut self.rows);
        let Some(writer) = self.writer.as_mut().filter(|_| !rows.is_empty()) else { return Ok(()) };
        let mut group = writer.next_row_group().map_err(broken)?;
        for (i, kind) in self.kinds.iter().enumerate() {
            let Some(mut column) = group.next_column().map_err(broken)? else { break };
            let levels: Vec<i16> = rows.iter().map(|row| i16::from(row[i] != Cell::Blank)).collect();
            let cells = rows.iter().map(|row| &row[i]).filter(|cell| **cell != Cell::Blank);
            let written = match kind {
                Kind::Text => {
                    let values: Vec<ByteArray> = cells.map(|cell| ByteArray::from(cell.text().into_bytes())).collect();
                    column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)
                }
                Kind::Whole => {
                    let values: Vec<i64> = cells.map(whole).collect();
                    column.typed::<Int64Type>().write_batch(&values, Some(&levels), None)
                }
                Kind::Decimal => {
                    // The text has at most six decimals, so the nearest number is written as the same text again.
                    let values: Vec<f64> = cells.map(|cell| cell.text().parse().unwrap_or(f64::NAN)).collect();
                    column.typed::<DoubleType>().write_batch(&values, Some(&levels), None)
                }
            };
            written.and_then(|_| column.close()).map_err(broken)?;
        }
        group.close().map_err(broken)?;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), WriteError> {
        self.group()?;
        if let Some(writer) = self.writer.take() {
            writer.close().map_err(broken)?;
        }
        Ok(())
    }
}

fn whole(cell: &Cell) -> i64 {
    match cell {
        Cell::Whole(number) => *number,
        _ => 0,
    }
}

fn broken(error: parquet::errors::ParquetError) -> WriteError {
    WriteError::Output(std::io::Error::other(error))
}

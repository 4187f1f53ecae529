//! The generic CSV.

use super::losses::Losses;
use super::rows::{Cell, Kind, PodRows, node_rows};
use super::survey::Survey;
use super::{PodWriter, Target, WriteError};
use crate::record::Record;
use crate::stream::Stream;
use csv::Writer;
use std::io::Write;

pub(super) const TARGET: Target =
    Target { name: "csv", about: "towtank's own CSV", extension: "csv", pods: Some(open), nodes: Some(nodes) };

struct Table<'o> {
    rows: PodRows,
    row: Vec<Cell>,
    out: Writer<&'o mut (dyn Write + Send)>,
}

fn open<'o>(survey: &'o Survey, out: &'o mut (dyn Write + Send)) -> Result<Box<dyn PodWriter + 'o>, WriteError> {
    let rows = PodRows::new(survey)?;
    let mut out = Writer::from_writer(out);
    header(&rows.columns, &mut out)?;
    Ok(Box::new(Table { rows, row: Vec::new(), out }))
}

impl PodWriter for Table<'_> {
    fn write(&mut self, record: &Record, stream: &mut Stream, losses: &mut Losses) -> Result<(), WriteError> {
        if self.rows.row(record, stream, losses, &mut self.row) { write(&self.row, &mut self.out) } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<(), WriteError> {
        Ok(self.out.flush()?)
    }
}

fn nodes(records: &[Record], losses: &mut Losses, out: &mut (dyn Write + Send)) -> Result<(), WriteError> {
    if records.iter().any(|record| matches!(record.event, crate::record::Event::Applied(_))) {
        let why = "nodes that are Kubernetes objects are converted to manifests only";
        return Err(WriteError::NotSaid(why.to_owned()));
    }
    let (columns, rows) = node_rows(records, losses);
    let mut out = Writer::from_writer(out);
    header(&columns, &mut out)?;
    for row in rows {
        write(&row, &mut out)?;
    }
    Ok(out.flush()?)
}

fn header(columns: &[(String, Kind)], out: &mut Writer<&mut (dyn Write + Send)>) -> Result<(), WriteError> {
    out.write_record(columns.iter().map(|(name, _)| name)).map_err(std::io::Error::from)?;
    Ok(())
}

fn write(row: &[Cell], out: &mut Writer<&mut (dyn Write + Send)>) -> Result<(), WriteError> {
    let mut text = String::new();
    for cell in row {
        text.clear();
        cell.write(&mut text);
        out.write_field(&text).map_err(std::io::Error::from)?;
    }
    // The end of the row.
    out.write_record(None::<&[u8]>).map_err(std::io::Error::from)?;
    Ok(())
}

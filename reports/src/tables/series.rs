//! `timeseries` and `curves`.

use super::cell::{Cell, Column, Kind};
use super::csv_writer::TableWriter;
use crate::data::{Curve, Series};
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes `curves.csv`: one line per point of each curve.
///
/// # Errors
/// Where the writer cannot be written to.
pub fn write_curves<W: Write>(curves: &[Curve], writer: W) -> csv::Result<()> {
    let mut writer = csv::Writer::from_writer(writer);
    writer.write_record(["curve", "at", "value"])?;
    for curve in curves {
        for (at, value) in &curve.points {
            writer.write_record([&curve.name, &at.to_string(), &value.to_string()])?;
        }
    }
    writer.flush()?;
    Ok(())
}

/// Writes `timeseries.csv`: one line per sample.
///
/// # Errors
/// Where the writer cannot be written to.
pub fn write_series<W: Write>(series: &Series, writer: W) -> io::Result<()> {
    let mut table = TableWriter::new(&series_columns(series), writer);
    for row in 0..series.times_ns.len() {
        table.cells(&series_cells(series, row))?;
    }
    table.finish().map(|_| ())
}

/// The columns of a time series: for each resource its capacity and allocation in base units, then the named counters.
pub fn series_columns(series: &Series) -> Vec<Column> {
    let whole = |name: Cow<'static, str>| Column { name, kind: Kind::Whole };
    let mut columns = vec![Column { name: "time_s".into(), kind: Kind::Seconds }];
    columns.extend(["pods_pending", "pods_running", "nodes", "nodes_ready"].map(|name| whole(name.into())));
    for resource in &series.resources {
        columns.extend(["capacity", "allocated"].map(|what| whole(format!("{}_{what}", resource.name).into())));
    }
    columns.extend(series.counters.iter().map(|(name, _)| whole(name.clone().into())));
    columns
}

/// A sample, by its number from 0.
pub fn series_cells(series: &Series, row: usize) -> Vec<Cell<'static>> {
    let state = [&series.pods_pending, &series.pods_running, &series.nodes_total, &series.nodes_ready];
    let resources = series.resources.iter().flat_map(|resource| [&resource.capacity, &resource.allocated]);
    let counters = series.counters.iter().map(|(_, column)| column);
    let columns = state.into_iter().chain(resources).chain(counters);
    std::iter::once(Cell::Seconds(series.times_ns[row])).chain(columns.map(|column| Cell::Whole(column[row]))).collect()
}

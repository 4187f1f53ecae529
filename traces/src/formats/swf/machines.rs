//! Alea's files of clusters.

use super::{MAX, node};
use crate::error::{TraceError, shorten};
use crate::input::InputFile;
use crate::lines::Lines;
use crate::number;
use crate::reader::{Listed, Reader, Timeline};
use crate::record::{Event, FileId, Record};
use crate::shapes::Shapes;
use std::sync::Arc;
use towtank_sim::model::quantity::Quantity;

const COLUMNS: [&str; 6] = ["id", "name", "nodes", "CPUs", "speed", "memory"];

/// The nodes of all clusters: `CLUSTER-0`, `CLUSTER-1`, ... with the label `cluster`.
pub(super) fn nodes(files: Vec<InputFile>) -> Result<Box<dyn Reader>, TraceError> {
    let mut lines = Lines::open(files)?;
    let mut records = Vec::new();
    while lines.advance()? {
        let fields: Vec<&[u8]> =
            lines.utf8()?.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).collect();
        let place = lines.place();
        let file = || Arc::clone(lines.file(place.file));
        if fields.len() != COLUMNS.len() {
            let (found, expected) = (fields.len(), COLUMNS.len());
            return Err(TraceError::FieldCount { file: file(), line: place.line, found, expected, what: "a cluster" });
        }
        let whole = |column: usize, least: i64, most: i64, expected: &str| {
            let value = number::whole(fields[column]).ok().filter(|value| (least..=most).contains(value));
            value.ok_or_else(|| TraceError::Value {
                file: file(),
                line: place.line,
                column: COLUMNS[column].into(),
                found: shorten(fields[column]),
                problem: "is out of range",
                expected: expected.into(),
            })
        };
        let name = String::from_utf8_lossy(fields[1]).into_owned();
        let count = whole(2, 0, MAX, "the number of nodes, at most 10 million")?;
        let cpus = whole(3, 1, MAX, "the CPUs of each node, from 1 to 10 million")?;
        let kilobytes = whole(5, 0, i64::MAX / 1024, "the memory of each node in KB")?;
        for i in 0..count {
            let mut node = node(format!("{name}-{i}"), cpus);
            node.allocatable.insert("memory".to_owned(), Quantity::from_units(kilobytes * 1024));
            node.labels.insert("cluster".to_owned(), name.clone());
            records.push(Record { at: 0, place, event: Event::NodeAdded(Box::new(node)) });
        }
    }
    let file = Arc::clone(lines.file(FileId(0)));
    if records.is_empty() {
        let expected = "clusters: id, name, nodes, CPUs per node, speed, memory per node in KB";
        return Err(TraceError::EmptyDocument { file, expected: expected.into() });
    }
    Ok(Box::new(Listed::new(file, Timeline::SORTED, records, Shapes::default())))
}

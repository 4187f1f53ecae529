//! Tables of what is expected, row by row.

use super::{Mismatch, Recording};
use crate::diagnostic::Diagnostic;
use std::collections::BTreeMap;

/// A row by the names of its columns.
pub(super) type Row = BTreeMap<String, String>;

/// After a first difference two clusters are no longer the same, so what follows says little: no more is shown than this.
const SHOWN: usize = 10;

/// The rows of `expected.csv`.
///
/// # Errors
/// It cannot be read.
pub(super) fn expected(recording: &Recording) -> Result<Vec<Row>, Diagnostic> {
    let Some((path, text)) = recording.beside("expected.csv")? else {
        return Err(Diagnostic::in_file(recording.path(), "expected a file expected.csv in this folder"));
    };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, csv::Error>>().map_err(|error| {
        let line = error.position().map_or(1, csv::Position::line);
        Diagnostic::in_file(&path, error.to_string()).at(usize::try_from(line).unwrap_or(1), 1)
    })
}

/// Compares a row with the one of this index, column by column.
pub(super) fn compare(expected: &[Row], index: usize, got: &Row, mismatches: &mut Vec<Mismatch>) {
    let Some(row) = expected.get(index) else { return };
    for (column, value) in got {
        if row.get(column).is_some_and(|wanted| wanted != value) {
            let pod = got.get("pod").map_or("", String::as_str);
            let shown = |value: &String| if value.is_empty() { "nothing".to_owned() } else { value.clone() };
            let what = format!("row {}, {pod}, {column}", index + 1);
            mismatches.push(Mismatch::new(what, shown(&row[column]), shown(value)));
        }
    }
}

/// Whether there are as many rows as expected.
pub(super) fn compare_length(expected: &[Row], got: usize, mismatches: &mut Vec<Mismatch>) {
    if expected.len() != got {
        mismatches.push(Mismatch::new("the number of rows", expected.len(), got));
    }
}

/// The first differences, and how many more there are.
pub(super) fn first(mut mismatches: Vec<Mismatch>) -> Vec<Mismatch> {
    let more = mismatches.len().saturating_sub(SHOWN);
    mismatches.truncate(SHOWN);
    if more > 0 {
        mismatches.push(Mismatch::new("further differences", 0, more));
    }
    mismatches
}

//! Controllers of kube-controller-manager against a clock: what they do, what they say of objects, what is there at the end.

use super::{CaseResult, Kind, Options, Recording};
use crate::conform::controllers::{Script, not_modelled, play};
use crate::conform::{Mismatch, compare, table};
use crate::diagnostic::Diagnostic;
use serde_json::Value;

/// How far apart the same thing may be in a recording and here, in seconds: there, every request takes its time.
const TOLERANCE: f64 = 0.1;

pub(super) const KIND: Kind = Kind {
    name: "controllers",
    recognised: |recording| !recording.is_folder() && recording.has(&["controllers", "steps", "expect"]),
    run,
};

fn run(recording: &Recording, options: &Options) -> Result<Vec<CaseResult>, Diagnostic> {
    let script: Script = recording.yaml()?;
    if !options.wants(&script.name, &script.covers) {
        return Ok(Vec::new());
    }
    let missing = not_modelled(recording, &script)?;
    if !missing.is_empty() {
        return Ok(vec![CaseResult { not_modelled: missing, ..CaseResult::new(script.name, Vec::new()) }]);
    }
    let got = play(recording, &script)?;
    let mut mismatches = Vec::new();
    for table in ["actions", "status", "events", "final"] {
        let rows = |value: &Value| value[table].as_array().cloned().unwrap_or_default();
        let (mut expected, mut got) = (rows(&script.expect), rows(&got));
        for rows in [&mut expected, &mut got] {
            script.generalise(rows);
            if table == "status" || script.is_rounded() {
                rows.sort_by_key(|row| {
                    (tenths(&row["t"]), row["kind"].to_string(), row["name"].to_string(), row.to_string())
                });
            }
        }
        mismatches.extend(table::first(differences(table, &expected, &got)));
    }
    Ok(vec![CaseResult::new(script.name, mismatches)])
}

/// A time in tenths of seconds, rounded down.
fn tenths(t: &Value) -> i64 {
    (t.as_f64().unwrap_or(0.0) * 10.0 + 1e-6).floor() as i64
}

/// What differs between two tables, row by row.
fn differences(table: &str, expected: &[Value], got: &[Value]) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    for index in 0..expected.len().max(got.len()) {
        let row = |rows: &[Value]| rows.get(index).cloned().unwrap_or_default();
        let (wanted, row) = (row(expected), row(got));
        if !same(&wanted, &row) {
            mismatches.push(Mismatch::new(format!("{table}[{index}]"), text(&wanted), text(&row)));
        }
    }
    mismatches
}

fn same(wanted: &Value, got: &Value) -> bool {
    let (Some(a), Some(b)) = (wanted["t"].as_f64(), got["t"].as_f64()) else { return compare(wanted, got).is_empty() };
    let without_time = |row: &Value| {
        let mut row = row.clone();
        if let Some(fields) = row.as_object_mut() {
            fields.remove("t");
        }
        row
    };
    (a - b).abs() <= TOLERANCE && without_time(wanted) == without_time(got)
}

fn text(row: &Value) -> String {
    if row.is_null() { "nothing".to_owned() } else { row.to_string() }
}

//! Timelines: the queue and the scheduling cycle against a clock, event by event.

use super::{CaseResult, Kind, Options, Recording};
use crate::conform::log::Log;
use crate::conform::script::{self, Script};
use crate::conform::{Mismatch, compare, table};
use crate::diagnostic::Diagnostic;
use serde_json::Value;

pub(super) const KIND: Kind = Kind {
    name: "timeline",
    recognised: |recording| !recording.is_folder() && recording.has(&["script", "expect"]),
    run,
};

fn run(recording: &Recording, options: &Options) -> Result<Vec<CaseResult>, Diagnostic> {
    let script: Script = recording.yaml()?;
    if !options.wants(&script.name, &script.covers) {
        return Ok(Vec::new());
    }
    let (name, expect) = (script.name.clone(), script.expect.clone());
    let mut log = Log::default();
    script::play(recording, script, &mut [&mut log])?;
    let mut mismatches = differences(expect["log"].as_array().map_or(&[][..], Vec::as_slice), &log.rows);
    for difference in compare(&expect["end"], &log.end()) {
        mismatches.push(Mismatch { what: format!("end.{}", difference.what), ..difference });
    }
    Ok(vec![CaseResult::new(name, table::first(mismatches))])
}

/// What differs between two logs. Where upstream may choose among nodes (`among`), that is no difference.
fn differences(expected: &[Value], got: &[Value]) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    for index in 0..expected.len().max(got.len()) {
        let row = |rows: &[Value]| rows.get(index).cloned().unwrap_or_default();
        let (mut wanted, row) = (row(expected), row(got));
        if let Some(fields) = wanted.as_object_mut() {
            fields.remove("among");
        }
        if !compare(&wanted, &row).is_empty() {
            mismatches.push(Mismatch::new(format!("log[{index}]"), text(&wanted), text(&row)));
        }
    }
    mismatches
}

fn text(row: &Value) -> String {
    if row.is_null() { "nothing".to_owned() } else { row.to_string() }
}

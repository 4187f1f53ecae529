//! What a run of an experiment leaves behind.

use super::plan::RunKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use towtank_reports::data::{Curve, Run, Summary};

/// What of a summary differs from one machine or moment to the next, and is kept apart.
const MEASURED: [&str; 4] = ["wall_seconds", "decisions_per_second", "peak_rss_bytes", "phases"];

/// What of a summary the key says already.
const SAID: [&str; 3] = ["scenario", "policy", "seed"];

/// A finished run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Row {
    /// Which run it is.
    pub key: RunKey,
    /// The hash of all that it was made of: program, scenario, policy, files.
    pub made_of: String,
    /// The real time that it took, in seconds.
    pub wall_seconds: f64,
    /// Its numbers by name, those that depend on its inputs alone: `pods.bound`, `latency.scheduling.p50`.
    pub numbers: Map<String, Value>,
    /// Its curves.
    pub curves: Vec<Curve>,
}

impl Row {
    /// The row of a finished run.
    pub fn new(key: RunKey, made_of: String, run: Run) -> Self {
        let numbers = numbers(&run.summary);
        Self { key, made_of, wall_seconds: run.summary.wall_seconds, numbers, curves: run.curves }
    }
}

/// The numbers of a summary by name, those that depend on the run's inputs alone.
pub(crate) fn numbers(summary: &Summary) -> Map<String, Value> {
    let mut numbers = Map::new();
    if let Value::Object(fields) = serde_json::to_value(summary).unwrap_or_default() {
        for (name, value) in fields {
            if !MEASURED.contains(&name.as_str()) && !SAID.contains(&name.as_str()) {
                flatten(name, value, &mut numbers);
            }
        }
    }
    numbers
}

/// Nested fields as one level, their names joined by dots.
fn flatten(name: String, value: Value, into: &mut Map<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                flatten(format!("{name}.{field}"), value, into);
            }
        }
        Value::Null => {}
        Value::Array(items) => {
            for (i, item) in items.into_iter().enumerate() {
                flatten(format!("{name}.{i}"), item, into);
            }
        }
        plain => {
            into.insert(name, plain);
        }
    }
}

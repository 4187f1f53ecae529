//! The numbers of a run by name, as every table and comparison of runs has them.

use crate::data::Summary;
use serde_json::{Map, Value};

/// What of a summary differs from one machine or moment to the next.
const MEASURED: [&str; 4] = ["wall_seconds", "decisions_per_second", "peak_rss_bytes", "phases"];

/// What of a summary says which run it is.
const SAID: [&str; 3] = ["scenario", "policy", "seed"];

/// What a summary says by the paths of its fields, such as `latency.scheduling.p50`: what depends on the run's inputs alone.
pub fn numbers(summary: &Summary) -> Map<String, Value> {
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

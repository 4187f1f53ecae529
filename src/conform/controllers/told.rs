//! Rows of a recording.

use crate::conform::script::seconds;
use serde_json::{Map, Value};
use towtank_sim::time::SimTime;

/// A row of `actions`.
pub(super) fn row(at: SimTime, by: &str, what: &str, kind: &str, more: Map<String, Value>) -> Value {
    let mut row = Map::new();
    row.insert("t".into(), time(at));
    row.insert("by".into(), by.into());
    row.insert("do".into(), what.into());
    row.insert("kind".into(), kind.into());
    row.extend(more);
    Value::Object(row)
}

/// Seconds with at most three decimals.
pub(super) fn time(at: SimTime) -> Value {
    let millis = at.0.div_euclid(1_000_000);
    seconds(SimTime(millis * 1_000_000)).into()
}

/// What one map has and another has not, or has otherwise; `null` for what is missing.
pub(super) fn changes(old: &Map<String, Value>, new: &Map<String, Value>) -> Map<String, Value> {
    let mut set = Map::new();
    for (key, value) in new {
        if old.get(key) != Some(value) {
            set.insert(key.clone(), value.clone());
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        set.insert(key.clone(), Value::Null);
    }
    set
}

/// A name as a key to sort by: numbers in it by their value.
pub(super) fn by_number(name: &str) -> Vec<(bool, u64, String)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        parts.push(if digits { (true, part.parse().unwrap_or(0), String::new()) } else { (false, 0, part.to_owned()) });
        rest = after;
    }
    parts
}

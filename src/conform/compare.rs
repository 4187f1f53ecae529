//! What differs between two JSON values, field by field.

use super::Mismatch;
use serde_json::Value;
use std::collections::BTreeSet;

/// What is not as expected, each with the path of its field. `null`, an absent field and an empty list or map that is absent
/// on the other side are the same, as they are to Kubernetes' JSON; numbers are the same when their values are.
pub fn compare(expected: &Value, got: &Value) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    walk(String::new(), expected, got, &mut mismatches);
    mismatches
}

fn walk(path: String, expected: &Value, got: &Value, mismatches: &mut Vec<Mismatch>) {
    match (expected, got) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for key in keys {
                let of = |map: &'_ serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                let dot = if path.is_empty() { "" } else { "." };
                walk(format!("{path}{dot}{key}"), &of(left), &of(right), mismatches);
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            for index in 0..left.len().max(right.len()) {
                let of = |list: &[Value]| list.get(index).cloned().unwrap_or_default();
                walk(format!("{path}[{index}]"), &of(left), &of(right), mismatches);
            }
        }
        (left, right) if same(left, right) => {}
        (left, right) => {
            let what = if path.is_empty() { "the output".to_owned() } else { path };
            mismatches.push(Mismatch::new(what, text(left), text(right)));
        }
    }
}

fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (left, right) => left == right || (is_nothing(left) && is_nothing(right)),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn text(value: &Value) -> String {
    if value.is_null() { "nothing".to_owned() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_has_its_path() {
        let check = |expected: &str, got: &str, differences: &[&str]| {
            let value = |text: &str| serde_json::from_str(text).expect("JSON");
            let found: Vec<String> = compare(&value(expected), &value(got)).iter().map(ToString::to_string).collect();
            assert_eq!(found, differences, "{expected} and {got}");
        };
        check(r#"{"a": [1, 2], "b": null}"#, r#"{"a": [1, 2.0], "c": {}}"#, &[]);
        check(
            r#"{"a": {"b": [1, 2]}}"#,
            r#"{"a": {"b": [1, 3, 4]}}"#,
            &["a.b[1]: expected 2, got 3", "a.b[2]: expected nothing, got 4"],
        );
        check(r#"{"a": "1"}"#, r#"{"b": "1"}"#, &["a: expected \"1\", got nothing", "b: expected nothing, got \"1\""]);
        check("1", "2", &["the output: expected 1, got 2"]);
    }
}

//! From MessagePack to the same as JSON.

use crate::error::TraceError;
use rmpv::decode::{Error, read_value_with_max_depth};
use serde_json::{Map, Number, Value};
use std::sync::Arc;

/// How deep values may be nested; as deep as JSON is read.
const DEPTH: u16 = 128;

/// The one value in these bytes.
pub(super) fn parse(file: &Arc<str>, bytes: &[u8], expected: &str) -> Result<Value, TraceError> {
    let fail = |offset: usize, message: &str| TraceError::MessagePack {
        file: Arc::clone(file),
        offset: offset as u64,
        problem: message.into(),
        expected: expected.into(),
    };
    let mut rest = bytes;
    let value = read_value_with_max_depth(&mut rest, DEPTH.into()).map_err(|error| {
        let problem = match &error {
            Error::InvalidMarkerRead(e) | Error::InvalidDataRead(e)
                if e.kind() == std::io::ErrorKind::UnexpectedEof =>
            {
                "the data ends early, the file is truncated".to_owned()
            }
            Error::DepthLimitExceeded => format!("values are nested more than {DEPTH} deep"),
            other => other.to_string(),
        };
        fail(bytes.len() - rest.len(), &problem)
    })?;
    if !rest.is_empty() {
        return Err(fail(bytes.len() - rest.len(), "there is more after the end"));
    }
    json(value).map_err(|problem| fail(0, problem))
}

fn json(value: rmpv::Value) -> Result<Value, &'static str> {
    Ok(match value {
        rmpv::Value::Nil => Value::Null,
        rmpv::Value::Boolean(truth) => truth.into(),
        rmpv::Value::Integer(number) => {
            let number = number.as_i64().map(Number::from).or_else(|| number.as_u64().map(Number::from));
            Value::Number(number.ok_or("an integer is out of range")?)
        }
        rmpv::Value::F32(number) => Number::from_f64(number.into()).map_or(Value::Null, Value::Number),
        rmpv::Value::F64(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        rmpv::Value::String(text) => text.into_str().ok_or("a text is not UTF-8")?.into(),
        rmpv::Value::Binary(_) => return Err("it has binary data, which no object has"),
        rmpv::Value::Ext(..) => return Err("it has extension types, which no recording has"),
        rmpv::Value::Array(items) => Value::Array(items.into_iter().map(json).collect::<Result<_, _>>()?),
        rmpv::Value::Map(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let key = match json(key)? {
                    Value::String(text) => text,
                    // JSON has texts only: other keys are written as JSON.
                    other => other.to_string(),
                };
                map.insert(key, json(value)?);
            }
            Value::Object(map)
        }
    })
}

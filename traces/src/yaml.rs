//! The only place of this crate that names the library which reads YAML.

use serde::Deserialize as _;
use serde_json::Value;

/// The documents of a YAML text, merge keys resolved; an error has its line and column, both 0 where they are not known.
pub(crate) fn documents(text: &[u8]) -> Result<Vec<Value>, (u64, u64, String)> {
    let documents = serde_yaml::Deserializer::from_slice(text).map(|document| {
        let mut value = serde_yaml::Value::deserialize(document)?;
        value.apply_merge()?;
        serde_yaml::from_value(value)
    });
    documents.collect::<Result<_, serde_yaml::Error>>().map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |place| (place.line() as u64, place.column() as u64));
        // The place stands in front.
        (line, column, error.to_string().split(" at line ").next().unwrap_or_default().to_owned())
    })
}

/// A value as YAML.
pub(crate) fn text(value: &Value) -> Result<String, String> {
    serde_yaml::to_string(value).map_err(|error| error.to_string())
}

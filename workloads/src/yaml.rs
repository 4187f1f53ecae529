//! The only place of this crate that names the library which reads YAML.

pub(crate) use serde_yaml::mapping::Iter;
#[cfg(test)]
pub(crate) use serde_yaml::to_string;
pub(crate) use serde_yaml::{Deserializer, Error, Value, from_str, to_value};

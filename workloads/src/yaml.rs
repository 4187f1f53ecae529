//! The only place of this crate that names the library which reads YAML.

pub(crate) use serde_yaml::mapping::Iter;
pub(crate) use serde_yaml::{Deserializer, Error, Value, from_str};

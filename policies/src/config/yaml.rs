//! YAML, and the only place of this crate that names the library which reads it.

use super::error::ConfigError;
use crate::suggest::did_you_mean;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A text with the name that its errors carry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Document<'t> {
    pub(crate) file: &'t str,
    pub(crate) text: &'t str,
}

/// A step from a node of a document to one below it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Key(&'static str),
    Index(usize),
}

/// The arguments of one plugin in a configuration, not read yet.
#[derive(Clone, Debug)]
pub struct ArgsSource<'t> {
    document: Document<'t>,
    /// Where they are; `None` where the configuration has none.
    path: Option<Vec<Step>>,
}

impl<'t> Document<'t> {
    /// The whole document.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        self.read_seed(PhantomData)
    }

    /// An error about the node at this path, or about the nearest one around it.
    pub(crate) fn error_at(&self, path: &[Step], message: &str) -> ConfigError {
        let silent = ConfigError { file: self.file.to_owned(), location: None, message: message.to_owned() };
        match self.read_seed(At { path, inner: Reject(message) }) {
            Err(error) => error,
            Ok(_) => silent,
        }
    }

    fn read_seed<'s, S: DeserializeSeed<'s>>(&self, seed: S) -> Result<S::Value, ConfigError>
    where
        't: 's,
    {
        seed.deserialize(serde_yaml::Deserializer::from_str(self.text)).map_err(|error| self.error(&error))
    }

    fn error(&self, error: &serde_yaml::Error) -> ConfigError {
        let location = error.location().map(|l| (l.line(), l.column()));
        let mut message = error.to_string();
        if let Some((line, column)) = location {
            let end = format!(" at line {line} column {column}");
            message = message.replacen(&end, "", 1);
        }
        let hint = unknown_field_hint(&message);
        message.push_str(&hint);
        ConfigError { file: self.file.to_owned(), location, message }
    }
}

impl<'t> ArgsSource<'t> {
    pub(crate) const fn new(document: Document<'t>, path: Option<Vec<Step>>) -> Self {
        Self { document, path }
    }

    /// Reads them; a plugin without any has the defaults.
    ///
    /// # Errors
    /// A field that is unknown or has a bad value.
    pub fn read<T: DeserializeOwned + Default>(&self) -> Result<T, ConfigError> {
        match &self.path {
            None => Ok(T::default()),
            Some(path) => {
                let found = self.document.read_seed(At { path, inner: PhantomData::<T> })?;
                Ok(found.unwrap_or_default())
            }
        }
    }
}

/// The nearest of the fields that serde's "unknown field" lists.
fn unknown_field_hint(message: &str) -> String {
    let Some((_, rest)) = message.split_once("unknown field `") else { return String::new() };
    // What is quoted alternates with what stands between: `x`, expected one of `a`, `b`.
    let mut quoted = rest.split('`').step_by(2);
    let wrong = quoted.next().unwrap_or_default();
    let known: Vec<&str> = quoted.filter(|name| !name.is_empty()).collect();
    did_you_mean(wrong, known)
}

/// Reads what lies at the end of a path, and skips the rest; `None` where the path leads nowhere.
struct At<'p, S> {
    path: &'p [Step],
    inner: S,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for At<'_, S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.path.first() {
            None => self.inner.deserialize(deserializer).map(Some),
            Some(Step::Key(_)) => deserializer.deserialize_map(self),
            Some(Step::Index(_)) => deserializer.deserialize_seq(self),
        }
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for At<'_, S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self.path.first(), Some(Step::Key(_))) { "a mapping" } else { "a sequence" })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (Some(Step::Key(wanted)), mut inner) = (self.path.first(), Some(self.inner)) else { return Ok(None) };
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            match inner.take() {
                Some(inner) if key == *wanted => found = map.next_value_seed(At { path: &self.path[1..], inner })?,
                kept => {
                    inner = kept;
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let Some(Step::Index(index)) = self.path.first() else { return Ok(None) };
        for _ in 0..*index {
            seq.next_element::<IgnoredAny>()?;
        }
        let found = seq.next_element_seed(At { path: &self.path[1..], inner: self.inner })?;
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found.flatten())
    }
}

/// Finds fault with whatever it reads, from inside, so that the error has its place.
struct Reject<'m>(&'m str);

impl<'de> DeserializeSeed<'de> for Reject<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reject<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("something else")
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Err(E::custom(self.0))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Err(E::custom(self.0))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(A::Error::custom(self.0))
    }
}

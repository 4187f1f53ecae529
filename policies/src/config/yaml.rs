//! YAML, and the only place of this crate that names the library which reads it.

use super::args::PluginArgs;
use super::error::ConfigError;
use super::invalid::Invalid;
use super::type_meta::TypeMeta;
use crate::suggest::did_you_mean;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use towtank_sim::scheduler::FeatureGates;

/// A text with the name that its errors carry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Document<'t> {
    pub(crate) file: &'t str,
    pub(crate) text: &'t str,
}

/// A step from a node of a document to one below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a mapping.
    Key(&'static str),
    /// Into a sequence.
    Index(usize),
}

/// The arguments of one plugin in a configuration, not read yet.
#[derive(Clone, Debug)]
pub struct ArgsSource<'t> {
    document: Document<'t>,
    /// Where they are; `None` where the configuration has none.
    path: Option<Vec<Step>>,
    ignored_resources: &'t [String],
    gates: FeatureGates,
    was_read: Cell<bool>,
}

impl<'t> Document<'t> {
    /// The whole document.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        self.read_seed(PhantomData)
    }

    /// What is at this path; `None` where the path leads nowhere, or to null.
    pub(crate) fn read_at<T: DeserializeOwned>(&self, path: &[Step]) -> Result<Option<T>, ConfigError> {
        Ok(self.read_seed(At { path, inner: PhantomData::<Option<T>> })?.flatten())
    }

    /// An error about the node at this path, with the place of the nearest node around it where there is none.
    pub(crate) fn error_at(&self, path: &[Step], message: &str) -> ConfigError {
        let place = |known: usize| {
            let seed = At { path: &path[..known], inner: Reject };
            seed.deserialize(serde_yaml::Deserializer::from_str(self.text)).err().and_then(|error| error.location())
        };
        let location = (0..=path.len()).rev().find_map(place).map(|l| (l.line(), l.column()));
        let field = path.iter().fold(String::new(), |text, step| match step {
            Step::Key(key) if text.is_empty() => (*key).to_owned(),
            Step::Key(key) => format!("{text}.{key}"),
            Step::Index(index) => format!("{text}[{index}]"),
        });
        let message = if field.is_empty() { message.to_owned() } else { format!("{field}: {message}") };
        ConfigError { file: self.file.to_owned(), location, message }
    }

    /// An error about a value that validation refuses; its path begins at the document's root.
    pub(super) fn invalid(&self, invalid: &Invalid) -> ConfigError {
        self.error_at(&invalid.path, &invalid.message)
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
    pub(crate) const fn new(
        document: Document<'t>,
        path: Option<Vec<Step>>,
        ignored_resources: &'t [String],
        gates: FeatureGates,
    ) -> Self {
        Self { document, path, ignored_resources, gates, was_read: Cell::new(false) }
    }

    /// Reads them; a plugin without any has the defaults.
    ///
    /// # Errors
    /// Arguments of another kind, a field that is unknown, or a value that is not allowed.
    pub fn read<T: PluginArgs>(&self) -> Result<T, ConfigError> {
        self.was_read.set(true);
        let Some(path) = &self.path else {
            let args = T::default();
            let missing = |invalid: Invalid| {
                self.document.error_at(&[], &format!("{} are missing: {}", T::KIND, invalid.message))
            };
            return args.validate(self.gates).map(|()| args).map_err(missing);
        };
        let meta: TypeMeta = self.read_at(path)?;
        if let Err(invalid) = meta.check_args(T::KIND) {
            return Err(self.invalid(path, &invalid));
        }
        let args: T = self.read_at(path)?;
        args.validate(self.gates).map_err(|invalid| self.invalid(path, &invalid))?;
        Ok(args)
    }

    /// The extended resources that extenders look after, so that the scheduler does not.
    pub(crate) const fn ignored_resources(&self) -> &'t [String] {
        self.ignored_resources
    }

    /// Whether there are any.
    pub(super) const fn is_given(&self) -> bool {
        self.path.is_some()
    }

    /// Whether the plugin has asked for them.
    pub(super) const fn was_read(&self) -> bool {
        self.was_read.get()
    }

    fn read_at<T: DeserializeOwned + Default>(&self, path: &[Step]) -> Result<T, ConfigError> {
        Ok(self.document.read_at(path)?.unwrap_or_default())
    }

    fn invalid(&self, path: &[Step], invalid: &Invalid) -> ConfigError {
        self.document.error_at(&[path, &invalid.path].concat(), &invalid.message)
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
            Some(_) => deserializer.deserialize_any(self),
        }
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for At<'_, S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any node")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some(Step::Key(wanted)) = self.path.first() else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(None);
        };
        let mut inner = Some(self.inner);
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
        let index = match self.path.first() {
            Some(Step::Index(index)) => *index,
            _ => usize::MAX,
        };
        for _ in 0..index {
            if seq.next_element::<IgnoredAny>()?.is_none() {
                return Ok(None);
            }
        }
        let found = seq.next_element_seed(At { path: &self.path[1..], inner: self.inner })?;
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found.flatten())
    }
}

/// Finds fault with whatever it reads, from inside, so that the error has its place.
struct Reject;

impl<'de> DeserializeSeed<'de> for Reject {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Every kind of node is one that no visit is there for.
impl Visitor<'_> for Reject {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("something else")
    }
}

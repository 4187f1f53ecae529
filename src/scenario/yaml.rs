//! YAML, and the only place of this package that names the library which reads it.

use crate::diagnostic::{Diagnostic, did_you_mean};
use serde::Deserialize;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use std::fmt;
use std::path::Path;

pub(crate) use serde_yaml::{Mapping, Value};

/// What the reader calls a type, and what a user calls it.
const NAMES: [(&str, &str); 9] = [
    ("u64", "a whole number of at least 0"),
    ("u32", "a whole number of at least 0"),
    ("usize", "a whole number of at least 0"),
    ("i32", "a whole number"),
    ("f64", "a number"),
    ("a string", "a text"),
    ("a boolean", "true or false"),
    ("a sequence", "a list"),
    ("a map", "fields and their values"),
];

/// Reads a document of a file that should hold one of this kind.
pub(super) fn read<T: DeserializeOwned>(file: &Path, text: &str, kind: &str) -> Result<T, Diagnostic> {
    if serde_yaml::from_str(text).is_ok_and(|value: Value| value.is_null()) {
        return Err(Diagnostic::in_file(file, format!("nothing is in this file: expected `kind: {kind}`")));
    }
    parse(file, text)
}

/// Reads a document of a file.
pub(crate) fn parse<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, Diagnostic> {
    serde_yaml::from_str(text).map_err(|error| {
        let (message, place) = told(&error);
        let diagnostic = Diagnostic::in_file(file, message);
        with_hint(place.map_or(diagnostic.clone(), |(line, column)| diagnostic.at(line, column)), &error.to_string())
    })
}

/// Reads a document that no file holds in this form, so that its lines mean nothing; the message says what is wrong.
pub(crate) fn read_changed<T: DeserializeOwned>(value: &Value) -> Result<T, Diagnostic> {
    let text = serde_yaml::to_string(value).map_err(|error| Diagnostic::new(error.to_string()))?;
    serde_yaml::from_str(&text).map_err(|error| with_hint(Diagnostic::new(told(&error).0), &error.to_string()))
}

/// Reads a value as it is written on the command line.
pub(crate) fn value<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_yaml::from_str(text).map_err(|error| told(&error).0)
}

/// The line and column (from 1) of the field at a path such as `spec.workload[2].generate`, or of what is nearest above it.
pub(crate) fn locate(text: &str, path: &str) -> Option<(usize, usize)> {
    let steps: Vec<&str> = path.split(['.', '[']).map(|step| step.trim_end_matches(']')).collect();
    // The reader knows where it is only when it fails.
    (0..=steps.len()).rev().find_map(|length| {
        let at = At { path: &steps[..length] };
        let error = at.deserialize(serde_yaml::Deserializer::from_str(text)).err()?;
        error.location().map(|place| (place.line(), place.column()))
    })
}

/// What the reader says, in words of this program, and where.
fn told(error: &serde_yaml::Error) -> (String, Option<(usize, usize)>) {
    let place = error.location().map(|place| (place.line(), place.column()));
    let mut message = error.to_string();
    if let Some((line, column)) = place {
        message = message.replacen(&format!(" at line {line} column {column}"), "", 1);
    }
    if message.contains("more than one document") {
        return (
            "several documents in one file: expected one, of `kind: Scenario` or `kind: Experiment`".to_owned(),
            None,
        );
    }
    if let Some((before, expected)) = message.rsplit_once(", expected ") {
        let name = NAMES.iter().find(|(name, _)| *name == expected).map(|(_, name)| *name);
        let name = name.or_else(|| expected.starts_with("struct ").then_some("fields and their values"));
        message = name.map_or_else(|| message.clone(), |name| format!("{before}, expected {name}"));
    }
    (message.replace("invalid type: ", "").replace("string \"", "text \""), place)
}

/// The nearest of the names that a message expects instead of the unknown one.
fn with_hint(diagnostic: Diagnostic, message: &str) -> Diagnostic {
    let rest = message.split_once("unknown field ").or_else(|| message.split_once("unknown variant "));
    let Some((_, rest)) = rest else { return diagnostic };
    let mut names = rest.split('`').skip(1).step_by(2);
    let meant = names.next().and_then(|written| did_you_mean(written, names));
    match meant {
        Some(meant) => diagnostic.help(meant),
        None => diagnostic,
    }
}

/// Fails at the end of a path, so that the error has its place.
#[derive(Clone, Copy)]
struct At<'p> {
    path: &'p [&'p str],
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.path.split_first() else { return Err(A::Error::custom("here")) };
        while let Some(key) = map.next_key::<Value>()? {
            if key.as_str() == Some(*step) {
                map.next_value_seed(At { path: rest })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.path.split_first() else { return Err(A::Error::custom("here")) };
        for index in 0_usize.. {
            let found = if step.parse() == Ok(index) {
                items.next_element_seed(At { path: rest })?
            } else {
                items.next_element::<IgnoredAny>()?.map(|_| ())
            };
            if found.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        if self.path.is_empty() { Err(E::custom("here")) } else { Ok(()) }
    }
}

/// What a document is, before anything else is asked of it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Header {
    /// Which schema.
    pub(super) api_version: Option<String>,
    /// Which kind of it.
    pub(super) kind: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered() {
        let plain = Diagnostic::new("x");
        let message = "spec: unknown field `tieBrake`, expected one of `seed`, `tieBreak`";
        assert_eq!(with_hint(plain.clone(), message), plain.clone().help("did you mean `tieBreak`?"));
        assert_eq!(with_hint(plain.clone(), "unknown field `zzz`, expected `seed`"), plain);
    }

    #[test]
    fn fields_are_found() {
        let text = "spec:\n  seed: 1\n  cluster:\n    - a: 1\n    - b: 2\n      c: { d: x }\n";
        for (path, place) in [
            ("spec.seed", (2, 9)),
            ("spec.cluster[0]", (4, 7)),
            ("spec.cluster[1].c.d", (6, 15)),
            ("spec.cluster[1].e", (5, 7)),
            ("spec.until", (2, 3)),
        ] {
            assert_eq!(locate(text, path), Some(place), "{path}");
        }
        assert_eq!(locate("[", "spec"), Some((2, 1)), "where reading ends");
    }
}

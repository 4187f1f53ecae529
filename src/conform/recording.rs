//! One recording: what is in it, and where something in it is written.

use crate::diagnostic::Diagnostic;
use crate::scenario::yaml;
use flate2::read::MultiGzDecoder;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The first bytes of every gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A recording that was found: its main document is read, and not understood yet.
#[derive(Clone, Debug)]
pub struct Recording {
    path: PathBuf,
    input: PathBuf,
    text: String,
    keys: BTreeSet<String>,
}

impl Recording {
    /// Reads a recording that is a file.
    ///
    /// # Errors
    /// It cannot be read, or its top level has no fields.
    pub fn file(path: &Path) -> Result<Self, Diagnostic> {
        Self::read(path, path.to_owned())
    }

    /// Reads a recording that is a folder with this main document in it.
    ///
    /// # Errors
    /// As [`Recording::file`].
    pub(super) fn folder(path: &Path, input: PathBuf) -> Result<Self, Diagnostic> {
        Self::read(path, input)
    }

    fn read(path: &Path, input: PathBuf) -> Result<Self, Diagnostic> {
        let text = read_text(&input)?;
        let keys = top_level(&text).map_err(|message| {
            let expected = "expected a recording, with fields such as `function` or `expect` at its top";
            Diagnostic::in_file(&input, message).help(expected)
        })?;
        Ok(Self { path: path.to_owned(), input, text, keys })
    }

    /// The file or folder, as the user named it or as it was found below that.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.path != self.input
    }

    /// Whether the main document has all these fields at its top.
    pub fn has(&self, fields: &[&str]) -> bool {
        fields.iter().all(|field| self.keys.contains(*field))
    }

    /// The text of the main document.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The main document, read as YAML.
    ///
    /// # Errors
    /// It is not what `T` is, with file and line.
    pub fn yaml<T: DeserializeOwned>(&self) -> Result<T, Diagnostic> {
        yaml::parse(&self.input, &self.text)
    }

    /// The main document, read as JSON.
    ///
    /// # Errors
    /// It is not what `T` is, with file and line.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Diagnostic> {
        serde_json::from_str(&self.text).map_err(|error| {
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            Diagnostic::in_file(&self.input, message).at(error.line(), error.column())
        })
    }

    /// The text of a file beside the main document, packed or not: `expected.csv` or `expected.csv.gz`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn beside(&self, name: &str) -> Result<Option<(PathBuf, String)>, Diagnostic> {
        let Some(path) = packed_or_not(&self.path, name) else { return Ok(None) };
        let text = read_text(&path)?;
        Ok(Some((path, text)))
    }

    /// What is wrong with the field at a path such as `cases[3].input.pod`, or with what is nearest above it.
    pub fn problem(&self, field: &str, message: impl std::fmt::Display) -> Diagnostic {
        let diagnostic = Diagnostic::in_file(&self.input, format!("{field}: {message}"));
        match yaml::locate(&self.text, field) {
            Some((line, column)) => diagnostic.at(line, column),
            None => diagnostic,
        }
    }
}

/// A file of a folder under its own name or with `.gz` behind it.
pub(super) fn packed_or_not(folder: &Path, name: &str) -> Option<PathBuf> {
    [folder.join(name), folder.join(format!("{name}.gz"))].into_iter().find(|path| path.is_file())
}

/// The text of a file; what is packed shows by its first bytes, whatever its name.
fn read_text(path: &Path) -> Result<String, Diagnostic> {
    let unreadable = |error: &std::io::Error| Diagnostic::unreadable(path, error);
    let mut bytes = fs::read(path).map_err(|error| unreadable(&error))?;
    if bytes.starts_with(&GZIP) {
        let mut unpacked = Vec::new();
        MultiGzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).map_err(|error| unreadable(&error))?;
        bytes = unpacked;
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Diagnostic::in_file(path, format!("is no text: byte {at} is not UTF-8; expected YAML or JSON, packed or not"))
    })
}

/// The names of the fields at the top of a document.
fn top_level(text: &str) -> Result<BTreeSet<String>, String> {
    #[expect(clippy::zero_sized_map_values, reason = "the readers know maps, and no sets of names")]
    let names = |map: BTreeMap<String, IgnoredAny>| map.into_keys().collect();
    if text.trim_start().starts_with('{') {
        // JSON is read many times faster by its own reader; YAML may be written like it.
        return serde_json::from_str(text).map(names).or_else(|_| yaml::value(text).map(names));
    }
    // In block style the names are what begins at the margin. Reading all of a large recording only to know what it is
    // would take as long as playing it.
    let at_margin = text.lines().filter(|line| line.starts_with(|c: char| c.is_alphanumeric() || "\"'_".contains(c)));
    let names: BTreeSet<String> = at_margin
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.trim_matches(['"', '\'']).to_owned())
        .collect();
    if names.is_empty() { Err("has no fields".to_owned()) } else { Ok(names) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_in_every_style() {
        let names = |text: &str| top_level(text).map(|names| names.into_iter().collect::<Vec<_>>().join(" "));
        assert_eq!(names("# x\nname: a\n\"pod\":\n  expect: 1\nlist:\n- more: 1\n"), Ok("list name pod".to_owned()));
        assert_eq!(names(" {\"b\": {\"c\": 1}, \"a\": 2}"), Ok("a b".to_owned()));
        assert_eq!(names("{b: {c: 1}, a: 2}"), Ok("a b".to_owned()));
        assert!(names("").is_err() && names("- a: 1\n").is_err() && names("{").is_err());
    }
}

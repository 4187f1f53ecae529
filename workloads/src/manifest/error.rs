//! What can be wrong with manifests.

use super::field::FieldPath;
use std::fmt;
use std::path::PathBuf;
use thiserror::Error;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named.
    pub file: PathBuf,
    /// The line, from 1; 0 where it is not known.
    pub line: usize,
    /// The column, from 1; 0 where it is not known.
    pub column: usize,
}

/// Why manifests cannot be used.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// A file or folder cannot be read.
    #[error("{}: cannot be read: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file without any manifest in it.
    #[error("{}: no manifest in this file: expected at least one", path.display())]
    EmptyFile {
        /// Which.
        path: PathBuf,
    },
    /// A folder without any manifest in it.
    #[error("{}: no manifest in this folder: expected files that end in .yaml, .yml or .json", path.display())]
    EmptyFolder {
        /// Which.
        path: PathBuf,
    },
    /// A text that is neither YAML nor JSON.
    #[error("{place}: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser says.
        message: String,
    },
    /// A field that is not as it must be.
    #[error("{place}: {}{message}", prefix(path))]
    Field {
        /// Where.
        place: Place,
        /// Which field.
        path: FieldPath,
        /// What is wrong and what was expected.
        message: String,
    },
    /// Two objects of one kind, namespace and name.
    #[error("{second}: {kind} \"{name}\" is listed twice: first at {first}")]
    Duplicate {
        /// The kind.
        kind: &'static str,
        /// The name, with its namespace where the kind has one: `default/web`.
        name: String,
        /// Where it is first.
        first: Place,
        /// Where it is again.
        second: Place,
    },
}

fn prefix(path: &FieldPath) -> String {
    if path.0.is_empty() { String::new() } else { format!("{path}: ") }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        Ok(())
    }
}

//! What is wrong with a configuration, and where.

use thiserror::Error;

/// An error in a configuration. It prints as `FILE:LINE:COLUMN: MESSAGE`.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{file}:{}{message}", .location.map_or(String::from(" "), |(line, column)| format!("{line}:{column}: ")))]
pub struct ConfigError {
    /// The file, as the caller named it.
    pub file: String,
    /// Line and column, from 1, where they are known.
    pub location: Option<(usize, usize)>,
    /// The field and what is wrong with it.
    pub message: String,
}

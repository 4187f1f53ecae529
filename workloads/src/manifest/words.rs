//! The API server's words for what is wrong with a field.
//!
//! Source: `apimachinery/pkg/util/validation/field/errors.go`.

use super::field::{At, FieldError};
use std::fmt;

impl At<'_> {
    /// The field must be given, and is not or is empty. `detail` may be empty.
    pub(super) fn required(&self, detail: &str) -> FieldError {
        match detail {
            "" => self.error("Required value"),
            _ => self.error(format_args!("Required value: {detail}")),
        }
    }

    /// The value is none of those that exist.
    pub(super) fn not_supported(&self, value: &str, supported: &[&str]) -> FieldError {
        let supported: Vec<String> = supported.iter().map(|value| format!("\"{value}\"")).collect();
        self.error(format_args!("Unsupported value: \"{value}\": supported values: {}", supported.join(", ")))
    }

    /// The value is not as it must be.
    pub(super) fn invalid(&self, value: impl fmt::Debug, why: impl fmt::Display) -> FieldError {
        self.error(format_args!("Invalid value: {value:?}: {why}"))
    }

    /// The field must not be given, or not so.
    pub(super) fn forbidden(&self, why: &str) -> FieldError {
        self.error(format_args!("Forbidden: {why}"))
    }

    /// The value is given twice.
    pub(super) fn duplicate(&self, value: &str) -> FieldError {
        self.error(format_args!("Duplicate value: \"{value}\""))
    }
}

/// Refuses an empty text.
pub(super) fn require(text: &str, at: &At<'_>) -> Result<(), FieldError> {
    if text.is_empty() { Err(at.required("")) } else { Ok(()) }
}

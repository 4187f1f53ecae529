//! Values that kube-scheduler's validation refuses, in its words.
//!
//! Source: `apimachinery/pkg/util/validation/field/errors.go`.

use super::yaml::Step;
use std::fmt::Debug;

/// A value that is refused: where it is, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// From the node that is validated down to the field.
    pub(crate) path: Vec<Step>,
    pub(crate) message: String,
}

impl Invalid {
    /// A value that is not allowed.
    pub fn value(path: impl Into<Vec<Step>>, value: &(impl Debug + ?Sized), detail: &str) -> Self {
        Self { path: path.into(), message: format!("Invalid value: {value:?}: {detail}") }
    }

    /// A list of texts that is not allowed.
    pub fn list(path: impl Into<Vec<Step>>, values: &[String], detail: &str) -> Self {
        let quoted: Vec<String> = values.iter().map(|text| format!("{text:?}")).collect();
        let list = if quoted.is_empty() { "null".to_owned() } else { format!("[{}]", quoted.join(",")) };
        Self { path: path.into(), message: format!("Invalid value: {list}: {detail}") }
    }

    /// A field that must be there. The detail may be empty.
    pub fn required(path: impl Into<Vec<Step>>, detail: &str) -> Self {
        Self { path: path.into(), message: with_detail("Required value", detail) }
    }

    /// A field that must not be there.
    pub fn forbidden(path: impl Into<Vec<Step>>, detail: &str) -> Self {
        Self { path: path.into(), message: with_detail("Forbidden", detail) }
    }

    /// A value that is there already.
    pub fn duplicate(path: impl Into<Vec<Step>>, value: &str) -> Self {
        Self { path: path.into(), message: format!("Duplicate value: {value:?}") }
    }

    /// The same, found further down.
    #[must_use]
    pub fn below(mut self, path: &[Step]) -> Self {
        self.path.splice(0..0, path.iter().copied());
        self
    }

    /// A text that is none of the possible ones.
    pub fn not_supported(path: impl Into<Vec<Step>>, value: &str, supported: &[&str]) -> Self {
        let supported: Vec<String> = supported.iter().map(|text| format!("{text:?}")).collect();
        let message = format!("Unsupported value: {value:?}: supported values: {}", supported.join(", "));
        Self { path: path.into(), message }
    }
}

fn with_detail(kind: &str, detail: &str) -> String {
    if detail.is_empty() { kind.to_owned() } else { format!("{kind}: {detail}") }
}

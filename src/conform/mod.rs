//! Recordings of real components, played through the code that simulates them.
//!
//! A recording is a file or a folder in one of the formats of `docs/src/reference/conform.md`. [`recordings`] finds them,
//! [`kinds::KINDS`] is the table of the kinds, and each kind turns a recording into results: one for each case, with what
//! differs. Nothing in here decides anything about a cluster: a kind builds what the recording says, asks the simulator
//! and compares.

mod autoscaler;
mod compare;
mod controllers;
mod find;
pub mod kinds;
mod log;
mod recording;
mod script;
mod stepper;
mod table;
mod world;

pub use compare::compare;
pub use find::{Found, recordings};
pub use recording::Recording;

use std::fmt;

/// What is asked of every kind.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only cases that cover something with this in its name, or have it in their own.
    pub covers: Option<String>,
}

impl Options {
    /// Whether a case is to be played. A kind asks before it does the work.
    pub fn wants(&self, name: &str, covers: &[String]) -> bool {
        let Some(wanted) = self.covers.as_deref() else { return true };
        name.contains(wanted) || covers.iter().any(|covered| covered.contains(wanted))
    }
}

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// The case's name, unique in its recording.
    pub name: String,
    /// What differs; nothing in a case that passed.
    pub mismatches: Vec<Mismatch>,
    /// What the case asks for and the simulator does not have. Such a case was not played.
    pub not_modelled: Vec<String>,
}

/// Something that is not as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What: `node n1, NodeAffinity`, `requests.cpu`.
    pub what: String,
    /// What was recorded.
    pub expected: String,
    /// What the simulator says.
    pub got: String,
}

impl CaseResult {
    /// A case that was played.
    pub fn new(name: impl Into<String>, mismatches: Vec<Mismatch>) -> Self {
        Self { name: name.into(), mismatches, not_modelled: Vec::new() }
    }

    /// Whether all is as recorded.
    pub fn passed(&self) -> bool {
        self.mismatches.is_empty() && self.not_modelled.is_empty()
    }
}

impl Mismatch {
    /// Something that is not as recorded.
    pub fn new(what: impl Into<String>, expected: impl fmt::Display, got: impl fmt::Display) -> Self {
        Self { what: what.into(), expected: expected.to_string(), got: got.to_string() }
    }
}

impl fmt::Display for Mismatch {
    /// `WHAT: expected EXPECTED, got GOT`; what is longer than a line on lines of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, expected, got } = self;
        if what.len() + expected.len() + got.len() < 100 {
            write!(f, "{what}: expected {expected}, got {got}")
        } else {
            write!(f, "{what}:\n    expected {expected}\n    got      {got}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_selects() {
        let covers = |text: Option<&str>| Options { covers: text.map(str::to_owned) };
        let case = |wanted| covers(wanted).wants("rand-007", &["NodeAffinity".to_owned(), "hint".to_owned()]);
        assert!(case(None) && case(Some("NodeAffinity")) && case(Some("Affinity")) && case(Some("rand")));
        assert!(!case(Some("NodePorts")) && !case(Some("nodeaffinity")));
    }
}

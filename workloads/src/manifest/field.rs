//! Where in a document something is, and what is wrong with it.

use std::fmt;

/// One step into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a mapping.
    Key(String),
    /// Into a sequence.
    Index(usize),
}

/// The way from a document's root to a field: `spec.containers[0].image`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath(pub Vec<Step>);

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldError {
    pub(super) path: FieldPath,
    pub(super) message: String,
}

/// A position during conversion: a path that borrows its steps, so that it costs nothing until something is wrong.
#[derive(Clone, Copy)]
pub(super) struct At<'p> {
    parent: Option<&'p At<'p>>,
    step: Borrowed<'p>,
}

#[derive(Clone, Copy)]
enum Borrowed<'p> {
    Root,
    Key(&'p str),
    Index(usize),
}

impl At<'_> {
    pub(super) const ROOT: At<'static> = At { parent: None, step: Borrowed::Root };

    pub(super) const fn key<'a>(&'a self, key: &'a str) -> At<'a> {
        At { parent: Some(self), step: Borrowed::Key(key) }
    }

    pub(super) const fn index(&self, index: usize) -> At<'_> {
        At { parent: Some(self), step: Borrowed::Index(index) }
    }

    pub(super) fn path(&self) -> FieldPath {
        let mut steps = Vec::new();
        let mut at = Some(self);
        while let Some(here) = at {
            match here.step {
                Borrowed::Root => {}
                Borrowed::Key(key) => steps.push(Step::Key(key.to_owned())),
                Borrowed::Index(index) => steps.push(Step::Index(index)),
            }
            at = here.parent;
        }
        steps.reverse();
        FieldPath(steps)
    }

    pub(super) fn error(&self, message: impl fmt::Display) -> FieldError {
        FieldError { path: self.path(), message: message.to_string() }
    }
}

impl FieldPath {
    /// This path, followed by another.
    pub(super) fn join(&self, rest: &Self) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if key.contains(['.', '/']) => write!(f, "[{key}]")?,
                Step::Key(key) if i == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

/// `did you mean …?` for the candidate nearest to `given`, empty where none is near.
pub(super) fn did_you_mean<'c>(given: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    let near = |candidate: &str| strsim::damerau_levenshtein(&given.to_lowercase(), &candidate.to_lowercase());
    let nearest = candidates.into_iter().map(|c| (near(c), c)).min();
    match nearest {
        Some((distance, candidate)) if distance <= 1 + given.len() / 5 => format!("; did you mean `{candidate}`?"),
        _ => String::new(),
    }
}

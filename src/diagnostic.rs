//! One problem in an input: where it is, what is wrong, what was expected, and a guess at what was meant.

use std::fmt;
use std::path::{Path, PathBuf};

/// How alike (0 to 1) a name must be to what was written to be offered as what was meant.
const ALIKE: f64 = 0.7;

/// A problem in an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    file: Option<PathBuf>,
    line: Option<(usize, usize)>,
    message: String,
    help: Option<String>,
}

impl std::error::Error for Diagnostic {}

impl Diagnostic {
    /// A problem that is in no file.
    pub fn new(message: impl Into<String>) -> Self {
        Self { file: None, line: None, message: message.into(), help: None }
    }

    /// A problem in a file.
    pub fn in_file(file: &Path, message: impl Into<String>) -> Self {
        Self { file: Some(file.to_owned()), ..Self::new(message) }
    }

    /// A file that cannot be read.
    pub fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        Self::in_file(file, format!("cannot be read: {error}"))
    }

    /// The same problem, at this line and column (from 1).
    #[must_use]
    pub fn at(mut self, line: usize, column: usize) -> Self {
        self.line = Some((line, column));
        self
    }

    /// The same problem, with what it is about in front.
    #[must_use]
    pub fn about(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// The same problem, with a suggestion.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    /// `FILE:LINE:COLUMN: MESSAGE`, and the suggestion on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", file.display())?;
            if let Some((line, column)) = self.line {
                write!(f, "{line}:{column}:")?;
            }
            f.write_str(" ")?;
        }
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

/// The name that is most like what was written, of those that were offered so far.
#[derive(Clone, Debug)]
pub struct Nearest {
    written: String,
    best: Option<(f64, String)>,
}

impl Nearest {
    /// Nothing offered yet.
    pub fn to(written: &str) -> Self {
        Self { written: written.to_lowercase(), best: None }
    }

    /// Offers a name.
    pub fn offer(&mut self, name: &str) {
        let score = strsim::jaro_winkler(&self.written, &name.to_lowercase());
        if score >= ALIKE && self.best.as_ref().is_none_or(|(best, _)| score >= *best) {
            self.best = Some((score, name.to_owned()));
        }
    }

    /// `did you mean ...?`, if one of the names is much like what was written.
    pub fn hint(&self) -> Option<String> {
        self.best.as_ref().map(|(_, name)| format!("did you mean `{name}`?"))
    }
}

/// `did you mean ...?`, if one of the names is much like what was written.
pub fn did_you_mean<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut nearest = Nearest::to(written);
    names.for_each(|name| nearest.offer(name));
    nearest.hint()
}

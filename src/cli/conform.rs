//! `towtank conform`.

use super::print;
use crate::conform::{CaseResult, Found, Options, kinds, recordings};
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The arguments of `towtank conform`.
#[derive(Debug, Args)]
pub(super) struct ConformArgs {
    /// Recordings, and folders with recordings in them; each file may be packed with gzip.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Play only the cases that cover something with this in its name, or have it in their own.
    #[arg(long, value_name = "NAME")]
    covers: Option<String>,
    /// Print the results as JSON.
    #[arg(long)]
    json: bool,
}

/// Everything that was played.
#[derive(Default, Serialize)]
struct Results {
    cases: Vec<Case>,
    passed: usize,
    failed: usize,
    #[serde(rename = "notModelled", skip_serializing_if = "is_zero")]
    not_modelled: usize,
}

/// A case, as JSON tells it.
#[derive(Serialize)]
struct Case {
    recording: PathBuf,
    name: String,
    passed: bool,
    mismatches: Vec<Difference>,
    #[serde(rename = "notModelled", skip_serializing_if = "Vec::is_empty")]
    not_modelled: Vec<String>,
}

#[derive(Serialize)]
struct Difference {
    what: String,
    expected: String,
    got: String,
}

/// Plays recordings and says what differs.
pub(super) fn conform(args: &ConformArgs) -> Result<(), Failure> {
    let options = Options { covers: args.covers.clone() };
    let mut results = Results::default();
    let mut problems: Vec<Diagnostic> = Vec::new();
    let mut printing = Ok(());
    recordings(&args.paths, &mut |found| match found {
        Found::Recording(recording) => match kinds::play(&recording, &options) {
            Ok(cases) => {
                for case in cases {
                    if !args.json && !case.passed() && printing.is_ok() {
                        printing = print(&told(recording.path(), &case));
                    }
                    results.add(recording.path(), case);
                }
            }
            Err(problem) => problems.push(problem),
        },
        Found::Problem(problem) => problems.push(problem),
        Found::NotYet(path, whose) => {
            anstream::eprintln!("warning: {}: passed over: recordings of {whose} cannot be played yet", path.display());
        }
    });
    printing?;
    if results.cases.is_empty() && problems.is_empty() {
        anstream::eprintln!("warning: no case was selected");
    }
    if args.json {
        let text = serde_json::to_string_pretty(&results).map_err(|error| Diagnostic::new(error.to_string()))?;
        print(&format!("{text}\n"))?;
    } else {
        let more = match results.not_modelled {
            0 => String::new(),
            n => format!(", {n} not modelled"),
        };
        print(&format!("{} passed, {} failed{more}\n", results.passed, results.failed))?;
    }
    match (problems.is_empty(), results.failed) {
        (true, 0) => Ok(()),
        (true, failed) => Err(Failure::Conformance { failed, played: results.cases.len() }),
        (false, _) => Err(Failure::Recordings(problems)),
    }
}

impl Results {
    fn add(&mut self, recording: &Path, case: CaseResult) {
        let passed = case.passed();
        *(match (passed, case.not_modelled.is_empty()) {
            (true, _) => &mut self.passed,
            (false, true) => &mut self.failed,
            (false, false) => &mut self.not_modelled,
        }) += 1;
        let differences = case.mismatches.into_iter();
        let mismatches = differences.map(|m| Difference { what: m.what, expected: m.expected, got: m.got }).collect();
        let (recording, not_modelled) = (recording.to_owned(), case.not_modelled);
        self.cases.push(Case { recording, name: case.name, passed, mismatches, not_modelled });
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A case that failed or was not played, for reading.
fn told(recording: &Path, case: &CaseResult) -> String {
    let mut text = format!("{}: {}\n", recording.display(), case.name);
    for name in &case.not_modelled {
        let _ = writeln!(text, "  not modelled: {name}");
    }
    for mismatch in &case.mismatches {
        let _ = writeln!(text, "  {mismatch}");
    }
    text
}

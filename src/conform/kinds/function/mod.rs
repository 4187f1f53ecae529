//! Tables of a pure function: JSON with `kubernetes`, `function` and `cases` of `input` and `output`.
//!
//! Each function that can be played is one file here and one line in [`FUNCTIONS`]. It builds the arguments from the input,
//! calls what the simulation calls, and writes the answer as the table does; the comparison is the same for all.

mod cron_job;
mod deployment;
mod hpa_behavior;
mod hpa_resource;
mod input;
mod pdb;
mod pod_requests;
mod quota;

use super::{CaseResult, Kind, Options, Recording};
use crate::conform::compare;
use crate::diagnostic::{Diagnostic, did_you_mean};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

pub(super) const KIND: Kind =
    Kind { name: "function", recognised: |recording| !recording.is_folder() && recording.has(&["function"]), run };

/// A function that can be played.
struct Function {
    name: &'static str,
    /// The output that belongs to an input.
    play: fn(&Value) -> Result<Value, Unusable>,
}

/// What of an input cannot be used: where below the input, and what was expected.
struct Unusable {
    field: String,
    message: String,
}

/// Adding a function is one file and one line here.
const FUNCTIONS: &[Function] = &[
    cron_job::FUNCTION,
    deployment::FUNCTION,
    hpa_behavior::FUNCTION,
    hpa_resource::FUNCTION,
    pdb::FUNCTION,
    pod_requests::FUNCTION,
    quota::FUNCTION,
];

#[derive(Deserialize)]
struct Table {
    function: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Free: the tables of the corpus have none.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    covers: Vec<String>,
    input: Value,
    output: Value,
}

impl Unusable {
    fn new(field: &str, message: impl fmt::Display) -> Self {
        // The fields of an input that is the object itself have nothing in front.
        Self { field: field.trim_start_matches('.').to_owned(), message: message.to_string() }
    }
}

fn run(recording: &Recording, options: &Options) -> Result<Vec<CaseResult>, Diagnostic> {
    let table: Table = recording.json()?;
    let Some(function) = FUNCTIONS.iter().find(|function| function.name == table.function) else {
        let names: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
        let message = format!("`{}` is no function that can be played: expected {}", table.function, names.join(", "));
        let problem = recording.problem("function", message);
        return Err(match did_you_mean(&table.function, names.into_iter()) {
            Some(help) => problem.help(help),
            None => problem,
        });
    };
    let mut results = Vec::new();
    for (index, mut case) in table.cases.into_iter().enumerate() {
        let at = format!("cases[{index}]");
        let name = case.name.map_or_else(|| format!("{} {at}", function.name), |name| format!("{at} {name}"));
        case.covers.push(table.function.clone());
        if !options.wants(&name, &case.covers) {
            continue;
        }
        let got = (function.play)(&case.input).map_err(|unusable| {
            let dot = if unusable.field.is_empty() { "" } else { "." };
            recording.problem(&format!("{at}.input{dot}{}", unusable.field), unusable.message)
        })?;
        results.push(CaseResult::new(name, compare(&case.output, &got)));
    }
    Ok(results)
}

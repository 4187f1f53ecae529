//! `towtank explain`.

use super::print;
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use crate::explain::{self, Options, text};
use clap::Args;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// The arguments of `towtank explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The output directory of `towtank run`.
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// The pod: `namespace/name`, or its name alone where it is the only one of this name.
    #[arg(value_name = "POD")]
    pod: String,
    /// Tell this attempt, or those from one to another, both included; the first, the last and the successful one by
    /// default.
    #[arg(long, value_name = "N|N..M", value_parser = attempts)]
    attempt: Option<RangeInclusive<u32>>,
    /// Tell the scores of so many of the best nodes.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = count)]
    top: usize,
    /// Tell the verdict on every node by itself.
    #[arg(long)]
    all_nodes: bool,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

fn count(text: &str) -> Result<usize, &'static str> {
    text.parse().map_err(|_| "expected a whole number of at least 0")
}

/// `3`, `3..5`.
fn attempts(text: &str) -> Result<RangeInclusive<u32>, &'static str> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    match (first.parse(), last.trim_start_matches('=').parse()) {
        (Ok(first), Ok(last)) if 1 <= first && first <= last => Ok(first..=last),
        _ => Err("expected an attempt, counted from 1, or two such as 2..5"),
    }
}

/// Plays a run again and says what its scheduler had in mind with a pod.
pub(super) fn explain(args: &ExplainArgs) -> Result<(), Failure> {
    let options = Options { attempts: args.attempt.clone(), top: args.top, all_nodes: args.all_nodes };
    let explanation = explain::explain(&args.out, &args.pod, &options)?;
    if !args.json {
        return print(&text::explanation(&explanation));
    }
    let text = serde_json::to_string_pretty(&explanation).map_err(|error| Diagnostic::new(error.to_string()))?;
    print(&format!("{text}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_from_one() {
        assert_eq!(attempts("3"), Ok(3..=3));
        assert_eq!(attempts("2..5"), Ok(2..=5));
        for bad in ["", "0", "3..2", "..", "1..", "x"] {
            assert!(attempts(bad).is_err(), "{bad}");
        }
    }
}

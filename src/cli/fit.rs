//! `towtank fit`.

use super::trace_args::TraceArgs;
use super::{print, warn};
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use crate::fit::{FitOptions, Model};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use towtank_reports::output::write_file;

/// The arguments of `towtank fit`.
#[derive(Debug, Args)]
pub(super) struct FitArgs {
    #[command(flatten)]
    trace: TraceArgs,
    /// The file of the model; standard output if it is not said.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Keep at most so many shapes, the commonest; each of the others counts as the one that is most like it.
    #[arg(long, value_name = "N", default_value = "100")]
    shapes: NonZeroUsize,
    /// Leave out submissions of more pods than this.
    #[arg(long, value_name = "PODS")]
    largest: Option<u32>,
    /// Keep the quantiles of all run times, also where a named distribution fits well.
    #[arg(long)]
    quantiles: bool,
}

/// Learns a model from a trace.
pub(super) fn fit(args: &FitArgs) -> Result<(), Failure> {
    let mut trace = args.trace.open()?;
    let largest = args.largest.unwrap_or(u32::MAX);
    let options = FitOptions { shapes: args.shapes.get(), named: !args.quantiles, largest };
    let model = Model::of(&mut trace.pods, options)
        .map_err(|error| Diagnostic::new(error.of(trace.format.name).to_string()))?;
    warn(&trace.repairs.notes());
    for repaired in trace.repairs.report() {
        anstream::eprintln!("repaired {}: {} (first: {})", repaired.rule.name(), repaired.count, repaired.first);
    }
    if model.submissions < 2 {
        let why = format!("{}: expected at least two submissions to learn from", args.trace.name());
        return Err(Diagnostic::new(why).into());
    }
    let name = args.trace.name();
    let stem: String = name.split('.').next().unwrap_or_default().to_owned();
    let text = model.yaml(&stem, &name);
    match &args.output {
        None => print(&text),
        Some(path) => {
            write_file(path, text.as_bytes())?;
            anstream::eprintln!("written to {}", path.display());
            Ok(())
        }
    }
}

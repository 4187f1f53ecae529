//! `towtank inspect`.

use super::trace_args::TraceArgs;
use super::{Format, print, warn};
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use crate::inspect::{Inspection, figures, text};
use clap::Args;
use std::path::{Path, PathBuf};
use towtank_reports::draw::Medium;
use towtank_reports::output::OutputDir;
use towtank_reports::report;
use towtank_traces::statistics;

/// The arguments of `towtank inspect`.
#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    #[command(flatten)]
    trace: TraceArgs,
    /// Where figures and `summary.json` go; nowhere if it is not said, or `-`.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the numbers are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Reads a whole trace and says what it is like.
pub(super) fn inspect(args: &InspectArgs) -> Result<(), Failure> {
    let target = args.out.as_ref().filter(|out| out.as_path() != Path::new("-"));
    let out = target.map(|out| OutputDir::create(out)).transpose()?;
    let mut trace = args.trace.open()?;
    let found = statistics::of(&mut trace.pods, trace.nodes)
        .map_err(|error| Diagnostic::new(error.of(trace.format.name).to_string()))?;
    let inspection = Inspection::new(&args.trace.name(), trace.format, &found, &trace.repairs, &mut trace.pods);
    warn(&trace.repairs.notes());
    let json = inspection.json();
    let written = match out {
        Some(out) => {
            out.write("summary.json", &json)?;
            for (name, chart) in figures::all(&found) {
                report::write_plot(&out, "", &name, &chart, Medium::SCREEN)?;
            }
            Some(out.commit()?)
        }
        None => None,
    };
    print(&match args.format {
        Format::Text => text::text(&inspection),
        Format::Json => json,
    })?;
    if let Some(written) = written {
        anstream::eprintln!("written to {}; see {}", written.display(), written.join("plots").display());
    }
    Ok(())
}

//! `towtank validate`.

use super::{print, warn};
use crate::exit::Failure;
use crate::scenario::{Overrides, Scenario, SchedulerChoice};
use clap::Args;
use std::path::PathBuf;
use towtank_sim::scheduler::Evaluation;

/// The arguments of `towtank validate`.
#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    /// Scenario files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Reads scenarios and everything that they name at the start. Traces are opened, and read as far as their first rows.
pub(super) fn validate(args: &ValidateArgs) -> Result<(), Failure> {
    for file in &args.files {
        let scenario = Scenario::read(file, &Overrides::default())?;
        let scheduler = SchedulerChoice::of(&scenario)?;
        let prepared = scenario.prepare(&scheduler, Evaluation::default())?;
        warn(&prepared.warnings);
        print(&format!("{}: ok\n", file.display()))?;
    }
    Ok(())
}

//! `towtank run`.

use super::{FigureArgs, Format, ScenarioArgs, print, warn};
use crate::exit::Failure;
use crate::explain::replay::Replay;
use crate::scenario::{Overrides, Scenario, SchedulerChoice};
use crate::simulate::{RunOptions, simulate};
use clap::Args;
use std::path::{Path, PathBuf};
use towtank_reports::output::OutputDir;
use towtank_reports::{report, tables, terminal};

/// The arguments of `towtank run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// The seed of every random stream, instead of the scenario's.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole_number)]
    seed: Option<u64>,
    /// A named policy or a KubeSchedulerConfiguration file, instead of the scenario's.
    #[arg(long, value_name = "NAME|FILE")]
    policy: Option<String>,
    /// Where tables, figures and the page go; `out/NAME` by default, `-` for nowhere.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Check the simulator's own invariants, every so many steps of the run (1000 if it is not said). Exit 1 and the
    /// invariant's name when one does not hold.
    #[arg(long, value_name = "STEPS", num_args = 0..=1, require_equals = true, default_missing_value = "1000",
          value_parser = clap::value_parser!(u64).range(1..))]
    audit: Option<u64>,
    /// Measure in which parts of the simulator the time goes, and print it after the summary. The results are the same; the run
    /// takes somewhat longer.
    #[arg(long)]
    profile_phases: bool,
    #[command(flatten)]
    figures: FigureArgs,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

fn whole_number(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "expected a whole number of at least 0")
}

/// Runs one simulation.
pub(super) fn run(args: &RunArgs) -> Result<(), Failure> {
    let overrides = Overrides {
        set: args.scenario.set.clone(),
        seed: args.seed,
        until: args.scenario.until.clone(),
        strict: args.scenario.strict,
    };
    let scenario = Scenario::read(&args.scenario.scenario, &overrides)?;
    let scheduler = match &args.policy {
        Some(policy) => SchedulerChoice::parse(policy, &scenario)?,
        None => SchedulerChoice::of(&scenario)?,
    };
    let target = args.out.clone().unwrap_or_else(|| Path::new("out").join(&scenario.name));
    let out = if target == Path::new("-") { None } else { Some(OutputDir::create(&target)?) };
    // Before the run: what it reads may change meanwhile. Of a file that cannot be read the run itself says more.
    let replay = out.as_ref().map(|_| Replay::new(&scenario, &overrides, args.policy.as_deref(), &target));

    let figures = scenario.spec.observe.figures;
    if out.is_some() && figures {
        // This thread will draw too. Others that it woke up and waited for were seen on one processor, with another one idle.
        let threads = rayon::ThreadPoolBuilder::new().use_current_thread();
        // There are threads already where this is not the first run of a process.
        let _ = threads.build_global();
        report::get_ready();
    }
    let options = RunOptions {
        evaluation: args.scenario.evaluation.into(),
        progress: true,
        audit: args.audit,
        profile_phases: args.profile_phases,
        page: out.is_some(),
    };
    let simulated = simulate(&scenario, &scheduler, options, out.as_ref())?;
    warn(&simulated.warnings);
    let run = simulated.run;
    let written = match out {
        Some(out) => {
            if figures {
                report::write_run(&out, &run, args.figures.medium())?;
            } else {
                report::write_numbers(&out, &run)?;
            }
            if let Some(replay) = replay {
                replay?.write(&out, &run.summary.fingerprint)?;
            }
            Some(out.commit()?)
        }
        None => None,
    };
    print(&match args.format {
        Format::Text => terminal::summary(&run.summary),
        Format::Json => tables::summary_json(&run.summary),
    })?;
    // The process ends here: a hundred thousand lives need not be given back one by one.
    std::mem::forget(run);
    if let Some(written) = written {
        let page = written.join(if figures { "report.html" } else { "summary.json" });
        anstream::eprintln!("written to {}; see {}", written.display(), page.display());
    }
    Ok(())
}

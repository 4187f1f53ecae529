//! `towtank compare`.

use super::{FigureArgs, Format, ScenarioArgs, print, warn};
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use crate::experiment::{self, Side, Terms, parse_seeds};
use crate::scenario::{Overrides, Scenario, SchedulerChoice};
use crate::simulate::{RunOptions, Simulated, simulate};
use clap::Args;
use rayon::prelude::*;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use towtank_reports::comparison::Comparison;
use towtank_reports::data::{Run, Summary};
use towtank_reports::numbers::numbers;
use towtank_reports::output::OutputDir;
use towtank_reports::statistics::Verdict;
use towtank_reports::{report, terminal};

/// The arguments of `towtank compare`.
#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// A named policy or a KubeSchedulerConfiguration file; give it twice or more.
    #[arg(long, value_name = "NAME|FILE", required = true)]
    policy: Vec<String>,
    /// The seeds: one such as `7`, or several such as `1..5` (both ends included) or `1,3,9`. The scenario's by default.
    #[arg(long, value_name = "SEEDS")]
    seeds: Option<String>,
    /// How many runs go on at the same time; as many as there are processors by default. The results are the same.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = job_number)]
    jobs: Option<NonZeroUsize>,
    /// Where tables, figures and the page go; `out/NAME-compare` by default, `-` for nowhere.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    figures: FigureArgs,
    /// How the comparison is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn job_number(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "expected a whole number of at least 1")
}

/// Runs the same work under several policies. All of them meet the same arrivals and failures.
pub(super) fn compare(args: &CompareArgs) -> Result<(), Failure> {
    if args.policy.len() < 2 {
        return Err(Diagnostic::new("--policy is given once: expected two or more policies to compare").into());
    }
    if let Some(twice) = args.policy.iter().enumerate().find(|(i, policy)| args.policy[..*i].contains(policy)) {
        return Err(Diagnostic::new(format!("--policy {} is given twice: expected different policies", twice.1)).into());
    }
    let overrides = Overrides {
        set: args.scenario.set.clone(),
        until: args.scenario.until.clone(),
        strict: args.scenario.strict,
        ..Overrides::default()
    };
    let scenario = Scenario::read(&args.scenario.scenario, &overrides)?;
    let policies: Vec<SchedulerChoice> =
        args.policy.iter().map(|text| SchedulerChoice::parse(text, &scenario)).collect::<Result<_, _>>()?;
    let seeds = match &args.seeds {
        Some(text) => parse_seeds(text).ok_or_else(|| {
            Diagnostic::new(format!("--seeds {text}: expected a seed, a range such as 1..5, or a list such as 1,3,9"))
        })?,
        None => vec![scenario.spec.seed],
    };
    let target = args.out.clone().unwrap_or_else(|| Path::new("out").join(format!("{}-compare", scenario.name)));
    let out = if target == Path::new("-") { None } else { Some(OutputDir::create(&target)?) };

    let runs = all_runs(args, &scenario, &policies, &seeds)?;
    let verdicts = if seeds.len() > 1 { verdicts(&runs, &policies) } else { Vec::new() };
    let labelled: Vec<_> = runs.iter().map(|run| (run.label.as_str(), &run.summary)).collect();
    let text = match args.format {
        Format::Text if verdicts.is_empty() => terminal::comparison(&Comparison::new(&labelled)),
        Format::Text => {
            format!("{}\n{}", terminal::comparison(&Comparison::new(&labelled)), report::verdict_lines(&verdicts))
        }
        Format::Json => report::comparison_json(&runs, &verdicts),
    };
    let written = match out {
        Some(out) => {
            report::write_comparison(&out, &runs, &verdicts, args.figures.medium())?;
            Some(out.commit()?)
        }
        None => None,
    };
    print(&text)?;
    if let Some(written) = written {
        anstream::eprintln!("written to {}; see {}", written.display(), written.join("report.html").display());
    }
    Ok(())
}

/// What the seeds together say of each policy beside the first one.
fn verdicts(runs: &[Run], policies: &[SchedulerChoice]) -> Vec<Verdict> {
    let numbers: Vec<_> = runs.iter().map(|run| numbers(&run.summary)).collect();
    let side = |(run, numbers)| {
        let summary: &Summary = run;
        Side { label: &summary.policy, seed: Some(summary.seed), numbers }
    };
    let sides: Vec<Side<'_>> = runs.iter().map(|run| &run.summary).zip(&numbers).map(side).collect();
    policies.first().map(|first| experiment::verdicts(&sides, &first.label, &Terms::default())).unwrap_or_default()
}

/// The runs, policy by policy and within it seed by seed, whatever the order in which they ended.
fn all_runs(
    args: &CompareArgs,
    scenario: &Scenario,
    policies: &[SchedulerChoice],
    seeds: &[u64],
) -> Result<Vec<Run>, Failure> {
    let mut runs = Vec::new();
    for policy in policies {
        for &seed in seeds {
            let mut scenario = scenario.clone();
            scenario.spec.seed = seed;
            runs.push((scenario, policy));
        }
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.jobs.map_or(0, NonZeroUsize::get))
        .build()
        .map_err(|error| Diagnostic::new(format!("--jobs: {error}")))?;
    let options = RunOptions { evaluation: args.scenario.evaluation.into(), page: true, ..RunOptions::default() };
    let results: Vec<Result<Simulated, Failure>> = pool.install(|| {
        runs.par_iter().with_max_len(1).map(|(scenario, policy)| simulate(scenario, policy, options, None)).collect()
    });
    let mut warnings = Vec::new();
    let mut finished = Vec::new();
    for result in results {
        let Simulated { mut run, warnings: more } = result?;
        if seeds.len() > 1 {
            run.label = format!("{} (seed {})", run.label, run.summary.seed);
        }
        warnings.extend(more);
        finished.push(run);
    }
    warnings.sort();
    warnings.dedup();
    warn(&warnings);
    Ok(finished)
}

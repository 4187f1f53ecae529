//! All runs of an experiment, side by side, with a journal that survives an interruption.

use super::journal::{Header, Journal, JournalError, Shard};
use super::plan::{PlannedRun, RunKey};
use super::row::Row;
use super::{Experiment, directory};
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use crate::hash;
use crate::scenario::{Overrides, Scenario, SchedulerChoice};
use crate::simulate::{RunOptions, Simulated, simulate};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use towtank_reports::output::OutputError;

/// How a sweep is made.
#[derive(Clone, Copy, Debug)]
pub struct SweepOptions {
    /// The part of the experiment that is made.
    pub shard: Shard,
    /// How many runs go on at the same time; 0 for as many as there are processors.
    pub jobs: usize,
    /// Whether an unfinished sweep is taken up.
    pub resume: bool,
    /// How each run is made.
    pub run: RunOptions,
}

/// What a sweep did.
#[derive(Debug, Default)]
pub struct Swept {
    /// Every row of the shard, in the order of the plan.
    pub rows: Vec<Row>,
    /// Runs that an earlier sweep had made already.
    pub resumed: usize,
    /// What the user should know about the inputs.
    pub warnings: Vec<String>,
}

/// Makes all runs that are not made yet, and puts each into the journal of `out` as it ends.
///
/// # Errors
/// An input cannot be used, a run failed (the others are made all the same), or a row could not be written.
pub fn sweep(experiment: &Experiment, options: SweepOptions, out: &Path) -> Result<Swept, Failure> {
    directory::prepare(out, options.resume)?;
    let header = Header {
        experiment: experiment.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        axes: experiment.axes.clone(),
        shard: options.shard,
    };
    let (journal, found) = Journal::open(out, &header).map_err(|error| match error {
        JournalError::Content(diagnostic) => Failure::Input(diagnostic),
        JournalError::Io(error) => Failure::Output(error),
    })?;
    let mine: Vec<&PlannedRun> =
        experiment.runs.iter().filter(|run| run.key.shard(options.shard.count) == options.shard.index).collect();
    let prepared = Inputs::default().prepare_all(experiment, &mine)?;
    let mut rows = made_already(out, &prepared, found)?;
    let resumed = rows.len();

    let todo: Vec<&Prepared<'_>> = prepared.iter().filter(|run| !rows.contains_key(&run.plan.key)).collect();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs)
        .build()
        .map_err(|error| Diagnostic::new(format!("--jobs: {error}")))?;
    let shared = Shared {
        journal: Mutex::new(journal),
        stop: AtomicBool::new(false),
        bar: progress(prepared.len(), resumed),
        warnings: Mutex::default(),
    };
    let results: Vec<Result<Option<Row>, Failure>> =
        pool.install(|| todo.par_iter().map(|run| shared.one(experiment, run, options.run)).collect());
    shared.bar.finish_and_clear();

    let mut failures = Vec::new();
    for (run, result) in todo.iter().zip(results) {
        match result {
            Ok(row) => rows.extend(row.map(|row| (row.key.clone(), row))),
            Err(failure) => failures.push((&run.plan.key, failure)),
        }
    }
    if let Some(place) = failures.iter().position(|(_, failure)| matches!(failure, Failure::Output(_))) {
        return Err(failures.swap_remove(place).1);
    }
    let many = failures.len();
    if let Some((key, failure)) = failures.into_iter().next() {
        let others = if many > 1 { format!(" ({many} runs failed)") } else { String::new() };
        return Err(Failure::Sweep { run: key.to_string(), others, source: Box::new(failure) });
    }
    let warnings = shared.warnings.into_inner().unwrap_or_default().into_iter().collect();
    let rows = mine.iter().filter_map(|run| rows.remove(&run.key)).collect();
    Ok(Swept { rows, resumed, warnings })
}

/// A run whose inputs can be read.
struct Prepared<'p> {
    plan: &'p PlannedRun,
    made_of: String,
}

/// What several runs share: hashes of files.
#[derive(Default)]
struct Inputs {
    hashes: BTreeMap<PathBuf, String>,
}

impl Inputs {
    /// Reads the scenarios of all runs, so that a mistake in the last one is found before the first one is made.
    fn prepare_all<'p>(
        mut self,
        experiment: &Experiment,
        runs: &[&'p PlannedRun],
    ) -> Result<Vec<Prepared<'p>>, Diagnostic> {
        let prepare = |plan: &&'p PlannedRun| Ok(Prepared { plan, made_of: self.made_of(experiment, plan)? });
        runs.iter().map(prepare).collect()
    }

    fn made_of(&mut self, experiment: &Experiment, plan: &PlannedRun) -> Result<String, Diagnostic> {
        let (scenario, _) = open(experiment, plan)?;
        let mut files = scenario.inputs()?;
        files.extend(plan.policy.as_ref().filter(|policy| SchedulerChoice::is_file(policy)).map(PathBuf::from));
        let mut parts = vec![env!("CARGO_PKG_VERSION").to_owned(), plan.policy.clone().unwrap_or_default()];
        parts.extend(plan.key.seed.map(|seed| seed.to_string()));
        parts.extend(plan.set.iter().cloned());
        for file in files {
            parts.push(self.hash(&file)?);
        }
        Ok(hash::of_texts(parts.iter().map(String::as_str)))
    }

    fn hash(&mut self, file: &Path) -> Result<String, Diagnostic> {
        if let Some(hash) = self.hashes.get(file) {
            return Ok(hash.clone());
        }
        let hash = hash::of_file(file).map_err(|error| Diagnostic::unreadable(file, &error))?;
        self.hashes.insert(file.to_owned(), hash.clone());
        Ok(hash)
    }
}

/// The scenario and the scheduler of a run.
fn open(experiment: &Experiment, plan: &PlannedRun) -> Result<(Scenario, SchedulerChoice), Diagnostic> {
    let overrides = Overrides { set: plan.set.clone(), seed: plan.key.seed, ..Overrides::default() };
    let about = |error: Diagnostic| error.about(&format!("the run {}", plan.key));
    let scenario = Scenario::read(&experiment.scenario, &overrides).map_err(about)?;
    let scheduler = match &plan.policy {
        Some(policy) => SchedulerChoice::parse(policy, &scenario)?,
        None => SchedulerChoice::of(&scenario)?,
    };
    Ok((scenario, scheduler))
}

/// The rows of an earlier sweep, if they are of these very runs.
fn made_already(out: &Path, runs: &[Prepared<'_>], found: Vec<Row>) -> Result<BTreeMap<RunKey, Row>, Diagnostic> {
    let planned: BTreeMap<&RunKey, &str> = runs.iter().map(|run| (&run.plan.key, run.made_of.as_str())).collect();
    let mut rows = BTreeMap::new();
    for row in found {
        let why = match planned.get(&row.key) {
            Some(made_of) if *made_of == row.made_of => None,
            Some(_) => Some("was made of other inputs than those that are there now"),
            None => Some("is not part of the experiment as it is now"),
        };
        if let Some(why) = why {
            let why = format!("the run {} {why}", row.key);
            return Err(Diagnostic::in_file(out, why).help("start anew without --resume, or choose another directory"));
        }
        rows.insert(row.key.clone(), row);
    }
    Ok(rows)
}

/// What the threads have in common.
struct Shared {
    journal: Mutex<Journal>,
    /// Set when a row could not be written: no more runs are begun.
    stop: AtomicBool,
    bar: ProgressBar,
    warnings: Mutex<BTreeSet<String>>,
}

impl Shared {
    /// One run; `None` if none shall be begun any more.
    fn one(&self, experiment: &Experiment, run: &Prepared<'_>, options: RunOptions) -> Result<Option<Row>, Failure> {
        if self.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let (scenario, scheduler) = open(experiment, run.plan)?;
        let Simulated { run: data, warnings } = simulate(&scenario, &scheduler, options, None)?;
        let row = Row::new(run.plan.key.clone(), run.made_of.clone(), data);
        let written: Result<(), OutputError> =
            self.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(&row);
        if written.is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
        written?;
        self.warnings.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(warnings);
        self.bar.inc(1);
        Ok(Some(row))
    }
}

fn progress(all: usize, done: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = "{elapsed_precise} [{bar:30}] {pos} of {len} runs, about {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(all as u64).with_style(style.progress_chars("=> ")).with_position(done as u64)
}

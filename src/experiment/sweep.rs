//! All runs of an experiment, side by side, with a journal that survives an interruption.

use super::Experiment;
use super::directory::{Existing, SweepDir};
use super::inputs::{self, Prepared};
use super::journal::Header;
use super::plan::PlannedRun;
use super::progress::Progress;
use super::row::Row;
use super::shard::Shard;
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use crate::simulate::{RunOptions, Simulated, simulate};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use towtank_reports::draw::Medium;
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

/// What a sweep did. The directory is its own as long as this lives.
#[derive(Debug)]
pub struct Swept {
    /// Every row of the shard, in the order of the plan.
    pub rows: Vec<Row>,
    /// Runs that an earlier sweep had made already.
    pub resumed: usize,
    /// What the user should know about the inputs.
    pub warnings: Vec<String>,
    dir: SweepDir,
}

impl Swept {
    /// Writes the tables, and the figures for `medium`, if these are the runs of the whole experiment.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(self, experiment: &Experiment, medium: Medium) -> Result<Vec<Row>, OutputError> {
        self.dir.finish(experiment, &self.rows, medium)?;
        Ok(self.rows)
    }
}

/// Makes all runs that are not made yet, and puts each into the journal of `out` as it ends.
///
/// # Errors
/// An input cannot be used, a run failed (the others are made all the same), or a row could not be written.
pub fn sweep(experiment: &Experiment, options: SweepOptions, out: &Path) -> Result<Swept, Failure> {
    let Shard { index, count } = options.shard;
    let mine: Vec<&PlannedRun> = experiment.runs.iter().filter(|run| run.key.shard(count) == index).collect();
    let prepared = inputs::prepare(experiment, mine.iter().copied())?;
    let existing = if options.resume { Existing::Resume } else { Existing::Replace };
    let (dir, found) = SweepDir::open(out, &Header::new(experiment, options.shard), existing)?;
    let mut rows = inputs::checked(out, &prepared, found)?;
    let resumed = rows.len();
    dir.take_tables_away()?;

    let todo: Vec<&Prepared<'_>> = prepared.iter().filter(|run| !rows.contains_key(&run.plan.key)).collect();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs)
        .build()
        .map_err(|error| Diagnostic::new(format!("--jobs: {error}")))?;
    let shared = Shared {
        dir: Mutex::new(dir),
        stop: AtomicBool::new(false),
        progress: Progress::new(prepared.len(), resumed),
        warnings: Mutex::default(),
    };
    let results: Vec<Result<Option<Row>, Failure>> =
        pool.install(|| todo.par_iter().map(|run| shared.one(experiment, run, options.run)).collect());
    shared.progress.finish();

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
    let dir = shared.dir.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Swept { rows, resumed, warnings, dir })
}

/// What the threads have in common.
struct Shared {
    dir: Mutex<SweepDir>,
    /// Set when a row could not be written: no more runs are begun.
    stop: AtomicBool,
    progress: Progress,
    warnings: Mutex<BTreeSet<String>>,
}

impl Shared {
    /// One run; `None` if none shall be begun any more.
    fn one(&self, experiment: &Experiment, run: &Prepared<'_>, options: RunOptions) -> Result<Option<Row>, Failure> {
        if self.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let (scenario, scheduler) = inputs::open(experiment, run.plan)?;
        let Simulated { run: data, warnings } = simulate(&scenario, &scheduler, options, None)?;
        let row = Row::new(run.plan.key.clone(), run.made_of.clone(), data);
        let mut dir = self.dir.lock().unwrap_or_else(PoisonError::into_inner);
        // Another run may have found that nothing can be written any more.
        if self.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        if let Err(error) = dir.add(&row) {
            self.stop.store(true, Ordering::Relaxed);
            return Err(error.into());
        }
        drop(dir);
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).extend(warnings);
        self.progress.ended();
        Ok(Some(row))
    }
}

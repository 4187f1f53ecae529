//! What runs are made of: their scenarios, and hashes of all files that these name.

use super::Experiment;
use super::plan::{PlannedRun, RunKey};
use super::row::Row;
use crate::diagnostic::Diagnostic;
use crate::hash;
use crate::scenario::{Overrides, Scenario, SchedulerChoice};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A run whose inputs can be read.
pub(super) struct Prepared<'p> {
    pub(super) plan: &'p PlannedRun,
    /// A hash of the program's version and of all that the run reads.
    pub(super) made_of: String,
}

/// Reads the scenarios of runs, so that a mistake in the last one is found before the first one is made.
///
/// # Errors
/// A scenario cannot be used, or a file that it names cannot be read.
pub(super) fn prepare<'p>(
    experiment: &Experiment,
    runs: impl IntoIterator<Item = &'p PlannedRun>,
) -> Result<Vec<Prepared<'p>>, Diagnostic> {
    let mut hashes = Hashes::default();
    let mut prepare = |plan| Ok(Prepared { plan, made_of: hashes.made_of(experiment, plan)? });
    runs.into_iter().map(&mut prepare).collect()
}

/// The scenario and the scheduler of a run.
///
/// # Errors
/// They cannot be used.
pub(super) fn open(experiment: &Experiment, plan: &PlannedRun) -> Result<(Scenario, SchedulerChoice), Diagnostic> {
    let overrides = Overrides { set: plan.set.clone(), seed: plan.key.seed, ..Overrides::default() };
    let about = |error: Diagnostic| error.about(&format!("the run {}", plan.key));
    let scenario = Scenario::read(&experiment.scenario, &overrides).map_err(about)?;
    let scheduler = match &plan.policy {
        Some(policy) => SchedulerChoice::parse(policy, &scenario)?,
        None => SchedulerChoice::of(&scenario)?,
    };
    Ok((scenario, scheduler))
}

/// The rows of a folder by run, if each of them is there once and of these very runs and inputs.
///
/// # Errors
/// One is not.
pub(super) fn checked(
    folder: &Path,
    runs: &[Prepared<'_>],
    found: Vec<Row>,
) -> Result<BTreeMap<RunKey, Row>, Diagnostic> {
    let planned: BTreeMap<&RunKey, &str> = runs.iter().map(|run| (&run.plan.key, run.made_of.as_str())).collect();
    let mut rows = BTreeMap::new();
    for row in found {
        let why = match planned.get(&row.key) {
            Some(_) if rows.contains_key(&row.key) => Some("is there twice"),
            Some(made_of) if *made_of == row.made_of => None,
            Some(_) => Some("was made of other inputs than those that are there now"),
            None => Some("is not part of the experiment as it is now"),
        };
        if let Some(why) = why {
            let why = format!("the run {} {why}", row.key);
            let help = "start anew without --resume, or choose another directory";
            return Err(Diagnostic::in_file(folder, why).help(help));
        }
        rows.insert(row.key.clone(), row);
    }
    Ok(rows)
}

/// Hashes of files that several runs read.
#[derive(Default)]
struct Hashes(BTreeMap<PathBuf, String>);

impl Hashes {
    fn made_of(&mut self, experiment: &Experiment, plan: &PlannedRun) -> Result<String, Diagnostic> {
        let (scenario, _) = open(experiment, plan)?;
        let mut files = scenario.inputs()?;
        files.extend(plan.policy.as_ref().filter(|policy| SchedulerChoice::is_file(policy)).map(PathBuf::from));
        // By its name and content, not by its place: shards are made and put together in different places.
        let mut parts = vec![env!("CARGO_PKG_VERSION").to_owned(), plan.key.policy.clone()];
        parts.extend(plan.key.seed.map(|seed| seed.to_string()));
        parts.extend(plan.set.iter().cloned());
        for file in files {
            parts.push(self.of(&file)?);
        }
        Ok(hash::of_texts(parts.iter().map(String::as_str)))
    }

    fn of(&mut self, file: &Path) -> Result<String, Diagnostic> {
        if let Some(hash) = self.0.get(file) {
            return Ok(hash.clone());
        }
        let hash = hash::of_file(file).map_err(|error| Diagnostic::unreadable(file, &error))?;
        self.0.insert(file.to_owned(), hash.clone());
        Ok(hash)
    }
}

//! The shards of an experiment, put together.

use super::journal::{self, Shard};
use super::plan::RunKey;
use super::row::Row;
use super::{Experiment, directory};
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use towtank_reports::draw::Medium;

/// Puts the rows of all shards into `out`, with the tables and figures that one sweep of all of them would have made.
///
/// # Errors
/// A shard is of another experiment, is missing, is there twice or has not finished; or `out` cannot be written.
pub fn merge(experiment: &Experiment, shards: &[PathBuf], out: &Path, medium: Medium) -> Result<Vec<Row>, Failure> {
    let mut rows: BTreeMap<RunKey, (Row, &Path)> = BTreeMap::new();
    let mut count = None;
    for shard in shards {
        let (header, found) = journal::read(shard)?;
        if header.experiment != experiment.name || header.axes != experiment.axes {
            let why = format!("is a sweep of {}, and not of {}", header.experiment, experiment.name);
            return Err(Diagnostic::in_file(shard, why).into());
        }
        let Shard { count: of, .. } = header.shard;
        if *count.get_or_insert(of) != of {
            let why = format!("is one of {of} shards, and the first one given is one of {}", count.unwrap_or(of));
            return Err(Diagnostic::in_file(shard, why).into());
        }
        for row in found {
            if let Some((_, other)) = rows.insert(row.key.clone(), (row.clone(), shard)) {
                let why = format!("the run {} is in {} already", row.key, other.display());
                return Err(Diagnostic::in_file(shard, why).into());
            }
        }
    }
    let mut all = Vec::with_capacity(experiment.runs.len());
    for run in &experiment.runs {
        let Some((row, _)) = rows.remove(&run.key) else {
            let count = count.unwrap_or(1);
            let why = format!("the run {} is missing: it belongs to shard {}/{count}", run.key, run.key.shard(count));
            return Err(Diagnostic::new(why).help("--shard I/N --resume finishes a shard").into());
        };
        all.push(row);
    }
    if let Some((key, (_, shard))) = rows.into_iter().next() {
        let why = format!("the run {key} is not part of the experiment as it is now");
        return Err(Diagnostic::in_file(shard, why).into());
    }
    directory::prepare(out, false)?;
    directory::finish(experiment, &all, out, medium)?;
    Ok(all)
}

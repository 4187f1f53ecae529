//! The shards of an experiment, put together.

use super::Experiment;
use super::directory::{self, Existing, SweepDir};
use super::inputs;
use super::journal::{self, Header};
use super::plan::RunKey;
use super::row::Row;
use super::shard::Shard;
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use towtank_reports::draw::Medium;

/// What was put together.
#[derive(Debug)]
pub struct Merged {
    /// Every row, in the order of the plan.
    pub rows: Vec<Row>,
    /// Of how many shards.
    pub shards: usize,
}

/// Puts the rows of all shards into `out`, with the tables and figures that one sweep of all of them would have made. Each of `folders` is a
/// shard, or has the folders of shards in it.
///
/// # Errors
/// A shard is of another experiment, of other inputs than those that are there now, is missing, is there twice or has not finished; or `out`
/// cannot be written.
pub fn merge(experiment: &Experiment, folders: &[PathBuf], out: &Path, medium: Medium) -> Result<Merged, Failure> {
    let shards: Vec<PathBuf> =
        folders.iter().map(|folder| directory::shards(folder)).collect::<Result<Vec<_>, _>>()?.concat();
    if let Some(same) = shards.iter().find(|shard| is_same(shard, out)) {
        let error = Diagnostic::in_file(same, "is a shard, and where they shall be put together");
        return Err(error.help("--out DIR names another directory").into());
    }
    let all = collect(experiment, &shards)?;
    let header = Header::new(experiment, Shard::WHOLE);
    let (mut dir, kept) = SweepDir::open(out, &header, Existing::PutTogether)?;
    // Of a merge that was interrupted.
    let kept: BTreeMap<&RunKey, &Row> = kept.iter().map(|row| (&row.key, row)).collect();
    if let Some(other) = all.iter().find(|row| kept.get(&row.key).is_some_and(|kept| kept != row)) {
        let why = format!("holds another result of the run {}", other.key);
        return Err(Diagnostic::in_file(out, why).help("choose another --out, or delete it").into());
    }
    dir.take_tables_away()?;
    for row in all.iter().filter(|row| !kept.contains_key(&row.key)) {
        dir.add(row)?;
    }
    dir.finish(experiment, &all, medium)?;
    Ok(Merged { rows: all, shards: shards.len() })
}

/// The rows of all shards, in the order of the plan.
fn collect(experiment: &Experiment, shards: &[PathBuf]) -> Result<Vec<Row>, Diagnostic> {
    let runs = inputs::prepare(experiment, &experiment.runs)?;
    let mut rows: BTreeMap<RunKey, (Row, &Path)> = BTreeMap::new();
    let mut count = None;
    for folder in shards {
        let (header, found) = journal::read(folder)?;
        let shard = header.shard;
        let of = *count.get_or_insert(shard.count);
        if of != shard.count {
            let why = format!("is one of {} shards, and the first one given is one of {of}", shard.count);
            return Err(Diagnostic::in_file(folder, why));
        }
        header.check(folder, &Header::new(experiment, shard))?;
        for (key, row) in inputs::checked(folder, &runs, found)? {
            if key.shard(of) != shard.index {
                let why = format!("the run {key} is not of shard {shard}");
                return Err(Diagnostic::in_file(folder, why));
            }
            if let Some((_, other)) = rows.insert(key.clone(), (row, folder)) {
                let why = format!("the run {key} is in {} already", other.display());
                return Err(Diagnostic::in_file(folder, why));
            }
        }
    }
    let count = count.unwrap_or(1);
    let row = |key: &RunKey| {
        rows.remove(key).map(|(row, _)| row).ok_or_else(|| {
            let why = format!("the run {key} is missing: it belongs to shard {}/{count}", key.shard(count));
            Diagnostic::new(why).help("--shard I/N --resume finishes a shard")
        })
    };
    experiment.runs.iter().map(|run| &run.key).map(row).collect()
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

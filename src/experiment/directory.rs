//! The output directory of a sweep. Unlike that of a run it grows while the sweep goes on, so that an interruption loses nothing; the tables
//! and figures appear at the end, each file at once.

use super::Experiment;
use super::compare;
use super::journal::{self, Header, Journal};
use super::page;
use super::row::Row;
use super::shard::Shard;
use super::tables;
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use std::fs;
use std::path::{Path, PathBuf};
use towtank_reports::draw::Medium;
use towtank_reports::output::{OutputError, write_file};

/// What may be in the directory of a sweep, beside the folders of its shards.
const LAYOUT: [&str; 11] = [
    journal::FILE,
    LAST,
    "groups.csv",
    "comparisons.csv",
    "verdicts.txt",
    "curves.csv",
    "curve_groups.csv",
    "timings.csv",
    "published.csv",
    "plots",
    "report.html",
];

/// The file that is written last: with it a sweep is finished.
const LAST: &str = "runs.csv";

/// What happens to what is in a directory already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// A finished sweep is replaced with the shards that it was made of; an unfinished one is an error.
    Replace,
    /// Rows are kept, those of a finished sweep too.
    Resume,
    /// A finished sweep is replaced, an unfinished one is gone on with; shards are kept.
    PutTogether,
}

/// The directory of one sweep, which no other one can write into as long as this lives.
#[derive(Debug)]
pub(super) struct SweepDir {
    path: PathBuf,
    journal: Journal,
}

impl SweepDir {
    /// Makes the directory, or looks at what is in it; and gives the rows that are kept.
    ///
    /// # Errors
    /// Another sweep is writing there; it holds an unfinished sweep and that shall not be taken up, one of something else, or anything that
    /// is not a sweep's.
    pub(super) fn open(out: &Path, header: &Header, existing: Existing) -> Result<(Self, Vec<Row>), Failure> {
        if out.exists() && !out.is_dir() {
            return Err(OutputError::NotADirectory { path: out.to_owned() }.into());
        }
        fs::create_dir_all(out).map_err(|source| io_error("create", out, source))?;
        let before = entries(out)?;
        if before.iter().any(|entry| LAYOUT.contains(&entry.as_str())) && !journal::is_in(out) {
            return Err(OutputError::Untold { path: out.to_owned(), file: journal::FILE }.into());
        }
        let mut dir = Self { path: out.to_owned(), journal: Journal::lock(out)? };
        // Once more: until now another sweep may have been busy here.
        let entries = entries(out)?;
        let is_finished = entries.iter().any(|entry| entry == LAST);
        if existing != Existing::Resume && is_finished {
            dir.clear(existing == Existing::Replace)?;
            dir.journal.empty()?;
        } else if existing == Existing::Replace {
            if !dir.journal.is_empty()? {
                let error = Diagnostic::in_file(out, "holds a sweep that has not finished");
                let help = "--resume goes on with it; to start anew, delete it or choose another --out";
                return Err(error.help(help).into());
            }
            if entries.iter().any(|entry| Shard::of_folder(entry).is_some()) {
                let error = Diagnostic::in_file(out, "holds shards of a sweep that are not put together");
                let help =
                    format!("--merge {} does it; to start anew, delete them or choose another --out", out.display());
                return Err(error.help(help).into());
            }
        }
        let rows = dir.journal.take_up(out, header)?;
        Ok((dir, rows))
    }

    /// Takes the tables away: rows will follow, and what is finished is what has tables.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn take_tables_away(&self) -> Result<(), OutputError> {
        self.clear(false)
    }

    /// Appends a row.
    ///
    /// # Errors
    /// It could not be written.
    pub(super) fn add(&mut self, row: &Row) -> Result<(), OutputError> {
        self.journal.add(row)
    }

    /// Takes away everything but the journal, the mark of a finished sweep first.
    fn clear(&self, with_shards: bool) -> Result<(), OutputError> {
        let mut entries = entries(&self.path)?;
        entries.sort_by_key(|entry| entry != LAST);
        for entry in entries {
            let keep = entry == journal::FILE || (!with_shards && Shard::of_folder(&entry).is_some());
            if !keep {
                let path = self.path.join(entry);
                let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                removed.map_err(|source| io_error("replace", &path, source))?;
            }
        }
        Ok(())
    }

    /// Writes the tables of all rows, which are in the order of the plan, their figures for `medium`, and the page.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(super) fn finish(self, experiment: &Experiment, rows: &[Row], medium: Medium) -> Result<(), OutputError> {
        let (axes, out) = (&experiment.axes, &self.path);
        write_file(&out.join("timings.csv"), &tables::timings(axes, rows).csv())?;
        write_file(&out.join("groups.csv"), &tables::groups(axes, rows).csv())?;
        if rows.iter().any(|row| !row.curves.is_empty()) {
            write_file(&out.join("curves.csv"), &tables::curves(axes, rows).csv())?;
            write_file(&out.join("curve_groups.csv"), &tables::curve_groups(axes, rows).csv())?;
        }
        let mut verdicts = Vec::new();
        if let Some(comparisons) = &experiment.comparisons {
            let groups = comparisons.compare(experiment, rows);
            verdicts = compare::told(experiment, &groups);
            write_file(&out.join("comparisons.csv"), &tables::comparisons(axes, &groups).csv())?;
            write_file(&out.join("verdicts.txt"), compare::text(experiment, &groups).as_bytes())?;
        }
        if !experiment.published.is_empty() {
            let compared = experiment.published.compare(rows);
            write_file(&out.join("published.csv"), &tables::published(axes, &compared).csv())?;
        }
        if !experiment.figures.is_empty() {
            let plots = out.join("plots");
            for figure in &experiment.figures {
                let chart = figure.chart(rows);
                let picture = chart.draw(medium);
                write_file(&plots.join(format!("{}.svg", figure.name)), picture.svg()?.as_bytes())?;
                write_file(&plots.join(format!("{}.png", figure.name)), &picture.png()?)?;
                write_file(&plots.join(format!("{}.csv", figure.name)), &chart.data().csv())?;
            }
        }
        write_file(&out.join("report.html"), page::page(experiment, rows, verdicts).html()?.as_bytes())?;
        write_file(&out.join(LAST), &tables::runs(axes, rows).csv())
    }
}

/// The folders of shards in a folder, in order; itself, if it has a journal and no shards.
///
/// # Errors
/// It cannot be read, or it is neither.
pub(super) fn shards(folder: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let unreadable = |error: std::io::Error| Diagnostic::unreadable(folder, &error);
    let mut found: Vec<(Shard, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if let Some(shard) = Shard::of_folder(&entry.file_name().to_string_lossy()) {
            found.push((shard, entry.path()));
        }
    }
    found.sort_by_key(|(shard, _)| (shard.count, shard.index));
    if found.is_empty() {
        found.push((Shard::WHOLE, folder.to_owned()));
    }
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// The names of everything in a directory that may be a sweep's.
fn entries(out: &Path) -> Result<Vec<String>, OutputError> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(out).map_err(|source| io_error("read", out, source))? {
        let entry = entry.map_err(|source| io_error("read", out, source))?;
        entries.push(entry.file_name().to_string_lossy().into_owned());
    }
    entries.sort();
    let is_ours = |name: &String| {
        let partial = name.starts_with('.') && name.contains(".partial-");
        LAYOUT.contains(&name.as_str()) || partial || Shard::of_folder(name).is_some()
    };
    match entries.iter().find(|entry| !is_ours(entry)) {
        Some(entry) => Err(OutputError::NotOurs { path: out.to_owned(), entry: entry.clone() }),
        None => Ok(entries),
    }
}

fn io_error(action: &'static str, path: &Path, source: std::io::Error) -> OutputError {
    OutputError::Io { action, path: path.to_owned(), source }
}

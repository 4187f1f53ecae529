//! The output directory of a sweep. Unlike that of a run it grows while the sweep goes on, so that an interruption loses nothing; the tables
//! and figures appear at the end, each file at once.

use super::Experiment;
use super::journal;
use super::row::Row;
use super::tables;
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use std::fs;
use std::path::Path;
use towtank_reports::draw::Medium;
use towtank_reports::output::{OutputError, write_file};

/// What may be in the directory of a sweep.
const LAYOUT: [&str; 8] = [
    journal::FILE,
    "runs.csv",
    "groups.csv",
    "curves.csv",
    "curve_groups.csv",
    "timings.csv",
    "published.csv",
    "plots",
];

/// The file that is written last: with it a sweep is finished.
const LAST: &str = "runs.csv";

/// Makes the directory, or looks at what is in it. What a finished sweep left is taken away.
///
/// # Errors
/// It holds an unfinished sweep and that shall not be taken up, or anything that is not a sweep's.
pub(super) fn prepare(out: &Path, resume: bool) -> Result<(), Failure> {
    if out.exists() && !out.is_dir() {
        return Err(OutputError::NotADirectory { path: out.to_owned() }.into());
    }
    fs::create_dir_all(out).map_err(|source| io_error("create", out, source))?;
    let mut entries = Vec::new();
    for entry in fs::read_dir(out).map_err(|source| io_error("read", out, source))? {
        let entry = entry.map_err(|source| io_error("read", out, source))?;
        entries.push(entry.file_name().to_string_lossy().into_owned());
    }
    entries.sort();
    let ours = |name: &String| LAYOUT.contains(&name.as_str()) || name.contains(".partial-");
    if let Some(entry) = entries.iter().find(|entry| !ours(entry)) {
        return Err(OutputError::NotOurs { path: out.to_owned(), entry: entry.clone() }.into());
    }
    if resume || entries.is_empty() {
        return Ok(());
    }
    if !entries.iter().any(|entry| entry == LAST) {
        let error = Diagnostic::in_file(out, "holds a sweep that has not finished");
        return Err(error.help("--resume goes on with it; to start anew, delete it or choose another --out").into());
    }
    for entry in entries {
        let path = out.join(entry);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(|source| io_error("replace", &path, source))?;
    }
    Ok(())
}

/// Writes the tables of all rows, which are in the order of the plan, and their figures for `medium`.
///
/// # Errors
/// A file cannot be written.
pub(super) fn finish(experiment: &Experiment, rows: &[Row], out: &Path, medium: Medium) -> Result<(), OutputError> {
    let axes = &experiment.axes;
    write_file(&out.join("timings.csv"), &tables::timings(axes, rows).csv())?;
    write_file(&out.join("groups.csv"), &tables::groups(axes, rows).csv())?;
    if rows.iter().any(|row| !row.curves.is_empty()) {
        write_file(&out.join("curves.csv"), &tables::curves(axes, rows).csv())?;
        write_file(&out.join("curve_groups.csv"), &tables::curve_groups(axes, rows).csv())?;
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
    write_file(&out.join(LAST), &tables::runs(axes, rows).csv())
}

fn io_error(action: &'static str, path: &Path, source: std::io::Error) -> OutputError {
    OutputError::Io { action, path: path.to_owned(), source }
}

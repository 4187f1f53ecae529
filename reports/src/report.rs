//! Whole reports: everything that a run or a comparison leaves in its output directory, except the tables that are
//! written while the simulation runs.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::Serialize;

use crate::charts::{Chart, Drawn};
use crate::data::{Run, Summary};
use crate::draw::Medium;
use crate::figures::{self, DrawnFigure};
use crate::output::{OutputDir, OutputError};
use crate::page::{PageError, Verdicts, compare_page_with, run_page_with};
use crate::statistics::Verdict;
use crate::tables::{summary_json, write_curves, write_series};

/// Writes `summary.json`, `timeseries.csv`, `plots/` and `report.html` of one run; the figures in `plots/` are drawn for `medium`.
///
/// `pods.csv`, `nodes.csv` and what else is streamed have their own writers; see [`crate::tables::TableWriter`].
///
/// # Errors
/// [`OutputError`] where a file cannot be written.
pub fn write_run(dir: &OutputDir, run: &Run, medium: Medium) -> Result<(), OutputError> {
    write_run_in(dir, "", run, true, medium)
}

/// Writes `summary.json`, `timeseries.csv` and `curves.csv` of one run, and no figures.
///
/// # Errors
/// [`OutputError`] where a file cannot be written.
pub fn write_numbers(dir: &OutputDir, run: &Run) -> Result<(), OutputError> {
    write_numbers_in(dir, "", run)
}

/// Writes a comparison: `summary.json`, with several seeds `verdicts.txt`, `plots/` and `report.html` of all runs together, and each run's own report in
/// `runs/NAME/`, where `NAME` is [`folder_names`] of its label.
///
/// # Errors
/// [`OutputError`] where a file cannot be written.
pub fn write_comparison(
    dir: &OutputDir,
    runs: &[Run],
    verdicts: &[Verdict],
    medium: Medium,
) -> Result<(), OutputError> {
    let labels: Vec<&str> = runs.iter().map(|run| run.label.as_str()).collect();
    for (name, run) in folder_names(&labels).iter().zip(runs) {
        write_run_in(dir, &format!("runs/{name}/"), run, false, medium)?;
    }
    let drawn = figures::drawn_of_runs(runs)?;
    let page = || compare_page_with(runs, &drawn, &told(verdicts));
    dir.write("report.html", beside_plots(dir, "", &drawn, medium, page)?)?;
    if !verdicts.is_empty() {
        dir.write("verdicts.txt", verdict_lines(verdicts))?;
    }
    dir.write("summary.json", comparison_json(runs, verdicts))
}

/// Verdicts as a page has them: those about one policy together.
fn told(verdicts: &[Verdict]) -> Vec<Verdicts> {
    let groups = verdicts.chunk_by(|a, b| (&a.subject, &a.baseline) == (&b.subject, &b.baseline));
    let several = groups.clone().count() > 1;
    let about = |first: &Verdict| format!("{} against {}", first.subject, first.baseline);
    let group = |group: &[Verdict]| Verdicts {
        about: group.first().filter(|_| several).map(about).unwrap_or_default(),
        sentences: group.iter().map(Verdict::sentence).collect(),
    };
    groups.map(group).collect()
}

/// The sentences of verdicts, one a line.
pub fn verdict_lines(verdicts: &[Verdict]) -> String {
    verdicts.iter().flat_map(|verdict| [verdict.sentence(), "\n".to_owned()]).collect()
}

/// The `summary.json` of a comparison: the scenario's name, the label and summary of each run, and with several seeds the verdicts.
pub fn comparison_json(runs: &[Run], verdicts: &[Verdict]) -> String {
    #[derive(Serialize)]
    struct Labelled<'a> {
        label: &'a str,
        summary: &'a Summary,
    }
    #[derive(Serialize)]
    struct All<'a> {
        scenario: &'a str,
        runs: Vec<Labelled<'a>>,
        #[serde(skip_serializing_if = "<[Verdict]>::is_empty")]
        verdicts: &'a [Verdict],
    }
    let all = All {
        scenario: runs.first().map_or("", |run| &run.summary.scenario),
        runs: runs.iter().map(|run| Labelled { label: &run.label, summary: &run.summary }).collect(),
        verdicts,
    };
    let mut text = serde_json::to_string_pretty(&all).expect("summaries have only string keys and finite numbers");
    text.push('\n');
    text
}

/// Folder names for labels: letters, digits, `.`, `_` and `-` stay, anything else becomes `-`, and a name that is taken
/// already gets a number.
pub fn folder_names(labels: &[&str]) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut names = Vec::with_capacity(labels.len());
    for label in labels {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
        let name: String = label.chars().map(plain).collect();
        let name = if name.trim_matches('.').is_empty() { "run".to_owned() } else { name };
        let mut unique = name.clone();
        let mut number = 1;
        // Without regard to case: some file systems have none.
        while !taken.insert(unique.to_ascii_lowercase()) {
            number += 1;
            unique = format!("{name}-{number}");
        }
        names.push(unique);
    }
    names
}

fn write_run_in(dir: &OutputDir, folder: &str, run: &Run, explains: bool, medium: Medium) -> Result<(), OutputError> {
    let drawn = figures::drawn_of_run(run)?;
    let page = beside_plots(dir, folder, &drawn, medium, || run_page_with(run, &drawn, explains))?;
    dir.write(&format!("{folder}report.html"), page)?;
    write_numbers_in(dir, folder, run)
}

/// Makes a page while its figures are drawn and written, which takes as long: all on as many threads as there are. Which comes first shows
/// nowhere; of several errors the first figure's is told.
fn beside_plots<Data: ?Sized>(
    dir: &OutputDir,
    folder: &str,
    drawn: &[DrawnFigure<Data>],
    medium: Medium,
    page: impl FnOnce() -> Result<String, PageError> + Send,
) -> Result<String, OutputError> {
    let plots = || -> Vec<Result<(), OutputError>> {
        let plot = |DrawnFigure { figure, chart, screen }: &DrawnFigure<Data>| {
            if medium == Medium::SCREEN {
                return write_drawn(dir, folder, figure.name, chart, screen);
            }
            write_plot(dir, folder, figure.name, chart, medium)
        };
        drawn.par_iter().map(plot).collect()
    };
    let (page, plots) = rayon::join(page, plots);
    plots.into_iter().collect::<Result<(), _>>()?;
    Ok(page?)
}

fn write_numbers_in(dir: &OutputDir, folder: &str, run: &Run) -> Result<(), OutputError> {
    let mut file = dir.file(&format!("{folder}timeseries.csv"))?;
    write_series(&run.series, &mut file).map_err(|error| file.error(error))?;
    file.finish()?;
    if !run.curves.is_empty() {
        let mut file = dir.file(&format!("{folder}curves.csv"))?;
        write_curves(&run.curves, &mut file).map_err(|error| file.error(std::io::Error::other(error)))?;
        file.finish()?;
    }
    dir.write(&format!("{folder}summary.json"), summary_json(&run.summary))
}

/// Writes a figure as `plots/NAME.svg` and `plots/NAME.png`, and what it shows as `plots/NAME.csv`, below `folder`, which is empty or
/// ends with a slash.
///
/// # Errors
/// [`OutputError`] where a file cannot be written.
pub fn write_plot(dir: &OutputDir, folder: &str, name: &str, chart: &Chart, medium: Medium) -> Result<(), OutputError> {
    write_drawn(dir, folder, name, chart, &Drawn::new(chart, medium)?)
}

fn write_drawn(dir: &OutputDir, folder: &str, name: &str, chart: &Chart, drawn: &Drawn) -> Result<(), OutputError> {
    dir.write(&format!("{folder}plots/{name}.svg"), &drawn.svg)?;
    dir.write(&format!("{folder}plots/{name}.png"), drawn.picture.png()?)?;
    dir.write(&format!("{folder}plots/{name}.csv"), chart.data().csv())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_plain_and_distinct() {
        let labels = ["best-fit", "kube: default/a", "Best-Fit", "best-fit", "..", ""];
        let names = ["best-fit", "kube--default-a", "Best-Fit-2", "best-fit-3", "run", "run-2"];
        assert_eq!(folder_names(&labels), names);
    }
}

//! Whole reports: everything that a run or a comparison leaves in its output directory, except the tables that are
//! written while the simulation runs.

use std::collections::BTreeSet;
use std::sync::{OnceLock, mpsc};

use serde::Serialize;

use crate::charts::{Chart, Drawn};
use crate::data::{Run, Summary};
use crate::draw::{Medium, RenderError};
use crate::figures::{self, DrawnFigure};
use crate::output::{OutputDir, OutputError};
use crate::page::{Lives, PageError, Verdicts, compare_page_with, run_page_with};
use crate::statistics::Verdict;
use crate::tables::{summary_json, write_curves, write_series};

/// Begins what a report needs and no run decides: threads, and the font of its figures. It is made ready while the run goes on.
pub fn get_ready() {
    rayon::spawn(crate::draw::ensure_font);
}

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
    let page = |(), drawn: &[DrawnFigure<[Run]>]| compare_page_with(runs, drawn, &told(verdicts));
    let plots = Plots { dir, folder: "", medium };
    dir.write("report.html", plots.beside_page(|| figures::drawn_of_runs(runs), || (), page)?)?;
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
    let report = || {
        let page = |lives, drawn: &[DrawnFigure<Run>]| run_page_with(run, lives, drawn, explains);
        let plots = Plots { dir, folder, medium };
        let page = plots.beside_page(|| figures::drawn_of_run(run), || Lives::of(run), page)?;
        dir.write(&format!("{folder}report.html"), page)
    };
    // Which comes first shows nowhere; of several errors the report's is told.
    let (report, numbers) = rayon::join(report, || write_numbers_in(dir, folder, run));
    report.and(numbers)
}

/// Where figures are written.
#[derive(Clone, Copy)]
struct Plots<'a> {
    dir: &'a OutputDir,
    folder: &'a str,
    medium: Medium,
}

impl Plots<'_> {
    /// Makes a page of figures while they are written, on as many threads as there are: what the page has beside figures is made ready while they
    /// are drawn, and their files are begun as soon as they are. Which comes first shows nowhere; of several errors the first figure's is told.
    fn beside_page<Data: Sync + ?Sized + 'static, Ready: Send>(
        self,
        draw: impl FnOnce() -> Result<Vec<DrawnFigure<Data>>, RenderError> + Send,
        prepare: impl FnOnce() -> Ready + Send,
        page: impl FnOnce(Ready, &[DrawnFigure<Data>]) -> Result<String, PageError> + Send,
    ) -> Result<String, OutputError> {
        let drawn = OnceLock::new();
        let (failed, failures) = mpsc::channel();
        let page = rayon::scope_fifo(|scope| {
            let draw = || {
                let drawn = drawn.get_or_init(draw).as_deref().unwrap_or_default();
                // The largest first: nobody is left with it at the end.
                let mut figures: Vec<_> = drawn.iter().enumerate().collect();
                figures.sort_by(|(_, a), (_, b)| b.screen.picture.height.total_cmp(&a.screen.picture.height));
                for (part, write) in [Self::write_pictures, Self::write_data].into_iter().enumerate() {
                    for &(place, figure) in &figures {
                        let failed = failed.clone();
                        scope.spawn_fifo(move |_| {
                            if let Err(error) = write(self, figure) {
                                // Who listens is there until everything is written.
                                let _ = failed.send(((place, part), error));
                            }
                        });
                    }
                }
                drawn
            };
            let (ready, drawn) = rayon::join(prepare, draw);
            page(ready, drawn)
        });
        drawn.into_inner().transpose()?;
        drop(failed);
        match failures.into_iter().min_by_key(|(part, _)| *part) {
            Some((_, first)) => Err(first),
            None => Ok(page?),
        }
    }

    fn write_pictures<Data: ?Sized>(self, figure: &DrawnFigure<Data>) -> Result<(), OutputError> {
        let DrawnFigure { figure, chart, screen } = figure;
        if self.medium == Medium::SCREEN {
            return write_pictures(self.dir, self.folder, figure.name, screen);
        }
        write_pictures(self.dir, self.folder, figure.name, &Drawn::new(chart, self.medium)?)
    }

    fn write_data<Data: ?Sized>(
        self,
        DrawnFigure { figure, chart, .. }: &DrawnFigure<Data>,
    ) -> Result<(), OutputError> {
        write_data(self.dir, self.folder, figure.name, chart)
    }
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
    write_pictures(dir, folder, name, &Drawn::new(chart, medium)?)?;
    write_data(dir, folder, name, chart)
}

fn write_pictures(dir: &OutputDir, folder: &str, name: &str, drawn: &Drawn) -> Result<(), OutputError> {
    dir.write(&format!("{folder}plots/{name}.svg"), &drawn.svg)?;
    dir.write(&format!("{folder}plots/{name}.png"), drawn.picture.png()?)
}

fn write_data(dir: &OutputDir, folder: &str, name: &str, chart: &Chart) -> Result<(), OutputError> {
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

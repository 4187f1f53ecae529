//! The figures: one file each, and a table with one line each.
//!
//! A new figure is a new file in this folder with a `FIGURE`, and its line in [`RUN`], [`MEASURED`] or [`COMPARE`]; it then appears
//! among the plots and on the page.

mod capacity;
mod compare_latency_spread;
mod compare_pods_and_nodes;
mod compare_scheduling_latency;
mod compare_startup_latency;
mod compare_trade_off;
mod compare_utilization;
mod fragmentation;
mod gantt;
mod job_waits;
mod jobs;
mod placement;
mod pods_and_nodes;
mod pods_by_state;
mod scheduling_latency;
mod startup_latency;
mod utilization;

use crate::charts::cdf::{CdfChart, CdfCurve};
use crate::charts::{Chart, Drawn, Scale};
use crate::data::{Run, Series};
use crate::draw::{Medium, RenderError};
use rayon::prelude::*;

/// The figures of one run, in the order in which a page shows them.
pub const RUN: &[Figure<Run>] = &[
    utilization::FIGURE,
    capacity::FIGURE,
    pods_and_nodes::FIGURE,
    pods_by_state::FIGURE,
    scheduling_latency::FIGURE,
    startup_latency::FIGURE,
    placement::FIGURE,
];

/// Whether a run has what a figure shows.
pub type Condition = fn(&Run) -> bool;

/// Figures of what only some runs have, each with what says whether a run has it.
pub const MEASURED: &[(Condition, Figure<Run>)] = &[
    (|run| run.series.counter(Series::GPU_FRAGMENTED).is_some(), fragmentation::FIGURE),
    (gantt::has_few_pods, gantt::FIGURE),
    (|run| !run.jobs.list.is_empty(), jobs::FIGURE),
    (|run| !run.jobs.list.is_empty(), job_waits::FIGURE),
];

/// The figures of one run, with those of what it has measured.
pub fn of_run(run: &Run) -> impl Iterator<Item = &'static Figure<Run>> {
    let measured = MEASURED.iter().filter(|(has, _)| has(run));
    RUN.iter().chain(measured.map(|(_, figure)| figure))
}

/// The figures that overlay several runs, in the order in which a page shows them.
pub const COMPARE: &[Figure<[Run]>] = &[
    compare_utilization::FIGURE,
    compare_pods_and_nodes::FIGURE,
    compare_scheduling_latency::FIGURE,
    compare_startup_latency::FIGURE,
    compare_latency_spread::FIGURE,
    compare_trade_off::FIGURE,
];

/// One entry of the table: how a figure is called, read and made.
#[derive(Debug)]
pub struct Figure<Data: ?Sized> {
    /// Name of its files and its anchor on a page: lower case with dashes, and that of its source file.
    pub name: &'static str,
    /// Its heading on a page.
    pub title: &'static str,
    /// One or two sentences that say how to read it.
    pub caption: &'static str,
    /// Makes its chart. Of data without samples it is one that says so.
    pub chart: fn(&Data) -> Chart,
}

/// A figure with its chart, drawn for the screen, of which files and a page are made: millions of samples are looked through once.
#[derive(Debug)]
pub struct DrawnFigure<Data: ?Sized + 'static> {
    /// What it is.
    pub figure: &'static Figure<Data>,
    /// What it shows.
    pub chart: Chart,
    /// It as a page shows it.
    pub screen: Drawn,
}

/// The figures of one run, drawn.
///
/// # Errors
/// [`RenderError`] where one cannot be drawn, which no data should cause.
pub fn drawn_of_run(run: &Run) -> Result<Vec<DrawnFigure<Run>>, RenderError> {
    let figures: Vec<_> = of_run(run).collect();
    drawn(figures, run)
}

/// The figures that overlay several runs, drawn.
///
/// # Errors
/// [`RenderError`] where one cannot be drawn, which no data should cause.
pub fn drawn_of_runs(runs: &[Run]) -> Result<Vec<DrawnFigure<[Run]>>, RenderError> {
    drawn(COMPARE.iter().collect(), runs)
}

fn drawn<Data: Sync + ?Sized>(
    figures: Vec<&'static Figure<Data>>,
    data: &Data,
) -> Result<Vec<DrawnFigure<Data>>, RenderError> {
    // One by one: some take many times as long as others.
    figures.into_par_iter().with_max_len(1).map(|figure| DrawnFigure::new(figure, data)).collect()
}

impl<Data: ?Sized> DrawnFigure<Data> {
    fn new(figure: &'static Figure<Data>, data: &Data) -> Result<Self, RenderError> {
        let chart = (figure.chart)(data);
        let screen = Drawn::new(&chart, Medium::SCREEN)?;
        Ok(Self { figure, chart, screen })
    }
}

/// The runs of one policy, which differ in their seeds.
struct Policy<'r> {
    label: &'r str,
    runs: Vec<&'r Run>,
}

/// The runs by policy, in the order in which the policies come.
fn by_policy(runs: &[Run]) -> Vec<Policy<'_>> {
    let mut policies: Vec<(&str, Policy<'_>)> = Vec::new();
    for run in runs {
        let name = run.summary.policy.as_str();
        match policies.iter_mut().find(|(other, _)| *other == name && !name.is_empty()) {
            Some((_, policy)) => {
                policy.label = name;
                policy.runs.push(run);
            }
            None => policies.push((name, Policy { label: &run.label, runs: vec![run] })),
        }
    }
    policies.into_iter().map(|(_, policy)| policy).collect()
}

/// The distributions of how long pods waited.
fn latencies(title: &str, what: &str, curves: Vec<CdfCurve>) -> Chart {
    Chart::Cdf(CdfChart {
        title: title.to_owned(),
        x: Scale { durations: true, ..Scale::new(what) },
        samples: "pods".to_owned(),
        curves,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_in_a_table() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/figures");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|file| file.trim_end_matches(".rs").replace('_', "-"))
            .collect();
        files.sort();
        let mut names: Vec<&str> = RUN.iter().map(|figure| figure.name).collect();
        names.extend(COMPARE.iter().map(|figure| figure.name));
        names.extend(MEASURED.iter().map(|(_, figure)| figure.name));
        names.sort_unstable();
        assert_eq!(names, files);
    }
}

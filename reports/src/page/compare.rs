//! The page of several runs side by side.

use askama::Template;

use super::figure::{PageFigure, PageFigures};
use super::pack::Pack;
use super::shell::Shell;
use super::{PageError, Verdicts};
use crate::comparison::Comparison;
use crate::data::{Run, Summary};
use crate::figures::{self, DrawnFigure};

/// Makes `report.html` of a comparison: what is said about it, the numbers side by side, then the curves overlaid.
///
/// # Errors
/// [`PageError`] where a figure cannot be drawn, which no data should cause.
pub fn compare_page(runs: &[Run], verdicts: &[Verdicts]) -> Result<String, PageError> {
    compare_page_with(runs, &figures::drawn_of_runs(runs)?, verdicts)
}

/// The same, of figures that have been drawn.
pub(crate) fn compare_page_with(
    runs: &[Run],
    drawn: &[DrawnFigure<[Run]>],
    verdicts: &[Verdicts],
) -> Result<String, PageError> {
    let mut pack = Pack::default();
    let figures = PageFigures::of(drawn, &mut pack);
    let summaries: Vec<(&str, &Summary)> = runs.iter().map(|run| (run.label.as_str(), &run.summary)).collect();
    let page = ComparePage {
        title: runs.first().map_or("Simulation", |run| run.summary.scenario.as_str()),
        seeds: seeds(runs),
        runs,
        table: Comparison::new(&summaries),
        figures: figures.list,
        verdicts,
        shell: Shell::new(pack),
    };
    Ok(page.render()?)
}

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage<'a> {
    title: &'a str,
    /// What the runs have in common.
    seeds: String,
    runs: &'a [Run],
    table: Comparison,
    figures: Vec<PageFigure<'a>>,
    verdicts: &'a [Verdicts],
    shell: Shell,
}

fn seeds(runs: &[Run]) -> String {
    let first = runs.first().map_or(0, |run| run.summary.seed);
    if runs.iter().all(|run| run.summary.seed == first) {
        return format!("Of the same work, seed {first}: they met the same arrivals and the same failures.");
    }
    "Of the same work under several seeds: those of one seed met the same arrivals and the same failures.".to_owned()
}

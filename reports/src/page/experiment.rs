//! The page of an experiment: what all of its runs come to.

use askama::Template;

use super::figure::{PageFigure, PageFigures};
use super::pack::Pack;
use super::shell::Shell;
use super::{PageError, Verdicts};
use crate::charts::{Chart, Drawn};
use crate::draw::Medium;
use crate::units::count;

/// What the page of an experiment tells.
#[derive(Debug, Default)]
pub struct ExperimentPage {
    /// The experiment's name.
    pub title: String,
    /// What its file says that it shows; may be empty.
    pub description: String,
    /// How many runs there were.
    pub runs: u64,
    /// What is said about policies over all seeds.
    pub verdicts: Vec<Verdicts>,
    /// Name, heading and chart of each figure.
    pub figures: Vec<(String, String, Chart)>,
    /// Tables, such as the means of each group of runs.
    pub tables: Vec<ExperimentTable>,
}

/// A table of an experiment.
#[derive(Debug, Default)]
pub struct ExperimentTable {
    /// Its heading.
    pub title: String,
    /// The headings of its columns.
    pub columns: Vec<String>,
    /// So many columns, the first ones, name their row.
    pub names: usize,
    /// A cell for each column.
    pub rows: Vec<Vec<String>>,
}

impl ExperimentPage {
    /// Makes `report.html` of the experiment.
    ///
    /// # Errors
    /// [`PageError`] where a figure cannot be drawn, which no data should cause.
    pub fn html(&self) -> Result<String, PageError> {
        let drawn = self.figures.iter().map(|(_, _, chart)| Drawn::new(chart, Medium::SCREEN));
        let drawn = drawn.collect::<Result<Vec<_>, _>>()?;
        let mut pack = Pack::default();
        let mut figures = PageFigures::default();
        for ((name, title, chart), drawn) in self.figures.iter().zip(&drawn) {
            figures.add([name, title, ""], chart, drawn, &mut pack);
        }
        figures.pack(&mut pack);
        let (verdicts, runs) = (&self.verdicts[..], count(self.runs));
        let page = Document { page: self, runs, verdicts, figures: figures.list, shell: Shell::new(pack) };
        Ok(page.render()?)
    }
}

#[derive(Template)]
#[template(path = "sweep.html")]
struct Document<'a> {
    page: &'a ExperimentPage,
    runs: String,
    verdicts: &'a [Verdicts],
    figures: Vec<PageFigure<'a>>,
    shell: Shell,
}

//! From the file to an [`Experiment`].

use super::compare::Comparisons;
use super::figures::{Figure, Wrong};
use super::plan::{self, PlannedRun};
use super::published::Published;
use super::schema::{ExperimentDocument, ExperimentSpec};
use crate::diagnostic::Diagnostic;
use crate::scenario::{check_header, is_name, yaml};
use std::path::{Path, PathBuf};

/// An experiment that has been read: a scenario, and the runs that shall be made of it.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// The file.
    pub file: PathBuf,
    text: String,
    /// The name.
    pub name: String,
    /// What it shows.
    pub description: String,
    /// The scenario's file.
    pub scenario: PathBuf,
    /// The names of the axes, in order.
    pub axes: Vec<String>,
    /// The runs, in the order of the axes, the policies and the seeds.
    pub runs: Vec<PlannedRun>,
    /// What is compared with what, if anything is.
    pub comparisons: Option<Comparisons>,
    /// What others have published of the same runs.
    pub published: Published,
    /// The figures of all runs together.
    pub figures: Vec<Figure>,
}

impl Experiment {
    /// Reads an experiment file. Scenarios and policies are read when their runs are made.
    ///
    /// # Errors
    /// What is wrong, with file, line, field and what was expected.
    pub fn read(file: &Path) -> Result<Self, Diagnostic> {
        let text = std::fs::read_to_string(file).map_err(|error| Diagnostic::unreadable(file, &error))?;
        check_header(file, &text, "Experiment")?;
        let ExperimentDocument { metadata, spec, .. } = yaml::parse(file, &text)?;
        let mut experiment = Self {
            file: file.to_owned(),
            text,
            name: metadata.name,
            description: metadata.description,
            scenario: PathBuf::new(),
            axes: spec.axes.iter().map(|axis| axis.name.clone()).collect(),
            runs: Vec::new(),
            comparisons: None,
            published: Published::default(),
            figures: Vec::new(),
        };
        experiment.fill(&spec)?;
        Ok(experiment)
    }

    fn fill(&mut self, spec: &ExperimentSpec) -> Result<(), Diagnostic> {
        if !is_name(&self.name) {
            let why = format!("`{}` is not a name: expected letters, digits, `-`, `_` and `.`", self.name);
            return Err(self.error("metadata.name", &why));
        }
        self.scenario = self.path(&spec.scenario);
        if !self.scenario.is_file() {
            return Err(self.error("spec.scenario", &format!("{} is no file", self.scenario.display())));
        }
        self.runs = plan::runs(self, spec)?;
        self.comparisons = Comparisons::read(self, spec)?;
        if let Some(published) = &spec.published {
            self.published = Published::read(self, published)?;
        }
        for (i, figure) in spec.figures.iter().enumerate() {
            let figure = Figure::read(self, figure).map_err(|Wrong { field, why, help }| {
                let point = if field.is_empty() { "" } else { "." };
                let error = self.error(&format!("spec.figures[{i}]{point}{field}"), &why);
                help.map_or(error.clone(), |help| error.help(help))
            })?;
            self.figures.push(figure);
        }
        Ok(())
    }

    /// A problem with a field, given by its path from the top of the file.
    pub fn error(&self, field: &str, why: &str) -> Diagnostic {
        let error = Diagnostic::in_file(&self.file, format!("{field}: {why}"));
        match yaml::locate(&self.text, field) {
            Some((line, column)) => error.at(line, column),
            None => error,
        }
    }

    /// A path of the experiment, which is relative to its file.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }
}

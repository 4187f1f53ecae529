//! Figures of all runs together, one file for each kind: what a figure of an experiment can be, and what its fields mean, is the table
//! [`KINDS`].

mod bars;
mod cdf;
mod heat_map;
mod lines;
mod published;
mod spec;
mod spread;
mod trade_off;

pub use spec::FigureSpec;
pub(super) use spec::Wrong;

use super::Experiment;
use super::plan::scalar;
use super::row::Row;
use super::tables::{Group, grouped};
use crate::diagnostic::did_you_mean;
use crate::scenario::yaml::Value;
use published::PublishedValue;
use spec::Interval;
use std::fmt::Debug;
use std::sync::Arc;
use towtank_reports::charts::Chart;
use towtank_reports::metrics::{self, FAMILIES};

/// Every kind of figure.
pub const KINDS: &[FigureKind] =
    &[lines::KIND, bars::KIND, spread::BOX, spread::VIOLIN, trade_off::KIND, heat_map::KIND, cdf::KIND];

/// One entry of the table: how a kind of figure is called, and what it is made of.
#[derive(Debug)]
pub struct FigureKind {
    /// What `kind` says.
    pub name: &'static str,
    /// What it shows, in one or two sentences.
    pub about: &'static str,
    /// The fields that say what is drawn, beyond those that all figures have.
    pub fields: &'static [&'static str],
    /// Makes sense of the fields.
    read: Read,
}

/// Makes sense of the fields of a figure.
type Read = fn(&FigureSpec, &Experiment) -> Result<Arc<dyn Shown>, Wrong>;

/// Fields that every figure has.
pub const COMMON_FIELDS: &[&str] = &["name", "title", "kind", "only", "x", "y"];

/// What a figure shows of groups of runs that differ in the seed alone.
trait Shown: Debug + Send + Sync {
    /// Makes the chart.
    fn chart(&self, figure: &Figure, groups: &[Group<'_>]) -> Chart;
}

/// A figure that has been read.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The name of its files.
    pub name: String,
    /// Its heading.
    pub title: String,
    /// Its kind.
    pub kind: &'static str,
    shown: Arc<dyn Shown>,
    /// Of each axis, by its place, the only values that are drawn.
    only: Vec<(usize, Vec<String>)>,
    complement_of: Option<f64>,
    interval: Interval,
    published: Vec<PublishedValue>,
    published_label: String,
}

impl Figure {
    /// Makes sense of a figure's fields.
    pub(super) fn read(experiment: &Experiment, spec: &FigureSpec) -> Result<Self, Wrong> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if spec.name.is_empty() || !spec.name.chars().all(plain) {
            return Err(Wrong::at("name", format!("`{}`: expected letters, digits, `-`, `_` and `.`", spec.name)));
        }
        let name = spec.kind_name();
        let kind = KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| {
            let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            Wrong::at("kind", format!("`{name}`: expected one of {}", names.join(", ")))
        })?;
        let known = |field: &&str| COMMON_FIELDS.contains(field) || kind.fields.contains(field);
        if let Some(field) = spec.fields().into_iter().find(|field| !known(field)) {
            let why = format!("means nothing to {}: expected {}", kind.name, kind.fields.join(", "));
            return Err(Wrong::at(field, why));
        }
        if let Some((field, metric)) = spec.metrics().find(|(_, metric)| metrics::find(metric).is_none()) {
            let all = FAMILIES.iter().flat_map(|family| family.metrics).map(|metric| metric.name);
            let why = format!("`{metric}` is no metric: `towtank metrics` lists them");
            return Err(Wrong { help: did_you_mean(metric, all), ..Wrong::at(field, why) });
        }
        let published = match &spec.published {
            Some(path) => published::read(experiment, &experiment.path(path))
                .map_err(|error| Wrong::at("published", error.to_string()))?,
            None => spec.curve.as_deref().map(|curve| published::of_tables(experiment, curve)).unwrap_or_default(),
        };
        Ok(Self {
            name: spec.name.clone(),
            title: spec.title.clone(),
            kind: kind.name,
            shown: (kind.read)(spec, experiment)?,
            only: only(spec, experiment)?,
            complement_of: spec.complement_of,
            interval: spec.interval.unwrap_or_default(),
            published,
            published_label: spec.published_label.clone().unwrap_or_else(|| "published".to_owned()),
        })
    }

    /// Makes its chart from all rows.
    pub fn chart(&self, rows: &[Row]) -> Chart {
        let groups: Vec<Group<'_>> = grouped(rows)
            .into_iter()
            .filter(|group| self.only.iter().all(|(place, labels)| labels.contains(&group.axes[*place])))
            .collect();
        self.shown.chart(self, &groups)
    }

    /// What is drawn of a value.
    fn shown_value(&self, value: f64) -> f64 {
        self.complement_of.map_or(value, |whole| whole - value)
    }

    /// What is drawn of values of several seeds: their mean, and the interval around it.
    fn mean(&self, values: &[f64]) -> Option<(f64, Option<(f64, f64)>)> {
        let shown: Vec<f64> = values.iter().map(|value| self.shown_value(*value)).collect();
        self.interval.of(&shown)
    }

    /// What is published of a group.
    fn published_of<'f>(
        &'f self,
        group: &'f Group<'_>,
        curve: Option<&'f str>,
    ) -> impl Iterator<Item = &'f PublishedValue> {
        self.published.iter().filter(move |value| value.is_of(group, curve))
    }
}

/// The values of the axes that are drawn.
fn only(spec: &FigureSpec, experiment: &Experiment) -> Result<Vec<(usize, Vec<String>)>, Wrong> {
    let mut only = Vec::new();
    for (name, wanted) in &spec.only {
        let labels: Option<Vec<String>> = match wanted {
            Value::Sequence(list) => list.iter().map(scalar).collect(),
            label => scalar(label).map(|label| vec![label]),
        };
        let (Some(name), Some(labels)) = (name.as_str(), labels) else {
            return Err(Wrong::at("only", "expected names of axes and labels of their values"));
        };
        let place = axis(experiment, "only", name)?;
        for label in &labels {
            if !experiment.runs.iter().any(|run| run.key.axes[place] == *label) {
                return Err(Wrong::at(format!("only.{name}"), format!("`{label}` is no value of the axis")));
            }
        }
        only.push((place, labels));
    }
    Ok(only)
}

/// The place of an axis that a field names.
fn axis(experiment: &Experiment, field: &str, name: &str) -> Result<usize, Wrong> {
    let found = experiment.axes.iter().position(|axis| axis == name);
    let why = || format!("`{name}` is no axis: expected one of {}", experiment.axes.join(", "));
    found.ok_or_else(|| Wrong::at(field, why()))
}

/// The numbers of all seeds of a group.
fn numbers(group: &Group<'_>, metric: &str) -> Vec<f64> {
    group.rows.iter().filter_map(|row| row.numbers.get(metric)?.as_f64()).collect()
}

/// What a group is called: by its policy, and by its axes where groups of one policy differ in them.
fn label(group: &Group<'_>, with_axes: bool) -> String {
    let mut words: Vec<&str> = Vec::new();
    if with_axes {
        words.extend(group.axes.iter().map(String::as_str));
    }
    words.extend(Some(group.policy).filter(|policy| !policy.is_empty()));
    if words.is_empty() { "all runs".to_owned() } else { words.join(", ") }
}

/// Groups in a table: those of one policy, with those of one value of an axis in one column. Without an axis there is one column, and
/// groups that differ in axes are series of their own.
struct Grid<'g, 'r> {
    /// The labels of the columns.
    columns: Vec<&'g str>,
    /// The name of each row, and its groups by column.
    rows: Vec<(String, Vec<Option<&'g Group<'r>>>)>,
}

impl<'g, 'r> Grid<'g, 'r> {
    fn new(groups: &'g [Group<'r>], across: Option<usize>) -> Self {
        let mut grid = Self { columns: Vec::new(), rows: Vec::new() };
        let several = across.is_none() && groups.iter().any(|group| group.axes != groups[0].axes);
        for group in groups {
            let column = across.map_or("", |axis| group.axes[axis].as_str());
            let place = grid.columns.iter().position(|known| *known == column).unwrap_or_else(|| {
                grid.columns.push(column);
                grid.columns.len() - 1
            });
            let name = label(group, several);
            let row = grid.rows.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                grid.rows.push((name, Vec::new()));
                grid.rows.len() - 1
            });
            let cells = &mut grid.rows[row].1;
            cells.resize(cells.len().max(place + 1), None);
            cells[place] = Some(group);
        }
        for (_, cells) in &mut grid.rows {
            cells.resize(grid.columns.len(), None);
        }
        grid
    }

    fn names(&self) -> Vec<String> {
        self.columns.iter().map(|&column| column.to_owned()).collect()
    }
}

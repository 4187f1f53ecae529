//! Figures of all runs together: lines over a curve's place, and bars across an axis, with what has been published beside them.

use super::Experiment;
use super::plan::scalar;
use super::row::Row;
use super::tables::{Group, grouped};
use crate::diagnostic::Diagnostic;
use crate::scenario::yaml::{Mapping, Value};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use towtank_reports::charts::bars::{Bar, BarChart, BarSeries};
use towtank_reports::charts::lines::{Line, LineChart};
use towtank_reports::charts::{Chart, Scale};
use towtank_reports::stats::Moments;

/// A figure as the experiment's file has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FigureSpec {
    /// The name of its files.
    name: String,
    /// Its heading.
    title: String,
    /// The curve that is drawn: over its places, or, with `at`, its value at one of them.
    curve: Option<String>,
    /// The place on the curve that bars show.
    at: Option<f64>,
    /// The number that bars show, as `runs.csv` names it.
    metric: Option<String>,
    /// The axis whose values stand side by side as groups of bars.
    across: Option<String>,
    /// The runs that are drawn: of these axes only those with this value, or one of these.
    #[serde(default)]
    only: Mapping,
    /// Draws what is missing to this number, of the curve and of what is published.
    complement_of: Option<f64>,
    /// The horizontal axis of lines.
    #[serde(default)]
    x: ScaleSpec,
    /// The vertical axis.
    #[serde(default)]
    y: ScaleSpec,
    /// A CSV of what has been published: columns `policy`, `value`, names of axes, `curve`, `at`. Without it, what `spec.published` has
    /// of the curve.
    published: Option<PathBuf>,
    /// How far apart the published places of a line are that are marked; all of them if it is not said.
    published_every: Option<f64>,
    /// What that is called in the legend.
    #[serde(default = "published_label")]
    published_label: String,
}

/// An axis of a figure.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ScaleSpec {
    /// What is measured, with its unit.
    #[serde(default)]
    label: String,
    /// Where it begins; where the data begins if it is not said.
    from: Option<f64>,
    /// Where it ends.
    to: Option<f64>,
}

/// A figure that has been read.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The name of its files.
    pub name: String,
    title: String,
    shown: Shown,
    /// Of each axis, by its place, the only values that are drawn.
    only: Vec<(usize, Vec<String>)>,
    complement_of: Option<f64>,
    published_every: Option<f64>,
    x: Scale,
    y: Scale,
    published: Vec<Published>,
    published_label: String,
}

#[derive(Clone, Debug)]
enum Shown {
    /// One line per policy.
    Curve(String),
    /// One bar per policy in a group for each value of the axis.
    Bars { value: BarValue, across: usize, axis: String },
}

#[derive(Clone, Debug)]
enum BarValue {
    At(String, f64),
    Metric(String),
}

/// One published value, by column.
#[derive(Clone, Debug)]
struct Published {
    /// The label on each axis, where the file says it.
    axes: Vec<Option<String>>,
    policy: String,
    curve: Option<String>,
    at: Option<f64>,
    value: f64,
}

impl Figure {
    /// Its heading.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// Makes sense of a figure's fields.
    pub(super) fn read(experiment: &Experiment, spec: &FigureSpec) -> Result<Self, String> {
        let axis = |name: &str| {
            let found = experiment.axes.iter().position(|axis| axis == name);
            found.ok_or_else(|| format!("`{name}` is no axis: expected one of {}", experiment.axes.join(", ")))
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if spec.name.is_empty() || !spec.name.chars().all(plain) {
            return Err(format!("the name `{}`: expected letters, digits, `-`, `_` and `.`", spec.name));
        }
        let shown = match (&spec.curve, &spec.metric, &spec.across, spec.at) {
            (Some(curve), None, None, None) => Shown::Curve(curve.clone()),
            (Some(curve), None, Some(name), Some(at)) => {
                Shown::Bars { value: BarValue::At(curve.clone(), at), across: axis(name)?, axis: name.clone() }
            }
            (None, Some(metric), Some(name), None) => {
                Shown::Bars { value: BarValue::Metric(metric.clone()), across: axis(name)?, axis: name.clone() }
            }
            _ => {
                let expected = "`curve` for lines, `curve`, `at` and `across` or `metric` and `across` for bars";
                return Err(format!("expected {expected}"));
            }
        };
        let mut only = Vec::new();
        for (name, wanted) in &spec.only {
            let labels: Option<Vec<String>> = match wanted {
                Value::Sequence(list) => list.iter().map(scalar).collect(),
                label => scalar(label).map(|label| vec![label]),
            };
            let (Some(name), Some(labels)) = (name.as_str(), labels) else {
                return Err("only: expected names of axes and labels of their values".to_owned());
            };
            let place = axis(name)?;
            for label in &labels {
                if !experiment.runs.iter().any(|run| run.key.axes[place] == *label) {
                    return Err(format!("only: `{label}` is no value of the axis `{name}`"));
                }
            }
            only.push((place, labels));
        }
        if spec.published_every.is_some_and(|every| !(every > 0.0 && every.is_finite())) {
            return Err("publishedEvery: expected a number above 0".to_owned());
        }
        let published = match &spec.published {
            Some(path) => published(experiment, &experiment.path(path)).map_err(|error| error.to_string())?,
            None => spec.curve.as_deref().map(|curve| of_tables(experiment, curve)).unwrap_or_default(),
        };
        Ok(Self {
            name: spec.name.clone(),
            complement_of: spec.complement_of,
            published_every: spec.published_every,
            title: spec.title.clone(),
            shown,
            only,
            x: spec.x.scale(),
            y: spec.y.scale(),
            published,
            published_label: spec.published_label.clone(),
        })
    }

    /// Makes its chart from all rows.
    pub(super) fn chart(&self, rows: &[Row]) -> Chart {
        let groups: Vec<Group<'_>> = grouped(rows)
            .into_iter()
            .filter(|group| self.only.iter().all(|(place, labels)| labels.contains(&group.axes[*place])))
            .collect();
        match &self.shown {
            Shown::Curve(curve) => Chart::Lines(self.lines(curve, &groups)),
            Shown::Bars { value, across, axis } => Chart::Bars(self.bars(value, *across, axis, &groups)),
        }
    }

    fn lines(&self, curve: &str, groups: &[Group<'_>]) -> LineChart {
        let several = groups.iter().any(|group| group.axes != groups[0].axes);
        let lines = groups.iter().map(|group| {
            let points = group.curves().remove(curve).unwrap_or_default();
            let moments = points.iter().filter_map(|(at, values)| Some((*at, Moments::of(values)?)));
            let (points, band) = moments.map(|(at, m)| ((at, self.shown_value(m.mean)), self.spread(m))).unzip();
            let of_curve = |row: &&Published| row.curve.as_deref().is_none_or(|name| name == curve);
            let published = self.published_of(group).filter(of_curve);
            Line {
                label: label(group, several),
                points,
                band,
                published: published
                    .filter_map(|row| Some((row.at?, self.shown_value(row.value))))
                    .filter(|(at, _)| self.is_marked(*at))
                    .collect(),
            }
        });
        LineChart {
            title: self.title.clone(),
            x: self.x.clone(),
            y: self.y.clone(),
            lines: lines.collect(),
            published: self.published_label.clone(),
        }
    }

    fn bars(&self, value: &BarValue, across: usize, axis: &str, groups: &[Group<'_>]) -> BarChart {
        let mut categories: Vec<String> = Vec::new();
        let mut series: Vec<BarSeries> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for group in groups {
            let category = categories.iter().position(|name| *name == group.axes[across]).unwrap_or_else(|| {
                categories.push(group.axes[across].clone());
                categories.len() - 1
            });
            let place = *places.entry(group.policy).or_insert_with(|| {
                series.push(BarSeries { label: label(group, false), bars: Vec::new() });
                series.len() - 1
            });
            let bars = &mut series[place].bars;
            bars.resize(bars.len().max(category + 1), None);
            bars[category] = self.bar(value, group);
        }
        for one in &mut series {
            one.bars.resize(categories.len(), None);
        }
        let across = if self.x.label.is_empty() { axis.to_owned() } else { self.x.label.clone() };
        let published = self.published_label.clone();
        BarChart { title: self.title.clone(), across, categories, y: self.y.clone(), series, published }
    }

    fn bar(&self, value: &BarValue, group: &Group<'_>) -> Option<Bar> {
        let (values, published): (Vec<f64>, Option<f64>) = match value {
            BarValue::At(curve, at) => {
                let points = group.curves().remove(curve.as_str())?;
                let values =
                    points.into_iter().find(|(place, _)| (place - at).abs() < 1e-9).map(|(_, values)| values)?;
                let here = |row: &&Published| {
                    row.curve.as_ref().is_none_or(|name| name == curve) && row.at.is_none_or(|p| (p - at).abs() < 1e-9)
                };
                (values, self.published_of(group).find(here).map(|row| row.value))
            }
            BarValue::Metric(metric) => {
                let values = group.rows.iter().filter_map(|row| row.numbers.get(metric)?.as_f64()).collect();
                (values, self.published_of(group).next().map(|row| row.value))
            }
        };
        let moments = Moments::of(&values)?;
        let published = published.map(|value| self.shown_value(value));
        let interval = (values.len() > 1).then(|| self.spread(moments));
        Some(Bar { value: self.shown_value(moments.mean), interval, published })
    }

    /// From where to where the values spread: a standard deviation on both sides of their mean.
    fn spread(&self, moments: Moments) -> (f64, f64) {
        let mean = self.shown_value(moments.mean);
        (mean - moments.standard_deviation, mean + moments.standard_deviation)
    }

    /// What is drawn of a value.
    fn shown_value(&self, value: f64) -> f64 {
        self.complement_of.map_or(value, |whole| whole - value)
    }

    /// Whether what is published for this place of a line is marked.
    fn is_marked(&self, place: f64) -> bool {
        self.published_every.is_none_or(|every| ((place / every).round() * every - place).abs() < 1e-9)
    }

    fn published_of<'f>(&'f self, group: &'f Group<'_>) -> impl Iterator<Item = &'f Published> {
        self.published.iter().filter(|row| {
            let same = |(said, label): (&Option<String>, &String)| said.as_ref().is_none_or(|said| said == label);
            row.policy == group.policy && row.axes.iter().zip(group.axes).all(same)
        })
    }
}

impl ScaleSpec {
    fn scale(&self) -> Scale {
        Scale { from: self.from, to: self.to, ..Scale::new(&self.label) }
    }
}

fn published_label() -> String {
    "published".to_owned()
}

fn label(group: &Group<'_>, with_axes: bool) -> String {
    let mut words: Vec<&str> = Vec::new();
    if with_axes {
        words.extend(group.axes.iter().map(String::as_str));
    }
    words.extend(Some(group.policy).filter(|policy| !policy.is_empty()));
    if words.is_empty() { "all runs".to_owned() } else { words.join(", ") }
}

/// The published means of a curve.
fn of_tables(experiment: &Experiment, curve: &str) -> Vec<Published> {
    let means = experiment.published.means(experiment, curve).into_iter();
    let rows = means.flat_map(|(key, points)| {
        points.into_iter().map(move |(at, value)| Published {
            axes: key.axes.iter().cloned().map(Some).collect(),
            policy: key.policy.clone(),
            curve: None,
            at: Some(at),
            value,
        })
    });
    rows.collect()
}

/// Reads a file of published values.
fn published(experiment: &Experiment, path: &PathBuf) -> Result<Vec<Published>, Diagnostic> {
    let mut reader =
        csv::Reader::from_path(path).map_err(|error| Diagnostic::in_file(path, format!("cannot be read: {error}")))?;
    let header = reader.headers().map_err(|error| Diagnostic::in_file(path, error.to_string()))?.clone();
    let column = |name: &str| header.iter().position(|field| field.trim() == name);
    let known =
        |name: &str| ["policy", "value", "curve", "at"].contains(&name) || experiment.axes.iter().any(|a| a == name);
    if let Some(unknown) = header.iter().find(|name| !known(name.trim())) {
        let why = format!("unknown column `{unknown}`: expected policy, value, curve, at, or the name of an axis");
        return Err(Diagnostic::in_file(path, why).at(1, 1));
    }
    let missing = |name: &str| Diagnostic::in_file(path, format!("no column `{name}`: it is required")).at(1, 1);
    let policy = column("policy").ok_or_else(|| missing("policy"))?;
    let value = column("value").ok_or_else(|| missing("value"))?;
    let (curve, at) = (column("curve"), column("at"));
    let axes: Vec<Option<usize>> = experiment.axes.iter().map(|axis| column(axis)).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| Diagnostic::in_file(path, error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line) as usize;
        let text = |column: usize| record.get(column).unwrap_or_default().trim();
        let number = |column: usize| {
            let wrong =
                || Diagnostic::in_file(path, format!("`{}`: expected a number", text(column))).at(line, column + 1);
            text(column).parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(wrong)
        };
        rows.push(Published {
            axes: axes.iter().map(|axis| axis.map(|column| text(column).to_owned())).collect(),
            policy: text(policy).to_owned(),
            curve: curve.map(|column| text(column).to_owned()),
            at: at.map(number).transpose()?,
            value: number(value)?,
        });
    }
    Ok(rows)
}

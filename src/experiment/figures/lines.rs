//! Lines: a curve over its places, or a number over an axis whose labels are numbers.

use super::super::Experiment;
use super::super::tables::Group;
use super::published::PublishedValue;
use super::{Figure, FigureKind, FigureSpec, Grid, Shown, Wrong, axis, label, numbers};
use std::sync::Arc;
use towtank_reports::charts::lines::{Line, LineChart};
use towtank_reports::charts::{Chart, Scale};

pub(super) const KIND: FigureKind = FigureKind {
    name: "lines",
    about: "A line for each policy, the mean over the seeds, with a band around it: `curve` over its places, or `metric` over the \
            labels of the axis `across`, which are numbers then. What has been published is marked beside it.",
    fields: &["curve", "metric", "across", "complementOf", "interval", "published", "publishedEvery", "publishedLabel"],
    read,
};

#[derive(Debug)]
struct Lines {
    of: Of,
    x: Scale,
    y: Scale,
    published_every: Option<f64>,
}

#[derive(Debug)]
enum Of {
    /// A curve.
    Curve(String),
    /// A number over an axis.
    Metric(String, usize),
}

fn read(spec: &FigureSpec, experiment: &Experiment) -> Result<Arc<dyn Shown>, Wrong> {
    if spec.published_every.is_some_and(|every| !(every > 0.0 && every.is_finite())) {
        return Err(Wrong::at("publishedEvery", "expected a number above 0"));
    }
    let (of, x, y) = match (&spec.curve, &spec.metric, &spec.across) {
        (Some(curve), None, None) => (Of::Curve(curve.clone()), "", curve),
        (None, Some(metric), Some(across)) => {
            let place = axis(experiment, "across", across)?;
            let number = |label: &str| label.parse::<f64>().is_ok_and(f64::is_finite);
            if let Some(run) = experiment.runs.iter().find(|run| !number(&run.key.axes[place])) {
                let label = &run.key.axes[place];
                return Err(Wrong::at(
                    "across",
                    format!("`{label}` of the axis `{across}` is no number, which lines need"),
                ));
            }
            (Of::Metric(metric.clone(), place), across.as_str(), metric)
        }
        _ => return Err(Wrong::here("lines need `curve`, or `metric` and `across`")),
    };
    Ok(Arc::new(Lines { of, x: spec.x.scale(x), y: spec.y.scale(y), published_every: spec.published_every }))
}

impl Shown for Lines {
    fn chart(&self, figure: &Figure, groups: &[Group<'_>]) -> Chart {
        Chart::Lines(LineChart {
            title: figure.title.clone(),
            x: self.x.clone(),
            y: self.y.clone(),
            lines: match &self.of {
                Of::Curve(curve) => self.curves(curve, figure, groups),
                Of::Metric(metric, across) => metrics(metric, *across, figure, groups),
            },
            published: figure.published_label.clone(),
        })
    }
}

impl Lines {
    fn curves(&self, curve: &str, figure: &Figure, groups: &[Group<'_>]) -> Vec<Line> {
        let several = groups.iter().any(|group| group.axes != groups[0].axes);
        let line = |group: &Group<'_>| {
            let points = group.curves().remove(curve).unwrap_or_default();
            let points = points.into_iter().filter_map(|(at, values)| Some((at, figure.mean(&values)?)));
            let published = |value: &PublishedValue| Some((value.at?, figure.shown_value(value.value)));
            let published = figure.published_of(group, Some(curve)).filter_map(published);
            self.line(label(group, several), &points.collect::<Vec<_>>(), published.collect())
        };
        groups.iter().map(line).collect()
    }

    fn line(&self, label: String, points: &[(f64, Mean)], mut published: Vec<(f64, f64)>) -> Line {
        published.retain(|(at, _)| self.is_marked(*at));
        Line { published, ..line(label, points) }
    }

    /// Whether what is published for this place of a line is marked.
    fn is_marked(&self, place: f64) -> bool {
        self.published_every.is_none_or(|every| ((place / every).round() * every - place).abs() < 1e-9)
    }
}

/// A mean, and the interval around it.
type Mean = (f64, Option<(f64, f64)>);

fn line(label: String, points: &[(f64, Mean)]) -> Line {
    let with_band = points.iter().any(|(_, (_, interval))| interval.is_some());
    let band = points.iter().map(|(_, (mean, interval))| interval.unwrap_or((*mean, *mean)));
    Line {
        label,
        band: if with_band { band.collect() } else { Vec::new() },
        points: points.iter().map(|(at, (mean, _))| (*at, *mean)).collect(),
        published: Vec::new(),
    }
}

fn metrics(metric: &str, across: usize, figure: &Figure, groups: &[Group<'_>]) -> Vec<Line> {
    let grid = Grid::new(groups, Some(across));
    let place = |column: usize| grid.columns[column].parse::<f64>().unwrap_or_default();
    let of_row = |(name, cells): &(String, Vec<Option<&Group<'_>>>)| {
        let known = || cells.iter().enumerate().filter_map(|(column, group)| Some((place(column), (*group)?)));
        let points = known().filter_map(|(at, group)| Some((at, figure.mean(&numbers(group, metric))?)));
        let mut points: Vec<(f64, Mean)> = points.collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let published = known().filter_map(|(at, group)| {
            let value = figure.published_of(group, None).next()?;
            Some((at, figure.shown_value(value.value)))
        });
        Line { published: published.collect(), ..line(name.clone(), &points) }
    };
    grid.rows.iter().map(of_row).collect()
}

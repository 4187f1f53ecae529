//! Bars: a number, or a curve at one place, across the values of an axis.

use super::super::Experiment;
use super::super::tables::Group;
use super::{Figure, FigureKind, FigureSpec, Grid, Shown, Wrong, axis, numbers};
use std::sync::Arc;
use towtank_reports::charts::bars::{Bar, BarChart, BarSeries};
use towtank_reports::charts::{Chart, Scale};

pub(super) const KIND: FigureKind = FigureKind {
    name: "bars",
    about: "A bar for each policy in a group for each value of the axis `across`: the mean of `metric` over the seeds, or of `curve` at \
            the place `at`, with an error bar, and what has been published beside it.",
    fields: &["metric", "curve", "at", "across", "complementOf", "interval", "published", "publishedLabel"],
    read,
};

#[derive(Debug)]
struct Bars {
    of: Of,
    across: usize,
    across_label: String,
    y: Scale,
}

#[derive(Debug)]
enum Of {
    /// A curve at a place.
    Curve(String, f64),
    /// A number.
    Metric(String),
}

fn read(spec: &FigureSpec, experiment: &Experiment) -> Result<Arc<dyn Shown>, Wrong> {
    let (of, name) = match (&spec.curve, spec.at, &spec.metric) {
        (Some(curve), Some(at), None) => (Of::Curve(curve.clone(), at), curve),
        (None, None, Some(metric)) => (Of::Metric(metric.clone()), metric),
        _ => return Err(Wrong::here("bars need `metric`, or `curve` and `at`")),
    };
    let across = spec.required("across", spec.across.as_deref())?;
    Ok(Arc::new(Bars {
        of,
        across: axis(experiment, "across", across)?,
        across_label: spec.x.scale(across).label,
        y: spec.y.scale(name),
    }))
}

impl Shown for Bars {
    fn chart(&self, figure: &Figure, groups: &[Group<'_>]) -> Chart {
        let grid = Grid::new(groups, Some(self.across));
        let bars = |cells: &[Option<&Group<'_>>]| cells.iter().map(|group| self.bar(figure, (*group)?)).collect();
        let series = grid.rows.iter().map(|(label, cells)| BarSeries { label: label.clone(), bars: bars(cells) });
        Chart::Bars(BarChart {
            title: figure.title.clone(),
            across: self.across_label.clone(),
            y: self.y.clone(),
            series: series.collect(),
            published: figure.published_label.clone(),
            categories: grid.names(),
        })
    }
}

impl Bars {
    fn bar(&self, figure: &Figure, group: &Group<'_>) -> Option<Bar> {
        let (values, published) = match &self.of {
            Of::Metric(metric) => (numbers(group, metric), figure.published_of(group, None).next()),
            Of::Curve(curve, at) => {
                let points = group.curves().remove(curve.as_str())?;
                let here = points.into_iter().find(|(place, _)| (place - at).abs() < 1e-9)?;
                (here.1, figure.published_of(group, Some(curve)).find(|value| value.is_at(*at)))
            }
        };
        let (value, interval) = figure.mean(&values)?;
        Some(Bar { value, interval, published: published.map(|published| figure.shown_value(published.value)) })
    }
}

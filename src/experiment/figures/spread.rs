//! Boxes and violins: how a number spreads over the seeds.

use super::super::Experiment;
use super::super::tables::Group;
use super::{Figure, FigureKind, FigureSpec, Grid, Shown, Wrong, axis, numbers};
use std::sync::Arc;
use towtank_reports::charts::distribution::Distribution;
use towtank_reports::charts::spread::{SpreadChart, SpreadSeries, SpreadShape};
use towtank_reports::charts::{Chart, Scale};

const FIELDS: &[&str] = &["metric", "across", "complementOf"];

pub(super) const BOX: FigureKind = FigureKind {
    name: "box",
    about: "How `metric` spreads over the seeds: a box from the first quartile to the third with the median in it, whiskers to the \
            furthest number within one and a half times its height, and marks for what is beyond. With `across`, a group of boxes for \
            each value of an axis.",
    fields: FIELDS,
    read: |spec, experiment| read(spec, experiment, SpreadShape::Box),
};

pub(super) const VIOLIN: FigureKind = FigureKind {
    name: "violin",
    about: "The same as the density of the numbers on both sides, with the quartiles and the median in it: for many seeds.",
    fields: FIELDS,
    read: |spec, experiment| read(spec, experiment, SpreadShape::Violin),
};

#[derive(Debug)]
struct Spread {
    metric: String,
    across: Option<usize>,
    across_label: String,
    y: Scale,
    shape: SpreadShape,
}

fn read(spec: &FigureSpec, experiment: &Experiment, shape: SpreadShape) -> Result<Arc<dyn Shown>, Wrong> {
    let metric = spec.required("metric", spec.metric.as_deref())?;
    Ok(Arc::new(Spread {
        metric: metric.to_owned(),
        across: spec.across.as_deref().map(|name| axis(experiment, "across", name)).transpose()?,
        across_label: spec.x.scale(spec.across.as_deref().unwrap_or_default()).label,
        y: spec.y.scale(metric),
        shape,
    }))
}

impl Shown for Spread {
    fn chart(&self, figure: &Figure, groups: &[Group<'_>]) -> Chart {
        let grid = Grid::new(groups, self.across);
        let samples = |group: Option<&Group<'_>>| {
            let values = group.map(|group| numbers(group, &self.metric)).unwrap_or_default();
            Distribution::of_numbers(values.into_iter().map(|value| figure.shown_value(value)))
        };
        let series = grid.rows.iter().map(|(label, cells)| SpreadSeries {
            label: label.clone(),
            samples: cells.iter().copied().map(samples).collect(),
        });
        Chart::Spread(SpreadChart {
            title: figure.title.clone(),
            across: self.across_label.clone(),
            y: self.y.clone(),
            series: series.collect(),
            shape: self.shape,
            samples: "seeds".to_owned(),
            categories: grid.names(),
        })
    }
}

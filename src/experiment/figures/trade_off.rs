//! Trade-offs: two numbers that cannot both be best, with the Pareto front between them.

use super::super::Experiment;
use super::super::tables::Group;
use super::spec::ScaleSpec;
use super::{Figure, FigureKind, FigureSpec, Shown, Wrong, label, numbers};
use std::sync::Arc;
use towtank_reports::charts::scatter::{Better, ScatterChart, ScatterPoint, ScatterSeries};
use towtank_reports::charts::{Chart, Scale};

pub(super) const KIND: FigureKind = FigureKind {
    name: "trade-off",
    about: "A point for each policy and each value of the axes: `x.metric` against `y.metric`, both as means over the seeds with error \
            bars. With `x.better` and `y.better`, each `lower` or `higher`, the Pareto front: those that no other is as good as on \
            both and better on one.",
    fields: &["x.metric", "y.metric", "x.better", "y.better", "interval"],
    read,
};

#[derive(Debug)]
struct TradeOff {
    metrics: (String, String),
    x: Scale,
    y: Scale,
    front: Option<(Better, Better)>,
}

fn read(spec: &FigureSpec, _: &Experiment) -> Result<Arc<dyn Shown>, Wrong> {
    let metric = |axis: &ScaleSpec, field: &str| spec.required(field, axis.metric.as_deref()).map(str::to_owned);
    let metrics = (metric(&spec.x, "x.metric")?, metric(&spec.y, "y.metric")?);
    let front = match (spec.x.better, spec.y.better) {
        (Some(x), Some(y)) => Some((x.into(), y.into())),
        (None, None) => None,
        _ => return Err(Wrong::here("a front needs both `x.better` and `y.better`")),
    };
    Ok(Arc::new(TradeOff { x: spec.x.scale(&metrics.0), y: spec.y.scale(&metrics.1), metrics, front }))
}

impl Shown for TradeOff {
    fn chart(&self, figure: &Figure, groups: &[Group<'_>]) -> Chart {
        let mut series: Vec<ScatterSeries> = Vec::new();
        for group in groups {
            let means =
                figure.mean(&numbers(group, &self.metrics.0)).zip(figure.mean(&numbers(group, &self.metrics.1)));
            let Some(((x, across), (y, up))) = means else { continue };
            let point = ScatterPoint { at: (x, y), across, up };
            let label = label(group, false);
            match series.iter_mut().find(|series| series.label == label) {
                Some(series) => series.points.push(point),
                None => series.push(ScatterSeries { label, points: vec![point], published: Vec::new() }),
            }
        }
        Chart::Scatter(ScatterChart {
            title: figure.title.clone(),
            x: self.x.clone(),
            y: self.y.clone(),
            series,
            front: self.front,
            published: String::new(),
        })
    }
}

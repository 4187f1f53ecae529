//! Box plots and violins, for the script.

use super::{AxisKind, PlotAxis, PlotPanel, of_scale};
use crate::charts::spread::{Body, SpreadChart, SpreadShape};
use crate::draw::theme;
use serde::Serialize;

/// Distributions side by side.
#[derive(Debug, Serialize)]
pub(super) struct PlotSpread {
    violins: bool,
    /// What the samples are, in the plural.
    samples: String,
    bodies: Vec<PlotBody>,
}

/// A distribution: what a box shows, and the outline of a violin as values and shares of its half width.
#[derive(Debug, Serialize)]
struct PlotBody {
    label: String,
    category: String,
    color: String,
    fill: String,
    middle: f64,
    half: f64,
    quartiles: [f64; 3],
    whiskers: (f64, f64),
    outliers: Vec<f64>,
    mean: f64,
    samples: u64,
    outline: Vec<(f64, f64)>,
}

/// The panel of a chart; `None` of one without samples.
pub(super) fn panel(chart: &SpreadChart) -> Option<PlotPanel> {
    let (bodies, (from, to)) = chart.bodies()?;
    let violins = chart.shape == SpreadShape::Violin;
    let bodies = bodies.into_iter().map(|body| plot_body(body, violins)).collect();
    let spread = PlotSpread { violins, samples: chart.samples.clone(), bodies };
    let x = PlotAxis {
        label: chart.across.clone(),
        kind: AxisKind::Category,
        from: Some(0.0),
        to: Some(chart.categories.len().max(1) as f64),
        names: chart.categories.clone(),
        log: false,
    };
    let y = PlotAxis { from: Some(from), to: Some(to), ..of_scale(&chart.y) };
    Some(PlotPanel { spread: Some(spread), ..PlotPanel::of(x, y, Vec::new()) })
}

fn plot_body(body: Body<'_>, violins: bool) -> PlotBody {
    let style = theme::series(body.series);
    let numbers = body.numbers;
    PlotBody {
        label: body.label.to_owned(),
        category: body.category.to_owned(),
        color: style.color.hex(),
        fill: style.fill.hex(),
        middle: body.middle,
        half: body.half,
        quartiles: numbers.quartiles,
        whiskers: numbers.whiskers,
        outliers: if violins { Vec::new() } else { numbers.outliers },
        mean: numbers.mean,
        samples: numbers.samples,
        outline: body.outline,
    }
}

//! What a chart shows, for the script that draws it so that it can be zoomed: panels of series, or of boxes, over one axis.

mod boxes;
mod spread;

use super::pack::Pack;
use crate::charts::bars::{BarChart, BarSeries};
use crate::charts::cdf::CdfChart;
use crate::charts::lines::LineChart;
use crate::charts::scatter::ScatterChart;
use crate::charts::stack::{LAYERS, Layer, StackChart, StackPanel};
use crate::charts::timeline::{TimePanel, Timeline};
use crate::charts::{Chart, Scale};
use crate::draw::{Band, Color, Dash, theme};
use serde::Serialize;

/// A chart as the script draws it.
#[derive(Debug, Serialize)]
pub(super) struct Plot {
    /// That of its figure.
    anchor: String,
    panels: Vec<PlotPanel>,
    /// Stretches of time to shade behind the data, in seconds.
    outages: Vec<(f64, f64)>,
}

#[derive(Debug, Serialize)]
struct PlotPanel {
    /// Its heading; may be empty.
    title: String,
    x: PlotAxis,
    y: PlotAxis,
    series: Vec<PlotSeries>,
    /// Whether each series stands on those that come after it.
    stacked: bool,
    boxes: Option<boxes::PlotBoxes>,
    spread: Option<spread::PlotSpread>,
}

impl PlotPanel {
    /// A panel of series.
    fn of(x: PlotAxis, y: PlotAxis, series: Vec<PlotSeries>) -> Self {
        Self { title: String::new(), x, y, series, stacked: false, boxes: None, spread: None }
    }
}

#[derive(Debug, Default, Serialize)]
struct PlotAxis {
    /// What is measured, with its unit in parentheses.
    label: String,
    kind: AxisKind,
    log: bool,
    /// Its two ends, as far as they are not those of the data.
    from: Option<f64>,
    to: Option<f64>,
    /// The names of its places, of categories.
    names: Vec<String>,
}

/// What an axis measures, which says how its values are written.
#[derive(Debug, Default, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum AxisKind {
    #[default]
    Number,
    /// Seconds since the scenario's start.
    Time,
    /// Seconds.
    Duration,
    Category,
}

#[derive(Debug, Serialize)]
struct PlotSeries {
    label: String,
    draw: Draw,
    color: String,
    /// The colour of the area below it, if any, and of its band.
    below: Option<String>,
    fill: String,
    dash: &'static [f64],
    /// Names of columns: places, values, and the ends of the interval around each value.
    x: String,
    y: String,
    band: Option<(String, String)>,
    /// How wide its bars are.
    width: Option<f64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Draw {
    /// Each value holds until the next place.
    Steps,
    Line,
    Points,
    Bars,
}

/// The plot of a chart, whose numbers go into the pack; `None` of one without data.
pub(super) fn plot(name: &str, chart: &Chart, pack: &mut Pack) -> Option<Plot> {
    let mut columns = Columns { name, count: 0, pack };
    let (panels, outages) = match chart {
        Chart::Timeline(chart) => timeline(chart, &mut columns),
        Chart::Cdf(chart) => (vec![cdf(chart, &mut columns)?], Vec::new()),
        Chart::Lines(chart) => (vec![lines(chart, &mut columns)], Vec::new()),
        Chart::Bars(chart) => (vec![bars(chart, &mut columns)], Vec::new()),
        Chart::Scatter(chart) => (vec![scatter(chart, &mut columns)], Vec::new()),
        Chart::HeatMap(chart) => (vec![boxes::heat_map(chart, &mut columns)], Vec::new()),
        Chart::Gantt(chart) => (vec![boxes::gantt(chart, &mut columns)], Vec::new()),
        Chart::Spread(chart) => (vec![spread::panel(chart)?], Vec::new()),
        Chart::Stack(chart) => stack(chart, &mut columns),
        Chart::Empty { .. } => return None,
    };
    let shown = |panel: &PlotPanel| !panel.series.is_empty() || panel.boxes.is_some() || panel.spread.is_some();
    let shown = panels.iter().any(shown);
    shown.then(|| Plot { anchor: format!("figure-{name}"), panels, outages })
}

/// Numbers of one figure on their way into the pack.
struct Columns<'p> {
    name: &'p str,
    count: usize,
    pack: &'p mut Pack,
}

impl Columns<'_> {
    /// Packs numbers, and returns the name of their column. What is no number is a gap.
    fn add(&mut self, numbers: impl Iterator<Item = f64>) -> String {
        self.add_list(&numbers.collect::<Vec<_>>())
    }

    /// The same, of a list.
    fn add_list(&mut self, numbers: &[f64]) -> String {
        let name = self.next();
        self.pack.floats(&name, numbers);
        name
    }

    /// Packs whole numbers.
    fn add_integers(&mut self, numbers: impl ExactSizeIterator<Item = i64>) -> String {
        let name = self.next();
        self.pack.integers(&name, numbers);
        name
    }

    /// Packs texts.
    fn add_texts<'t>(&mut self, texts: impl ExactSizeIterator<Item = &'t str>) -> String {
        let name = self.next();
        self.pack.texts(&name, texts);
        name
    }

    fn next(&mut self) -> String {
        self.count += 1;
        format!("plot.{}.{}", self.name, self.count)
    }

    fn points(&mut self, points: &[(f64, f64)]) -> (String, String) {
        (self.add(points.iter().map(|point| point.0)), self.add(points.iter().map(|point| point.1)))
    }

    fn intervals(&mut self, intervals: &[Option<(f64, f64)>]) -> Option<(String, String)> {
        let any = intervals.iter().any(Option::is_some);
        let end = |of: fn(&(f64, f64)) -> f64| intervals.iter().map(move |one| one.as_ref().map_or(f64::NAN, of));
        any.then(|| (self.add(end(|interval| interval.0)), self.add(end(|interval| interval.1))))
    }
}

fn timeline(chart: &Timeline, columns: &mut Columns<'_>) -> (Vec<PlotPanel>, Vec<(f64, f64)>) {
    // Lines are mostly of the same times.
    let mut last: (Vec<f64>, String) = (Vec::new(), String::new());
    let mut panels = Vec::new();
    for panel in &chart.panels {
        let mut series = Vec::new();
        for line in &panel.lines {
            let times: Vec<f64> = line.points.iter().map(|point| point.0).collect();
            if times != last.0 {
                let name = columns.add_list(&times);
                last = (times, name);
            }
            let hex = |color: Color| color.hex();
            series.push(PlotSeries {
                label: if line.label.is_empty() { line.column.clone() } else { line.label.clone() },
                draw: Draw::Steps,
                color: hex(line.ink.color),
                below: line.ink.fill.map(hex),
                fill: hex(line.ink.band),
                dash: line.ink.dash,
                x: last.1.clone(),
                y: columns.add(line.points.iter().map(|point| point.1.unwrap_or(f64::NAN))),
                band: columns.intervals(&line.band),
                width: None,
            });
        }
        panels.push(PlotPanel {
            title: panel.title.clone(),
            ..PlotPanel::of(time_axis(chart.range), panel_axis(panel), series)
        });
    }
    (panels, bands(&chart.outages))
}

/// Layers from the top down, each with its own values; the script adds them up.
fn stack(chart: &StackChart, columns: &mut Columns<'_>) -> (Vec<PlotPanel>, Vec<(f64, f64)>) {
    let panel = |panel: &StackPanel| {
        let x = columns.add_list(&panel.times);
        let layer = |layer: &Layer| {
            let color = LAYERS[layer.color % LAYERS.len()].hex();
            let y = columns.add(layer.values.iter().map(|value| *value as f64));
            let fill = color.clone();
            PlotSeries { below: Some(fill), color, ..of_series(0, &layer.label, Draw::Steps, (x.clone(), y)) }
        };
        let series: Vec<PlotSeries> = panel.layers.iter().rev().map(layer).collect();
        let (from, to) = panel.range();
        let y = PlotAxis { label: panel.unit.clone(), from: Some(from), to: Some(to), ..PlotAxis::default() };
        let title = panel.title.clone();
        PlotPanel { title, stacked: true, ..PlotPanel::of(time_axis(chart.range), y, series) }
    };
    (chart.panels.iter().map(panel).collect(), bands(&chart.outages))
}

fn bands(outages: &[Band]) -> Vec<(f64, f64)> {
    outages.iter().map(|outage| (outage.from, outage.to)).collect()
}

fn time_axis(range: (f64, f64)) -> PlotAxis {
    // A run of an instant has an axis, too.
    let (from, to) = (range.0, range.1.max(range.0 + 1.0));
    let (from, to) = (Some(from), Some(to));
    PlotAxis { label: "time since start".to_owned(), kind: AxisKind::Time, from, to, ..PlotAxis::default() }
}

fn panel_axis(panel: &TimePanel) -> PlotAxis {
    let (from, to) = (Some(panel.y.range.0), Some(panel.y.range.1));
    PlotAxis { label: panel.y.label.clone(), from, to, ..PlotAxis::default() }
}

fn cdf(chart: &CdfChart, columns: &mut Columns<'_>) -> Option<PlotPanel> {
    let axis = chart.shown_axis()?;
    let (from, to) = axis.range;
    let series =
        chart.curves.iter().enumerate().filter(|(_, curve)| !curve.samples.is_empty()).map(|(index, curve)| {
            // From the left end at the height that the curve has there, which a logarithmic axis may not show the way to.
            let mut points = vec![(from, 0.0)];
            for (value, share) in curve.samples.corners() {
                if value <= from {
                    points[0].1 = share;
                } else {
                    points.push((value, share));
                }
            }
            points.push((to, 100.0));
            let label = if curve.label.is_empty() { &chart.samples } else { &curve.label };
            of_series(index, label, Draw::Steps, columns.points(&points))
        });
    let series = series.collect();
    let x = PlotAxis { log: axis.logarithmic, from: Some(from), to: Some(to), ..of_scale(&chart.x) };
    let label = format!("{} (%)", chart.samples);
    let y = PlotAxis { label, from: Some(0.0), to: Some(100.0), ..PlotAxis::default() };
    Some(PlotPanel::of(x, y, series))
}

fn lines(chart: &LineChart, columns: &mut Columns<'_>) -> PlotPanel {
    let mut series = Vec::new();
    for (index, line) in chart.lines.iter().enumerate() {
        let points = columns.points(&line.points);
        let band: Vec<_> = line.band.iter().copied().map(Some).collect();
        let band = columns.intervals(&band);
        series.push(PlotSeries { band, ..of_series(index, &line.label, Draw::Line, points) });
        series.extend(published(index, &line.label, &chart.published, &line.published, columns));
    }
    PlotPanel::of(of_scale(&chart.x), of_scale(&chart.y), series)
}

fn scatter(chart: &ScatterChart, columns: &mut Columns<'_>) -> PlotPanel {
    let mut series = Vec::new();
    for (index, one) in chart.series.iter().enumerate() {
        let mut points = one.points.clone();
        points.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
        let (at, up): (Vec<_>, Vec<_>) = points.iter().map(|point| (point.at, point.up)).unzip();
        let (at, band) = (columns.points(&at), columns.intervals(&up));
        let label = if one.label.is_empty() { "points" } else { &one.label };
        series.push(PlotSeries { band, ..of_series(index, label, Draw::Points, at) });
        series.extend(published(index, label, &chart.published, &one.published, columns));
    }
    PlotPanel::of(of_scale(&chart.x), of_scale(&chart.y), series)
}

fn bars(chart: &BarChart, columns: &mut Columns<'_>) -> PlotPanel {
    let mut series = Vec::new();
    // Groups of bars as the picture has them.
    let width = 0.84 / chart.series.len().max(1) as f64;
    for (index, one) in chart.series.iter().enumerate() {
        let of = |value: fn(&crate::charts::bars::Bar) -> f64| values(one, value);
        let place = |category: usize| category as f64 + 0.08 + width * (index as f64 + 0.5);
        let x = columns.add((0..one.bars.len()).map(place));
        let y = columns.add_list(&of(|bar| bar.value));
        let intervals: Vec<_> = one.bars.iter().map(|bar| bar.and_then(|bar| bar.interval)).collect();
        let band = columns.intervals(&intervals);
        series.push(PlotSeries { band, width: Some(width), ..of_series(index, &one.label, Draw::Bars, (x, y)) });
        let known: Vec<(f64, f64)> =
            of(|bar| bar.published.unwrap_or(f64::NAN)).into_iter().enumerate().map(|(n, y)| (place(n), y)).collect();
        if known.iter().any(|point| !point.1.is_nan()) {
            series.extend(published(index, &one.label, &chart.published, &known, columns));
        }
    }
    let label = chart.across.clone();
    let (kind, to) = (AxisKind::Category, Some(chart.categories.len() as f64));
    let x = PlotAxis { label, kind, names: chart.categories.clone(), from: Some(0.0), to, log: false };
    PlotPanel::of(x, of_scale(&chart.y), series)
}

fn values(series: &BarSeries, value: fn(&crate::charts::bars::Bar) -> f64) -> Vec<f64> {
    series.bars.iter().map(|bar| bar.as_ref().map_or(f64::NAN, value)).collect()
}

/// What has been published beside a series, if anything.
fn published(
    index: usize,
    label: &str,
    word: &str,
    points: &[(f64, f64)],
    columns: &mut Columns<'_>,
) -> Option<PlotSeries> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let label = format!("{label}, {word}");
    (!sorted.is_empty()).then(|| of_series(index, &label, Draw::Points, columns.points(&sorted)))
}

fn of_series(index: usize, label: &str, draw: Draw, (x, y): (String, String)) -> PlotSeries {
    let style = theme::series(index);
    let dash: Dash = if matches!(draw, Draw::Steps | Draw::Line) { style.dash } else { &[] };
    let (color, fill) = (style.color.hex(), style.fill.hex());
    PlotSeries { label: label.to_owned(), draw, color, below: None, fill, dash, x, y, band: None, width: None }
}

fn of_scale(scale: &Scale) -> PlotAxis {
    let kind = if scale.durations { AxisKind::Duration } else { AxisKind::Number };
    PlotAxis { label: scale.label.clone(), kind, log: scale.log, from: scale.from, to: scale.to, names: Vec::new() }
}

//! Charts made of boxes, for the script: heat maps and Gantt charts.

use super::{AxisKind, Columns, PlotAxis, PlotPanel};
use crate::charts::gantt::{GanttChart, SpanState};
use crate::charts::heat_map::{HeatColumns, HeatMapChart};
use crate::draw::theme;
use serde::Serialize;

/// Boxes in rows, over time or over things with names.
#[derive(Debug, Serialize)]
pub(super) struct PlotBoxes {
    /// What a row is, such as `node`.
    row: String,
    /// The rows, the first one on top: their names, and where they end, counted downwards.
    rows: Vec<(String, f64)>,
    /// What kinds of box there are, if that is to be told.
    kinds: Vec<&'static str>,
    /// The colours that boxes have; of a heat map, those of the values from one end of `range` to the other.
    colors: Vec<String>,
    range: (f64, f64),
    /// Names of columns: the corners of the boxes, which of the kinds and colours they have.
    from: String,
    to: String,
    top: String,
    bottom: String,
    kind: String,
    color: String,
    /// Names of columns: what they say, as a number or in words.
    value: Option<String>,
    text: Option<String>,
}

/// A box before it is packed.
struct OneBox {
    across: (f64, f64),
    down: (f64, f64),
    kind: usize,
    color: usize,
}

/// Heat has as many colours as the theme has steps of it.
const HEAT_STEPS: usize = 32;

pub(super) fn heat_map(chart: &HeatMapChart, columns: &mut Columns<'_>) -> PlotPanel {
    let (x, edges) = match &chart.columns {
        HeatColumns::Times(edges) => {
            let ends = (edges.first().copied(), edges.last().copied());
            let label = "time since start".to_owned();
            (PlotAxis { label, kind: AxisKind::Time, from: ends.0, to: ends.1, ..PlotAxis::default() }, edges.clone())
        }
        HeatColumns::Names(what, names) => {
            let to = Some(names.len() as f64);
            let (label, kind, names) = (what.clone(), AxisKind::Category, names.clone());
            let edges = (0..=names.len()).map(|edge| edge as f64).collect();
            (PlotAxis { label, kind, from: Some(0.0), to, names, log: false }, edges)
        }
    };
    let span = chart.range.1 - chart.range.0;
    let (mut boxes, mut values) = (Vec::new(), Vec::new());
    for (place, row) in chart.rows.iter().enumerate() {
        let down = (place as f64, place as f64 + 1.0);
        for (value, edges) in row.values.iter().zip(edges.windows(2)) {
            let Some(value) = *value else { continue };
            let share = if span > 0.0 { ((value - chart.range.0) / span).clamp(0.0, 1.0) } else { 0.0 };
            let color = (share * (HEAT_STEPS - 1) as f64).round() as usize;
            boxes.push(OneBox { across: (edges[0], edges[1]), down, kind: 0, color });
            values.push(value);
        }
    }
    let rows = chart.rows.iter().enumerate().map(|(place, row)| (row.label.clone(), place as f64 + 1.0)).collect();
    let step = |step: usize| theme::heat(step as f64 / (HEAT_STEPS - 1) as f64).hex();
    let value = Some(columns.add_list(&values));
    let colors = (0..HEAT_STEPS).map(step).collect();
    let packed = PlotBoxes { value, colors, range: chart.range, ..pack(chart.row.clone(), rows, &boxes, columns) };
    panel(x, chart.value.clone(), packed)
}

pub(super) fn gantt(chart: &GanttChart, columns: &mut Columns<'_>) -> PlotPanel {
    let hues = theme::PALETTE.len() - 1;
    let boxes: Vec<OneBox> = chart
        .spans
        .iter()
        .map(|span| {
            let kind = SpanState::ALL.iter().position(|state| *state == span.state).unwrap_or(0);
            let down = (span.lanes.start as f64, span.lanes.end as f64);
            OneBox { across: (span.from, span.to), down, kind, color: kind * hues + span.hue % hues }
        })
        .collect();
    let text = Some(columns.add_texts(chart.spans.iter().map(|span| span.name.as_str())));
    let mut end = 0.0;
    let rows = chart.rows.iter().map(|row| {
        end += row.lanes as f64;
        (row.label.clone(), end)
    });
    let colors = SpanState::ALL.iter().flat_map(|state| (0..hues).map(|hue| state.look(hue).0.hex()));
    let kinds = SpanState::ALL.map(SpanState::word).to_vec();
    let packed = pack(chart.row.clone(), rows.collect(), &boxes, columns);
    let (from, to) = (chart.range.0, chart.range.1.max(chart.range.0 + 1.0));
    let x = PlotAxis {
        label: "time since start".to_owned(),
        kind: AxisKind::Time,
        from: Some(from),
        to: Some(to),
        ..PlotAxis::default()
    };
    panel(x, chart.span.clone(), PlotBoxes { text, kinds, colors: colors.collect(), ..packed })
}

fn panel(x: PlotAxis, label: String, boxes: PlotBoxes) -> PlotPanel {
    let to = boxes.rows.last().map(|row| row.1);
    let y = PlotAxis { label, from: Some(0.0), to, ..PlotAxis::default() };
    PlotPanel { boxes: Some(boxes), ..PlotPanel::of(x, y, Vec::new()) }
}

fn pack(row: String, rows: Vec<(String, f64)>, boxes: &[OneBox], columns: &mut Columns<'_>) -> PlotBoxes {
    PlotBoxes {
        row,
        rows,
        kinds: Vec::new(),
        colors: Vec::new(),
        range: (0.0, 0.0),
        from: columns.add(boxes.iter().map(|one| one.across.0)),
        to: columns.add(boxes.iter().map(|one| one.across.1)),
        top: columns.add(boxes.iter().map(|one| one.down.0)),
        bottom: columns.add(boxes.iter().map(|one| one.down.1)),
        kind: columns.add_integers(boxes.iter().map(|one| one.kind as i64)),
        color: columns.add_integers(boxes.iter().map(|one| one.color as i64)),
        value: None,
        text: None,
    }
}

//! Gantt charts: who was where, and when.

use crate::draw::theme::{self, Hatch};
use crate::draw::{
    Anchor, Axis, Color, Frame, Legend, Medium, Panel, Picture, Stroke, Swatch, Tick, fit_middle, text_width,
};
use crate::figure_data::{DataColumn, FigureData};
use std::ops::Range;

/// Height of a lane, where there are few.
const LANE: f64 = 16.0;
/// Height of all lanes together, at most.
const MOST_HEIGHT: f64 = 340.0;
/// Size of names in the bars, as a share of a tick label's.
const SMALL: f64 = 0.8;

/// A Gantt chart.
#[derive(Debug, Clone, Default)]
pub struct GanttChart {
    /// Heading.
    pub title: String,
    /// Alternative text.
    pub description: String,
    /// What a row is, such as `node`.
    pub row: String,
    /// The rows, the first one on top.
    pub rows: Vec<GanttRow>,
    /// What the bars are, such as `pod`.
    pub span: String,
    /// The bars.
    pub spans: Vec<GanttSpan>,
    /// Seconds at the two ends of the time axis.
    pub range: (f64, f64),
    /// Whether names are written into the bars that have room for them.
    pub named: bool,
}

/// A row of a Gantt chart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GanttRow {
    /// Its name.
    pub label: String,
    /// How many bars it holds above each other.
    pub lanes: usize,
}

/// A bar of a Gantt chart.
#[derive(Debug, Clone, PartialEq)]
pub struct GanttSpan {
    /// Whose it is.
    pub name: String,
    /// What its owner did meanwhile.
    pub state: SpanState,
    /// The lanes that it covers, counted over all rows.
    pub lanes: Range<usize>,
    /// The number of its colour: owners next to each other have different ones.
    pub hue: usize,
    /// When it began, in seconds.
    pub from: f64,
    /// When it ended, in seconds.
    pub to: f64,
}

/// What the owner of a bar did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanState {
    /// It waited.
    Waiting,
    /// It was getting ready.
    Starting,
    /// It ran.
    Running,
}

impl SpanState {
    pub(crate) const ALL: [Self; 3] = [Self::Waiting, Self::Starting, Self::Running];

    /// In one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Running => "running",
        }
    }

    pub(crate) fn look(self, hue: usize) -> (Color, Hatch) {
        let hue = hue % (theme::PALETTE.len() - 1);
        match self {
            Self::Waiting => (theme::FILLS[hue], Hatch::None),
            Self::Starting => (theme::PALETTE[hue], Hatch::Rising),
            Self::Running => (theme::PALETTE[hue], Hatch::None),
        }
    }
}

impl GanttChart {
    fn lanes(&self) -> usize {
        self.rows.iter().map(|row| row.lanes).sum()
    }

    /// Draws it.
    pub(crate) fn draw(&self, medium: Medium) -> Picture {
        let lanes = self.lanes();
        if lanes == 0 || self.spans.is_empty() {
            return Picture::no_data(medium, &self.title, &format!("there is no {} to draw", self.span));
        }
        let height = (lanes as f64 * LANE).clamp(60.0, MOST_HEIGHT);
        let x = Axis::time(self.range.0, self.range.1);
        let y = self.row_axis(medium, height / lanes as f64);
        let left = Panel::left_for(medium, [&y]);
        let legend = self.legend(medium);
        let top = medium.head(&legend) + 2.0;
        let frame = Frame { title: String::new(), remark: String::new(), top, left, height, x_labels: true };
        let panel = Panel::new(medium, frame, x, y);
        let mut picture = Picture::new(medium, panel.end(), self.description.as_str());
        picture.head(&self.title, &legend);
        let ((left, top), (right, bottom)) = panel.corners();
        picture.rect((left, top), (right, bottom), theme::BLANK);
        let lane = (bottom - top) / lanes as f64;
        for span in &self.spans {
            self.draw_span(span, (top, lane), &mut picture, &panel);
        }
        // Lines between rows, unless they are as narrow as the lines.
        if (bottom - top) / self.rows.len() as f64 >= 6.0 {
            let mut y = top;
            for row in &self.rows[..self.rows.len() - 1] {
                y += row.lanes as f64 * lane;
                picture.line(vec![(left, y), (right, y)], Stroke::solid(theme::AXIS, medium.hairline));
            }
        }
        panel.axes(&mut picture);
        picture
    }

    /// A row for each bar.
    pub(crate) fn data(&self) -> FigureData {
        let time = |pick: fn(&GanttSpan) -> f64| self.spans.iter().map(|span| Some(pick(span))).collect();
        let row = |span: &GanttSpan| {
            let (first, last) = (self.row_of(span.lanes.start), self.row_of(span.lanes.end.saturating_sub(1)));
            if first == last { first.to_owned() } else { format!("{first} to {last}") }
        };
        FigureData::new(vec![
            DataColumn::words(&self.span, self.spans.iter().map(|span| span.name.clone()).collect()),
            DataColumn::words(&self.row, self.spans.iter().map(row).collect()),
            DataColumn::words("state", self.spans.iter().map(|span| span.state.word().to_owned()).collect()),
            DataColumn::numbers("from", "s", time(|span| span.from)),
            DataColumn::numbers("to", "s", time(|span| span.to)),
        ])
    }

    fn row_of(&self, lane: usize) -> &str {
        let mut end = 0;
        let row = self.rows.iter().find(|row| {
            end += row.lanes;
            lane < end
        });
        row.map_or("", |row| &row.label)
    }

    /// The names of the rows in their middles, or numbers where names have no room.
    fn row_axis(&self, medium: Medium, lane: f64) -> Axis {
        let lanes = self.lanes();
        let narrowest = self.rows.iter().map(|row| row.lanes as f64 * lane).fold(f64::INFINITY, f64::min);
        let mut axis = if narrowest > medium.tick_size {
            let mut axis = Axis::categories("", self.rows.iter().rev().map(|row| row.label.as_str()));
            let mut end = 0.0;
            for (tick, row) in axis.ticks.iter_mut().zip(self.rows.iter().rev()) {
                tick.value = end + row.lanes as f64 / 2.0;
                tick.label = fit_middle(&tick.label, 110.0, medium.tick_size);
                end += row.lanes as f64;
            }
            axis
        } else {
            let mut axis = Axis::linear(&self.row, self.rows.len() as f64, 4.0, true);
            // The lanes above each row.
            let above: Vec<usize> = std::iter::once(0)
                .chain(self.rows.iter().scan(0, |sum, row| {
                    *sum += row.lanes;
                    Some(*sum)
                }))
                .collect();
            let tick = |tick: &Tick| {
                let above = above.get(tick.value as usize)?;
                Some(Tick { value: (lanes - above) as f64, label: tick.label.clone() })
            };
            axis.ticks = axis.ticks.iter().rev().filter_map(tick).collect();
            axis
        };
        axis.range = (0.0, lanes as f64);
        axis
    }

    fn draw_span(&self, span: &GanttSpan, (top, lane): (f64, f64), picture: &mut Picture, panel: &Panel) {
        let (color, hatch) = span.state.look(span.hue);
        // Neighbours are set apart by a rim, where they are large enough for one.
        let rim = if lane >= 4.0 { 0.5 } else { 0.0 };
        let from = (panel.x(span.from), top + span.lanes.start as f64 * lane + rim);
        let to = (panel.x(span.to).max(from.0 + 0.3), top + span.lanes.end as f64 * lane - rim);
        picture.rect(from, to, color);
        picture.hatch(from, to, hatch);
        let size = picture.medium.tick_size * SMALL;
        let (width, height) = (to.0 - from.0, to.1 - from.1);
        if self.named && height >= size && span.state != SpanState::Starting {
            // What of a name is left is of use only if it is most of it.
            let room = width - 4.0;
            if text_width(&span.name, size, false) <= room {
                let at = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1) + size * 0.36);
                let ink = if span.state == SpanState::Running && color.is_dark() { theme::PAPER } else { theme::INK };
                picture.text(at, &span.name, size, false, Anchor::Middle, ink);
            }
        }
    }

    fn legend(&self, medium: Medium) -> Legend {
        let mut legend = Legend::wide(medium);
        let states = SpanState::ALL.map(|state| (state, self.spans.iter().any(|span| span.state == state)));
        // Of a single state there is nothing to tell.
        if states.iter().filter(|(_, seen)| *seen).count() > 1 {
            for (state, _) in states.into_iter().filter(|(_, seen)| *seen) {
                let (color, hatch) = state.look(0);
                legend.add(Swatch::Box(color, hatch), state.word());
            }
        }
        legend
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_bar() {
        let span =
            |name: &str, state, lanes, from, to| GanttSpan { name: name.to_owned(), state, lanes, hue: 0, from, to };
        let row = |label: &str, lanes| GanttRow { label: label.to_owned(), lanes };
        let chart = GanttChart {
            row: "node".to_owned(),
            rows: vec![row("pending", 1), row("a", 2), row("b", 1)],
            span: "pod".to_owned(),
            spans: vec![
                span("x", SpanState::Waiting, 0..1, 0.0, 2.5),
                span("x", SpanState::Running, 2..3, 2.5, 10.0),
                span("wide", SpanState::Running, 1..4, 10.0, 11.0),
            ],
            range: (0.0, 11.0),
            ..GanttChart::default()
        };
        insta::assert_snapshot!(String::from_utf8(chart.data().csv()).unwrap(), @"
        pod,node,state,from_s,to_s
        x,pending,waiting,0,2.5
        x,a,running,2.5,10
        wide,a to b,running,10,11
        ");
    }
}

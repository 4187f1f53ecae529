//! Heat maps: rows over time, or over whatever else, each cell coloured by a value.

use crate::draw::theme::{self, Hatch};
use crate::draw::{
    Anchor, Axis, Color, Frame, Legend, Medium, Panel, Picture, Stroke, Swatch, Tick, fit, fit_middle, text_width,
};
use crate::figure_data::{DataColumn, FigureData};
use crate::units;

/// Up to so many rows are named; beyond, they are numbered.
const MOST_NAMES: usize = 16;

/// A heat map.
#[derive(Debug, Clone, Default)]
pub struct HeatMapChart {
    /// Heading.
    pub title: String,
    /// Alternative text.
    pub description: String,
    /// What stands side by side.
    pub columns: HeatColumns,
    /// What a row is, such as `node`.
    pub row: String,
    /// The rows, the first one on top.
    pub rows: Vec<HeatRow>,
    /// What the colour says, with its unit in parentheses.
    pub value: String,
    /// The values of the palest and of the darkest colour.
    pub range: (f64, f64),
    /// What a cell without a value means.
    pub blank: String,
    /// What else is to be said about the rows.
    pub remark: String,
}

/// What stands side by side in a heat map.
#[derive(Debug, Clone, PartialEq)]
pub enum HeatColumns {
    /// Stretches of time: their edges in seconds, one more than there are columns.
    Times(Vec<f64>),
    /// Things with names, and what they are.
    Names(String, Vec<String>),
}

/// A row of a heat map.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HeatRow {
    /// Its name.
    pub label: String,
    /// How many things it is the mean of.
    pub members: usize,
    /// A value for each column.
    pub values: Vec<Option<f64>>,
}

impl Default for HeatColumns {
    fn default() -> Self {
        Self::Times(Vec::new())
    }
}

impl HeatColumns {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Times(edges) => edges.len().saturating_sub(1),
            Self::Names(_, names) => names.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn axis(&self) -> Axis {
        match self {
            Self::Times(edges) => Axis::time(edges[0], edges[edges.len() - 1]),
            Self::Names(what, names) => Axis::categories(what, names.iter().map(String::as_str)),
        }
    }

    fn edge(&self, column: usize) -> f64 {
        match self {
            Self::Times(edges) => edges[column],
            Self::Names(..) => column as f64,
        }
    }
}

impl HeatMapChart {
    /// Draws it.
    pub(crate) fn draw(&self, medium: Medium) -> Picture {
        let rows = self.rows.len();
        if rows == 0 || self.columns.is_empty() {
            return Picture::no_data(medium, &self.title, &format!("there is no {} to draw", self.row));
        }
        let x = self.columns.axis();
        let y = self.row_axis(medium);
        let left = Panel::left_for(medium, [&y]);
        let mut legend = Legend::wide(medium);
        let blank = self.rows.iter().any(|row| row.values.iter().any(Option::is_none));
        if blank {
            legend.add(Swatch::Box(theme::BLANK, Hatch::None), &self.blank);
        }
        // For the colour scale.
        legend.leave_row();
        let height = (rows as f64 * 22.0).clamp(44.0, 230.0);
        let top = medium.head(&legend) + 3.0;
        let frame = Frame { title: String::new(), remark: String::new(), top, left, height, x_labels: true };
        let panel = Panel::new(medium, frame, x, y);
        let mut picture = Picture::new(medium, panel.end(), self.description.as_str());
        picture.head(&self.title, &legend);
        self.draw_cells(&mut picture, &panel);
        panel.axes(&mut picture);
        let taken = if blank { 32.0 + text_width(&self.blank, medium.tick_size, false) } else { 0.0 };
        self.draw_scale(&mut picture, taken);
        picture
    }

    /// A row for each cell.
    pub(crate) fn data(&self) -> FigureData {
        let cells = || self.rows.iter().flat_map(|row| row.values.iter().enumerate().map(move |cell| (row, cell)));
        let mut columns = vec![
            DataColumn::words(&self.row, cells().map(|(row, _)| row.label.clone()).collect()),
            DataColumn::numbers(
                format!("{}s", self.row),
                "",
                cells().map(|(row, _)| Some(row.members as f64)).collect(),
            ),
        ];
        match &self.columns {
            HeatColumns::Times(edges) => {
                let edge =
                    |offset: usize| cells().map(|(_, (column, _))| edges.get(column + offset).copied()).collect();
                columns.extend([DataColumn::numbers("from", "s", edge(0)), DataColumn::numbers("to", "s", edge(1))]);
            }
            HeatColumns::Names(what, names) => {
                columns.remove(1);
                columns.push(DataColumn::words(what, cells().map(|(_, (column, _))| names[column].clone()).collect()));
            }
        }
        columns.push(DataColumn::labelled(&self.value, cells().map(|(_, (_, value))| *value).collect()));
        FigureData::new(columns)
    }

    /// Names or numbers of the rows, the first one on top.
    fn row_axis(&self, medium: Medium) -> Axis {
        let rows = self.rows.len();
        let members: usize = self.rows.iter().map(|row| row.members).sum();
        if rows <= MOST_NAMES && members <= rows {
            let mut axis = Axis::categories("", self.rows.iter().rev().map(|row| row.label.as_str()));
            for tick in &mut axis.ticks {
                tick.label = fit_middle(&tick.label, 120.0, medium.tick_size);
            }
            return axis;
        }
        // Numbered from the top, so the axis runs downwards: a row has as many numbers as the first one has members.
        let each = self.rows[0].members.max(1);
        let high = (rows * each) as f64;
        let mut axis = Axis::linear(&self.row, members as f64, 5.0, true);
        let ticks = axis.ticks.iter().rev().filter(|tick| tick.value <= high);
        axis.ticks = ticks.map(|tick| Tick { value: high - tick.value, label: tick.label.clone() }).collect();
        axis.range = (0.0, high);
        axis
    }

    /// The colour of a value.
    fn shade(&self, value: f64) -> Color {
        let (low, high) = self.range;
        theme::heat(if high > low { (value - low) / (high - low) } else { 0.5 })
    }

    fn draw_cells(&self, picture: &mut Picture, panel: &Panel) {
        // Neighbours overlap a little: anti-aliased edges that only touch let the paper shine through.
        const OVERLAP: f64 = 1.0;
        let ((left, top), (right, bottom)) = panel.corners();
        picture.rect((left, top), (right, bottom), theme::BLANK);
        let row_height = (bottom - top) / self.rows.len() as f64;
        for (place, row) in self.rows.iter().enumerate() {
            let y = top + place as f64 * row_height;
            let shades: Vec<Option<Color>> = row.values.iter().map(|value| value.map(|v| self.shade(v))).collect();
            let mut column = 0;
            for same in shades.chunk_by(|a, b| a == b) {
                let start = column;
                column += same.len();
                if let Some(shade) = same[0] {
                    let from = (panel.x(self.columns.edge(start)), y);
                    let to = panel.x(self.columns.edge(column)) + OVERLAP;
                    picture.rect(from, (to.min(right), (y + row_height + OVERLAP).min(bottom)), shade);
                }
            }
        }
    }

    /// The colour scale, at the right end of the legend's row; `taken` is the room that the row's left part takes.
    fn draw_scale(&self, picture: &mut Picture, taken: f64) {
        const WIDTH: f64 = 96.0;
        let size = picture.medium.tick_size;
        let right = theme::WIDTH - theme::MARGIN - 8.0;
        let middle = picture.medium.title_height() + 2.5 + size * 0.5;
        let (top, bottom, baseline) = (middle - 5.0, middle + 5.0, middle + size * 0.36);
        let (_, unit) = crate::figure_data::name_and_unit(&self.value);
        let high = format!("{} {unit}", units::short(self.range.1));
        picture.text((right, baseline), high.trim_end(), size, false, Anchor::End, theme::INK);
        let end = right - text_width(high.trim_end(), size, false) - 5.0;
        for step in 0..32 {
            let from = end - WIDTH + f64::from(step) * WIDTH / 32.0;
            picture.rect((from, top), (from + WIDTH / 32.0, bottom), theme::heat(f64::from(step) / 31.0));
        }
        let frame = [(end - WIDTH, top), (end, top), (end, bottom), (end - WIDTH, bottom), (end - WIDTH, top)];
        picture.line(frame.to_vec(), Stroke::solid(theme::AXIS, 0.6));
        let (name, _) = crate::figure_data::name_and_unit(&self.value);
        let low = units::short(self.range.0);
        let room = end - WIDTH - theme::MARGIN - taken - 5.0 - text_width(&low, size, false) - 8.0;
        let name = fit(name, room.max(0.0), size, false);
        let said = format!("{name}  {low}");
        picture.text((end - WIDTH - 5.0, baseline), said.trim_start(), size, false, Anchor::End, theme::INK);
        if picture.medium.title && !self.remark.is_empty() {
            let free = right - theme::MARGIN - text_width(&self.title, picture.medium.title_size, true) - 12.0;
            let remark = fit(&self.remark, free.max(0.0), size, false);
            picture.text((right, 20.0), &remark, size, false, Anchor::End, theme::MUTED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_cell() {
        let row = |label: &str, values| HeatRow { label: label.to_owned(), members: 2, values };
        let chart = HeatMapChart {
            columns: HeatColumns::Times(vec![0.0, 60.0, 90.0]),
            row: "node".to_owned(),
            rows: vec![row("a to b", vec![Some(12.5), None]), row("c to d", vec![None, Some(100.0)])],
            value: "CPU allocated (%)".to_owned(),
            range: (0.0, 100.0),
            ..HeatMapChart::default()
        };
        insta::assert_snapshot!(String::from_utf8(chart.data().csv()).unwrap(), @"
        node,nodes,from_s,to_s,cpu_allocated_percent
        a to b,2,0,60,12.5
        a to b,2,60,90,
        c to d,2,0,60,
        c to d,2,60,90,100
        ");
        let columns = HeatColumns::Names("load".to_owned(), vec!["low".to_owned(), "high".to_owned()]);
        let chart = HeatMapChart { columns, row: "policy".to_owned(), ..chart };
        insta::assert_snapshot!(String::from_utf8(chart.data().csv()).unwrap(), @"
        policy,load,cpu_allocated_percent
        a to b,low,12.5
        a to b,high,
        c to d,low,
        c to d,high,100
        ");
    }
}

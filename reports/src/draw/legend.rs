//! Legends: rows of swatches above the plot, where they never cover data.

use super::ink::Color;
use super::picture::{Anchor, Picture, Stroke};
use super::theme::{Hatch, Series};
use super::{Medium, text, theme};

const SWATCH: f64 = 22.0;
const GAP: f64 = 14.0;

/// The entries of a figure's legend, wrapped into rows; many of them stand in columns.
#[derive(Debug, Clone)]
pub(crate) struct Legend {
    medium: Medium,
    entries: Vec<(Swatch, String)>,
    left: f64,
    right: f64,
    /// Whether there is a row without an entry.
    empty_row: bool,
}

/// More entries than this stand in columns.
const MOST_LOOSE: usize = 6;

/// What stands before a legend's word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Swatch {
    /// A piece of the line.
    Line(Stroke),
    /// A piece of the line of a series, with its shape.
    Series(Series),
    /// A filled box under a piece of a line.
    Fill(Color, Stroke),
    /// A filled box.
    Box(Color, Hatch),
    /// One of the shapes that mark points: the n-th, in a colour.
    Shape(usize, Color),
    /// The outline of a shape.
    Hollow(usize, Color),
    /// Nothing: a remark.
    Nothing,
}

impl Legend {
    /// A legend between two positions.
    pub(crate) fn new(medium: Medium, left: f64, right: f64) -> Self {
        Self { medium, entries: Vec::new(), left, right, empty_row: false }
    }

    /// One as wide as the page.
    pub(crate) fn wide(medium: Medium) -> Self {
        Self::new(medium, theme::MARGIN, theme::WIDTH - theme::MARGIN)
    }

    /// Adds an entry.
    pub(crate) fn add(&mut self, swatch: Swatch, label: &str) {
        self.entries.push((swatch, label.to_owned()));
    }

    /// Leaves a row for something else, if there is none yet.
    pub(crate) fn leave_row(&mut self) {
        self.empty_row = true;
    }

    /// How much height it takes.
    pub(crate) fn height(&self, medium: Medium) -> f64 {
        let rows = self.rows().len().max(usize::from(self.empty_row));
        rows as f64 * row_height(medium)
    }

    /// Draws it below `top`.
    pub(crate) fn draw(&self, picture: &mut Picture, top: f64) {
        let medium = self.medium;
        for (index, row) in self.rows().into_iter().enumerate() {
            let middle = top + (index as f64 + 0.5) * row_height(medium);
            for (start, swatch, label) in row {
                swatch.draw(picture, start, middle);
                let at = (start + swatch.width(), middle + medium.tick_size * 0.36);
                picture.text(at, &label, medium.tick_size, false, Anchor::Start, theme::INK);
            }
        }
    }

    /// The entries with where they begin, row by row; words that are too long are shortened in their middle.
    fn rows(&self) -> Vec<Vec<(f64, Swatch, String)>> {
        let size = self.medium.tick_size;
        let room = self.right - self.left;
        // Two columns at least.
        let most = if self.entries.len() > MOST_LOOSE { (room - GAP) / 2.0 } else { room };
        let entries = self.entries.iter().map(|(swatch, label)| {
            let label = text::fit_middle(label, most - swatch.width(), size);
            (swatch.width() + text::width(&label, size, false), *swatch, label)
        });
        let entries: Vec<(f64, Swatch, String)> = entries.collect();
        let widest = entries.iter().map(|(width, ..)| *width).fold(0.0, f64::max);
        let columns = (((room + GAP) / (widest + GAP)).floor() as usize).max(1);
        if entries.len() > MOST_LOOSE {
            let place = |(column, (_, swatch, label)): (usize, &(f64, Swatch, String))| {
                (self.left + column as f64 * (room + GAP) / columns as f64, *swatch, label.clone())
            };
            return entries.chunks(columns).map(|row| row.iter().enumerate().map(place).collect()).collect();
        }
        let mut rows: Vec<Vec<(f64, Swatch, String)>> = Vec::new();
        let mut end = f64::INFINITY;
        for (width, swatch, label) in entries {
            match rows.last_mut() {
                Some(row) if end + GAP + width <= self.right => {
                    row.push((end + GAP, swatch, label));
                    end += GAP + width;
                }
                _ => {
                    rows.push(vec![(self.left, swatch, label)]);
                    end = self.left + width;
                }
            }
        }
        rows
    }
}

fn row_height(medium: Medium) -> f64 {
    medium.tick_size + 5.0
}

impl Swatch {
    fn width(self) -> f64 {
        match self {
            Self::Nothing => 0.0,
            Self::Shape(..) | Self::Hollow(..) => 13.0,
            Self::Box(..) => 18.0,
            Self::Line(_) | Self::Fill(..) | Self::Series(_) => SWATCH + 5.0,
        }
    }

    fn draw(self, picture: &mut Picture, left: f64, middle: f64) {
        match self {
            Self::Line(stroke) => picture.line(vec![(left, middle), (left + SWATCH, middle)], stroke),
            Self::Series(series) => {
                let stroke = series.stroke(picture.medium);
                picture.line(vec![(left, middle), (left + SWATCH, middle)], stroke);
                picture.shape(series.shape, (left + SWATCH / 2.0, middle), series.color);
            }
            Self::Fill(color, stroke) => {
                picture.rect((left, middle - 4.0), (left + SWATCH, middle + 4.0), color);
                picture.line(vec![(left, middle - 4.0), (left + SWATCH, middle - 4.0)], stroke);
            }
            Self::Box(color, hatch) => {
                let (from, to) = ((left + 0.6, middle - 4.4), (left + 12.4, middle + 4.4));
                picture.rect((left, middle - 5.0), (left + 13.0, middle + 5.0), theme::AXIS);
                picture.rect(from, to, color);
                picture.hatch(from, to, hatch);
            }
            Self::Shape(shape, color) => picture.shape(shape, (left + 5.0, middle), color),
            Self::Nothing => {}
            Self::Hollow(shape, color) => picture.hollow_shape(shape, (left + 5.0, middle), color),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_wrap_and_long_words_are_cut() {
        let mut legend = Legend::new(Medium::SCREEN, 0.0, 200.0);
        legend.add(Swatch::Box(theme::INK, Hatch::None), "one");
        legend.add(Swatch::Box(theme::INK, Hatch::None), "two");
        assert_eq!(legend.rows().len(), 1);
        legend.add(Swatch::Box(theme::INK, Hatch::None), "a name that is far too long for any legend");
        let rows = legend.rows();
        assert_eq!(rows.len(), 2);
        assert!(rows[1][0].2.contains('…'), "{:?}", rows[1]);
    }

    #[test]
    fn many_entries_stand_in_columns() {
        let mut legend = Legend::wide(Medium::SCREEN);
        for number in 0..20 {
            let label = format!("policy-{number} with a name that would take a row of its own if it could");
            legend.add(Swatch::Box(theme::INK, Hatch::None), &label);
        }
        let rows = legend.rows();
        assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [2; 10]);
        assert!(rows.windows(2).all(|pair| pair[1].iter().zip(&pair[0]).all(|(a, b)| (a.0 - b.0).abs() < 1e-9)));
    }
}

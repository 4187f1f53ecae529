//! Legends: rows of swatches above the plot, where they never cover data.

use super::ink::Color;
use super::picture::{Anchor, Picture, Stroke};
use super::theme::{Hatch, Series};
use super::{Medium, text, theme};

const SWATCH: f64 = 22.0;
const GAP: f64 = 14.0;

/// The entries of a figure's legend, wrapped into rows.
#[derive(Debug, Clone)]
pub(crate) struct Legend {
    medium: Medium,
    rows: Vec<Vec<(f64, Swatch, String)>>,
    left: f64,
    right: f64,
}

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
}

impl Legend {
    /// A legend between two positions.
    pub(crate) fn new(medium: Medium, left: f64, right: f64) -> Self {
        Self { medium, rows: Vec::new(), left, right }
    }

    /// One as wide as the page.
    pub(crate) fn wide(medium: Medium) -> Self {
        Self::new(medium, theme::MARGIN, theme::WIDTH - theme::MARGIN)
    }

    /// Adds an entry, in a new row if it does not fit into the last one; a very long word is shortened in its middle.
    pub(crate) fn add(&mut self, swatch: Swatch, label: &str) {
        let size = self.medium.tick_size;
        let label = text::fit_middle(label, self.right - self.left - swatch.width(), size);
        let width = swatch.width() + text::width(&label, size, false);
        let end = self
            .rows
            .last()
            .and_then(|row| row.last())
            .map(|(start, swatch, label)| start + swatch.width() + text::width(label, size, false) + GAP);
        match (end, self.rows.last_mut()) {
            (Some(start), Some(row)) if start + width <= self.right => row.push((start, swatch, label)),
            _ => self.rows.push(vec![(self.left, swatch, label)]),
        }
    }

    /// Leaves a row for something else, if there is none yet.
    pub(crate) fn leave_row(&mut self) {
        if self.rows.is_empty() {
            self.rows.push(Vec::new());
        }
    }

    /// How much height it takes.
    pub(crate) fn height(&self, medium: Medium) -> f64 {
        self.rows.len() as f64 * row_height(medium)
    }

    /// Draws it below `top`.
    pub(crate) fn draw(&self, picture: &mut Picture, top: f64) {
        let medium = self.medium;
        for (index, row) in self.rows.iter().enumerate() {
            let middle = top + (index as f64 + 0.5) * row_height(medium);
            for (start, swatch, label) in row {
                swatch.draw(picture, *start, middle);
                let at = (start + swatch.width(), middle + medium.tick_size * 0.36);
                picture.text(at, label, medium.tick_size, false, Anchor::Start, theme::INK);
            }
        }
    }
}

fn row_height(medium: Medium) -> f64 {
    medium.tick_size + 5.0
}

impl Swatch {
    fn width(self) -> f64 {
        match self {
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
        assert_eq!(legend.rows.len(), 1);
        legend.add(Swatch::Box(theme::INK, Hatch::None), "a name that is far too long for any legend");
        assert_eq!(legend.rows.len(), 2);
        assert!(legend.rows[1][0].2.contains('…'), "{:?}", legend.rows[1]);
    }
}

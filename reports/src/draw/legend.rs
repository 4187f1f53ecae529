//! Legends: rows of swatches above the plot, where they never cover data.

use super::ink::Color;
use super::picture::{Anchor, Picture, Stroke};
use super::{text, theme};

const SWATCH: f64 = 22.0;
const ROW: f64 = 17.0;
const GAP: f64 = 14.0;

/// The entries of a figure's legend, wrapped into rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Legend {
    rows: Vec<Vec<(f64, Swatch, String)>>,
    left: f64,
    right: f64,
}

/// What stands before a legend's word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Swatch {
    /// A piece of the line.
    Line(Stroke),
    /// A filled box under a piece of a line.
    Fill(Color, Stroke),
    /// A filled box.
    Box(Color),
    /// One of the shapes that mark points: the n-th, in a colour.
    Shape(usize, Color),
}

impl Legend {
    /// A legend between two positions.
    pub(crate) fn new(left: f64, right: f64) -> Self {
        Self { rows: Vec::new(), left, right }
    }

    /// Adds an entry, in a new row if it does not fit into the last one; a very long word is cut.
    pub(crate) fn add(&mut self, swatch: Swatch, label: &str) {
        let label = text::fit(label, self.right - self.left - SWATCH, theme::TICK_SIZE, false);
        let width = swatch.width() + text::width(&label, theme::TICK_SIZE, false);
        let end =
            self.rows.last().and_then(|row| row.last()).map(|(start, swatch, label)| {
                start + swatch.width() + text::width(label, theme::TICK_SIZE, false) + GAP
            });
        match (end, self.rows.last_mut()) {
            (Some(start), Some(row)) if start + width <= self.right => row.push((start, swatch, label)),
            _ => self.rows.push(vec![(self.left, swatch, label)]),
        }
    }

    /// How much height it takes.
    pub(crate) fn height(&self) -> f64 {
        self.rows.len() as f64 * ROW
    }

    /// Draws it below `top`.
    pub(crate) fn draw(&self, picture: &mut Picture, top: f64) {
        for (index, row) in self.rows.iter().enumerate() {
            let middle = top + (index as f64 + 0.5) * ROW;
            for (start, swatch, label) in row {
                swatch.draw(picture, *start, middle);
                let at = (start + swatch.width(), middle + theme::TICK_SIZE * 0.36);
                picture.text(at, label, theme::TICK_SIZE, false, Anchor::Start, theme::INK);
            }
        }
    }
}

impl Swatch {
    fn width(self) -> f64 {
        match self {
            Self::Shape(..) => 11.0,
            Self::Box(_) => 16.0,
            Self::Line(_) | Self::Fill(..) => SWATCH + 5.0,
        }
    }

    fn draw(self, picture: &mut Picture, left: f64, middle: f64) {
        match self {
            Self::Line(stroke) => picture.line(vec![(left, middle), (left + SWATCH, middle)], stroke),
            Self::Fill(color, stroke) => {
                picture.rect((left, middle - 4.0), (left + SWATCH, middle + 4.0), color);
                picture.line(vec![(left, middle - 4.0), (left + SWATCH, middle - 4.0)], stroke);
            }
            Self::Box(color) => {
                picture.rect((left, middle - 5.0), (left + 11.0, middle + 5.0), theme::AXIS);
                picture.rect((left + 0.6, middle - 4.4), (left + 10.4, middle + 4.4), color);
            }
            Self::Shape(shape, color) => picture.shape(shape, (left + 4.0, middle), color),
        }
    }
}

impl Picture {
    /// Adds one of four small shapes (disc, square, triangle, diamond), centred, on a rim of paper.
    pub(crate) fn shape(&mut self, shape: usize, (x, y): (f64, f64), color: Color) {
        let corners: &[(f64, f64)] = match shape % 4 {
            0 => &[],
            1 => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            2 => &[(0.0, -1.15), (1.1, 0.85), (-1.1, 0.85)],
            _ => &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
        };
        let disc: Vec<(f64, f64)> =
            (0..24).map(|i| f64::from(i) * std::f64::consts::TAU / 24.0).map(|a| (a.cos(), a.sin())).collect();
        let corners = if corners.is_empty() { &disc } else { corners };
        for (size, color) in [(5.0, super::theme::PAPER), (3.6, color)] {
            self.area(corners.iter().map(|(dx, dy)| (x + dx * size, y + dy * size)).collect(), color);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_wrap_and_long_words_are_cut() {
        let mut legend = Legend::new(0.0, 200.0);
        legend.add(Swatch::Box(theme::INK), "one");
        legend.add(Swatch::Box(theme::INK), "two");
        assert_eq!(legend.rows.len(), 1);
        legend.add(Swatch::Box(theme::INK), "a name that is far too long for any legend");
        assert_eq!(legend.rows.len(), 2);
        assert!(legend.rows[1][0].2.ends_with('…'), "{:?}", legend.rows[1]);
    }
}

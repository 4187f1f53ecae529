//! A figure as a list of marks.

use super::ink::{Color, Dash};
use super::{text, theme};

/// A finished figure: marks in drawing order on a page of the given size.
///
/// Coordinates are in units of which a figure is [`theme::WIDTH`] wide; y grows downwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Width of the page.
    pub width: f64,
    /// Height of the page.
    pub height: f64,
    /// What the figure shows, in one sentence with numbers, for readers who cannot see it.
    pub description: String,
    /// What is drawn, from the bottom up.
    pub marks: Vec<Mark>,
}

/// One thing that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A connected line.
    Line {
        /// Its corners.
        points: Vec<(f64, f64)>,
        /// How it is drawn.
        stroke: Stroke,
    },
    /// A filled polygon.
    Area {
        /// Its corners.
        points: Vec<(f64, f64)>,
        /// What it is filled with.
        color: Color,
    },
    /// A filled rectangle.
    Rect {
        /// Upper left corner.
        from: (f64, f64),
        /// Lower right corner.
        to: (f64, f64),
        /// What it is filled with.
        color: Color,
    },
    /// A line of text.
    Text(Text),
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// Where its baseline starts, has its middle or ends.
    pub at: (f64, f64),
    /// What it says.
    pub text: String,
    /// Size of the letters (an em).
    pub size: f64,
    /// Whether it is bold.
    pub bold: bool,
    /// Which point of the baseline `at` is.
    pub anchor: Anchor,
    /// Whether it reads upwards instead of to the right.
    pub upwards: bool,
    /// Its colour.
    pub color: Color,
}

/// Which point of a text's baseline is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its start.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub color: Color,
    /// Its width.
    pub width: f64,
    /// Its pattern.
    pub dash: Dash,
}

impl Picture {
    /// An empty page of the usual width.
    pub fn new(height: f64, description: impl Into<String>) -> Self {
        Self { width: theme::WIDTH, height, description: description.into(), marks: Vec::new() }
    }

    /// A page that says why there is nothing to draw.
    pub fn no_data(title: &str, why: &str) -> Self {
        let mut picture = Self::new(130.0, format!("{title}: no data, {why}."));
        let (left, right) = (theme::MARGIN, picture.width - theme::MARGIN);
        let corners = vec![(left, 32.0), (right, 32.0), (right, 120.0), (left, 120.0), (left, 32.0)];
        picture.text((left, 20.0), title, theme::TITLE_SIZE, true, Anchor::Start, theme::INK);
        picture.line(corners, Stroke::solid(theme::GRID, 1.0));
        let middle = picture.width / 2.0;
        picture.text((middle, 74.0), "no data", theme::LABEL_SIZE, true, Anchor::Middle, theme::MUTED);
        picture.text((middle, 93.0), why, theme::TICK_SIZE, false, Anchor::Middle, theme::MUTED);
        picture
    }

    /// Adds a line; fewer than two points draw nothing.
    pub fn line(&mut self, points: Vec<(f64, f64)>, stroke: Stroke) {
        if points.len() >= 2 {
            self.marks.push(Mark::Line { points, stroke });
        }
    }

    /// Adds a filled polygon; fewer than three points draw nothing.
    pub fn area(&mut self, points: Vec<(f64, f64)>, color: Color) {
        if points.len() >= 3 {
            self.marks.push(Mark::Area { points, color });
        }
    }

    /// Adds a filled rectangle.
    pub fn rect(&mut self, from: (f64, f64), to: (f64, f64), color: Color) {
        self.marks.push(Mark::Rect { from, to, color });
    }

    /// Adds a line of text that reads to the right.
    pub fn text(&mut self, at: (f64, f64), text: &str, size: f64, bold: bool, anchor: Anchor, color: Color) {
        self.marks.push(Mark::Text(Text { at, text: text.to_owned(), size, bold, anchor, upwards: false, color }));
    }

    /// Adds a line of text that reads upwards, centred on `at`.
    pub fn text_upwards(&mut self, at: (f64, f64), text: &str, size: f64, color: Color) {
        let text = text.to_owned();
        self.marks.push(Mark::Text(Text { at, text, size, bold: false, anchor: Anchor::Middle, upwards: true, color }));
    }
}

impl Text {
    /// The box that its letters may fill: upper left and lower right corner.
    pub fn bounds(&self) -> ((f64, f64), (f64, f64)) {
        // DejaVu's capitals and ascenders reach 0.76 em up, its descenders 0.24 em down.
        let (up, down) = (self.size * 0.76, self.size * 0.24);
        let width = text::width(&self.text, self.size, self.bold);
        let before = match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        let (x, y) = self.at;
        if self.upwards {
            ((x - up, y - width + before), (x + down, y + before))
        } else {
            ((x - before, y - up), (x - before + width, y + down))
        }
    }
}

impl Stroke {
    /// A solid line.
    pub fn solid(color: Color, width: f64) -> Self {
        Self { color, width, dash: &[] }
    }
}

impl Color {
    /// As in style sheets and SVG: `#RRGGBB`.
    pub fn hex(self) -> String {
        format!("#{:02X}{:02X}{:02X}", self.0, self.1, self.2)
    }
}

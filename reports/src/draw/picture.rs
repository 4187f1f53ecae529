//! A figure as a list of marks.

use super::ink::{Color, Dash};
use super::{Legend, Medium, text, theme};

/// A finished figure: marks in drawing order on a page of the given size.
///
/// Coordinates are in units of which a figure is [`theme::WIDTH`] wide; y grows downwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// What it is drawn for.
    pub medium: Medium,
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
    pub fn new(medium: Medium, height: f64, description: impl Into<String>) -> Self {
        let description = description.into();
        Self { medium, width: theme::WIDTH, height: height.ceil(), description, marks: Vec::new() }
    }

    /// A page that says why there is nothing to draw.
    pub fn no_data(medium: Medium, title: &str, why: &str) -> Self {
        let mut picture = Self::new(medium, 130.0, format!("{title}: no data, {why}."));
        let (left, right) = (theme::MARGIN, picture.width - theme::MARGIN);
        let corners = vec![(left, 32.0), (right, 32.0), (right, 120.0), (left, 120.0), (left, 32.0)];
        let (middle, room) = (picture.width / 2.0, right - left - 8.0);
        let shown = text::fit(title, room, medium.title_size, true);
        picture.text((left, 20.0), &shown, medium.title_size, true, Anchor::Start, theme::INK);
        picture.line(corners, Stroke::solid(theme::GRID, medium.axis));
        picture.text((middle, 74.0), "no data", medium.label_size, true, Anchor::Middle, theme::MUTED);
        let why = text::fit(why, room, medium.tick_size, false);
        picture.text((middle, 94.0), &why, medium.tick_size, false, Anchor::Middle, theme::MUTED);
        picture
    }

    /// Draws the heading, if the medium has it, and the legend below it. How much of the page they take is
    /// [`Medium::head`].
    pub(crate) fn head(&mut self, title: &str, legend: &Legend) {
        let medium = self.medium;
        if medium.title {
            let room = self.width - 2.0 * theme::MARGIN;
            let title = text::fit(title, room, medium.title_size, true);
            self.text((theme::MARGIN, 20.0), &title, medium.title_size, true, Anchor::Start, theme::INK);
        }
        legend.draw(self, medium.title_height());
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
        if !text.is_empty() {
            self.marks.push(Mark::Text(Text { at, text: text.to_owned(), size, bold, anchor, upwards: false, color }));
        }
    }

    /// Adds a line of text that reads upwards; its anchor is the point of its baseline that stands at `at`.
    pub fn text_upwards(&mut self, at: (f64, f64), text: &str, size: f64, anchor: Anchor, color: Color) {
        if !text.is_empty() {
            let text = text.to_owned();
            self.marks.push(Mark::Text(Text { at, text, size, bold: false, anchor, upwards: true, color }));
        }
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

impl Medium {
    /// How much of the page the heading takes.
    pub(crate) fn title_height(self) -> f64 {
        if self.title { 28.0 } else { 6.0 }
    }

    /// How much of the page heading and legend take.
    pub(crate) fn head(self, legend: &Legend) -> f64 {
        self.title_height() + legend.height(self)
    }
}

impl Stroke {
    /// A solid line.
    pub fn solid(color: Color, width: f64) -> Self {
        Self { color, width, dash: &[] }
    }
}

impl Color {
    /// Whether white is easier to read on it than black: by WCAG 2's relative luminance, below which contrast with white is higher.
    pub fn is_dark(self) -> bool {
        self.luminance() < 0.179
    }

    /// Relative luminance, 0 to 1, as WCAG 2 defines it.
    pub fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { libm::pow((share + 0.055) / 1.055, 2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// As in style sheets and SVG: `#RRGGBB`.
    pub fn hex(self) -> String {
        format!("#{:02X}{:02X}{:02X}", self.0, self.1, self.2)
    }
}

//! A panel: one pair of axes with a grid, in which data is drawn.

use super::axis::Axis;
use super::ink::Color;
use super::picture::{Anchor, Picture, Stroke};
use super::{Medium, text, theme};

/// Where a panel goes and what stands around it.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Heading, bold, at the left.
    pub(crate) title: String,
    /// Remark, at the right of the heading's line.
    pub(crate) remark: String,
    /// Upper end of the panel, heading included.
    pub(crate) top: f64,
    /// Left end of the plot itself; see [`Panel::left_for`].
    pub(crate) left: f64,
    /// Height of the plot itself.
    pub(crate) height: f64,
    /// Whether the horizontal axis is labelled: the last panel of a stack is.
    pub(crate) x_labels: bool,
}

/// A stretch of time that is shaded behind the data, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Band {
    pub(crate) from: f64,
    pub(crate) to: f64,
}

/// A placed panel that turns values into positions.
#[derive(Debug, Clone)]
pub(crate) struct Panel {
    medium: Medium,
    x: Axis,
    y: Axis,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    /// Height of the tick labels below the plot.
    below: f64,
    frame: Frame,
}

impl Panel {
    /// The left end of a plot that leaves room for the labels of all the given axes, so that stacked panels align.
    pub(crate) fn left_for<'a>(medium: Medium, axes: impl IntoIterator<Item = &'a Axis>) -> f64 {
        let widest = |axis: &Axis| axis.ticks.iter().map(|tick| tick_width(medium, &tick.label)).fold(0.0, f64::max);
        let (mut room, mut labelled) = (0.0, false);
        for axis in axes {
            room = widest(axis).max(room);
            labelled |= !axis.label.is_empty();
        }
        theme::MARGIN + if labelled { medium.label_size + 7.0 } else { 0.0 } + room + 5.0
    }

    /// Places a panel on a picture as wide as figures are.
    pub(crate) fn new(medium: Medium, frame: Frame, mut x: Axis, y: Axis) -> Self {
        let right = theme::WIDTH - theme::MARGIN - 8.0;
        let top = frame.top + if frame.title.is_empty() { 4.0 } else { medium.label_size + 7.0 };
        let below = x.settle_labels(right - frame.left, medium);
        let (left, bottom) = (frame.left, top + frame.height);
        Self { medium, x, y, left, right, top, bottom, below, frame }
    }

    /// Lower end, axis labels included.
    pub(crate) fn end(&self) -> f64 {
        if !self.frame.x_labels {
            return self.bottom + 12.0;
        }
        let label = if self.x.label.is_empty() { 5.0 } else { self.medium.label_size + 9.0 };
        self.bottom + 4.0 + self.below + label
    }

    /// Upper left and lower right corner of the plot itself.
    pub(crate) fn corners(&self) -> ((f64, f64), (f64, f64)) {
        ((self.left, self.top), (self.right, self.bottom))
    }

    /// Position of a value on the horizontal axis.
    pub(crate) fn x(&self, value: f64) -> f64 {
        self.left + self.x.place(value) * (self.right - self.left)
    }

    /// Position of a value on the vertical axis.
    pub(crate) fn y(&self, value: f64) -> f64 {
        self.bottom - self.y.place(value) * (self.bottom - self.top)
    }

    /// Number of positions that can be told apart across the plot: two per drawing unit, finer than any line is wide.
    pub(crate) fn columns(&self) -> usize {
        ((self.right - self.left) * 2.0) as usize
    }

    /// Shades stretches of time; comes before the grid.
    pub(crate) fn bands(&self, picture: &mut Picture, bands: &[Band], color: Color) {
        for band in bands {
            let (from, to) = (self.x(band.from), self.x(band.to));
            let to = to.max(from + 1.0).min(self.right);
            picture.rect((from.min(to - 1.0), self.top), (to, self.bottom), color);
        }
    }

    /// Draws the grid; comes before lines and after fillings.
    pub(crate) fn grid(&self, picture: &mut Picture) {
        let hairline = Stroke::solid(theme::GRID, self.medium.hairline);
        for tick in self.x.ticks.iter().filter(|tick| !tick.label.is_empty()) {
            let x = self.x(tick.value);
            picture.line(vec![(x, self.top), (x, self.bottom)], hairline);
        }
        for tick in &self.y.ticks {
            let y = self.y(tick.value);
            picture.line(vec![(self.left, y), (self.right, y)], hairline);
        }
    }

    /// Draws the axes, their labels and the heading; comes last.
    pub(crate) fn axes(&self, picture: &mut Picture) {
        let line = Stroke::solid(theme::AXIS, self.medium.axis);
        picture.line(vec![(self.left, self.top), (self.left, self.bottom), (self.right, self.bottom)], line);
        self.labels_of_y(picture);
        if self.frame.x_labels {
            self.labels_of_x(picture);
        }
        self.heading(picture);
    }

    /// The title, cut where the remark beside it begins, and the remark.
    fn heading(&self, picture: &mut Picture) {
        let baseline = self.frame.top + self.medium.label_size;
        let room = self.right - self.left;
        let remark = text::fit(&self.frame.remark, room * 0.7, self.medium.tick_size, false);
        let taken = if remark.is_empty() { 0.0 } else { tick_width(self.medium, &remark) + 12.0 };
        let title = text::fit(&self.frame.title, room - taken, self.medium.label_size, true);
        if !title.is_empty() {
            picture.text((self.left, baseline), &title, self.medium.label_size, true, Anchor::Start, theme::INK);
        }
        if !remark.is_empty() {
            picture.text((self.right, baseline), &remark, self.medium.tick_size, false, Anchor::End, theme::MUTED);
        }
    }

    fn labels_of_y(&self, picture: &mut Picture) {
        let room = self.medium.tick_size + 1.0;
        let mut free_below = f64::INFINITY;
        for tick in self.y.ticks.iter().filter(|tick| !tick.label.is_empty()) {
            let y = self.y(tick.value);
            picture.line(vec![(self.left - 3.0, y), (self.left, y)], Stroke::solid(theme::AXIS, self.medium.axis));
            if y <= free_below {
                let at = (self.left - 5.0, y + self.medium.tick_size * 0.36);
                picture.text(at, &tick.label, self.medium.tick_size, false, Anchor::End, theme::MUTED);
                free_below = y - room;
            }
        }
        // In the middle of the plot; a label that is longer reaches below it, and never above.
        let (size, above) = (self.medium.label_size, self.top - 4.0);
        let room = self.bottom - above + if self.frame.x_labels { 34.0 } else { 8.0 };
        let label = text::fit(&self.y.label, room, size, false);
        let half = text::width(&label, size, false) / 2.0;
        let at = (theme::MARGIN + size * 0.8, f64::midpoint(self.top, self.bottom).max(above + half));
        picture.text_upwards(at, &label, size, Anchor::Middle, theme::INK);
    }

    fn labels_of_x(&self, picture: &mut Picture) {
        let size = self.medium.tick_size;
        for tick in self.x.ticks.iter().filter(|tick| !tick.label.is_empty()) {
            let x = self.x(tick.value);
            picture.line(vec![(x, self.bottom), (x, self.bottom + 3.0)], Stroke::solid(theme::AXIS, self.medium.axis));
            if self.x.upwards {
                let at = (x + size * 0.36, self.bottom + 5.0);
                picture.text_upwards(at, &tick.label, size, Anchor::End, theme::MUTED);
                continue;
            }
            // The outermost labels stay on the page.
            let half = tick_width(self.medium, &tick.label) / 2.0;
            let x = x.min(theme::WIDTH - half - 1.0).max(half + 1.0);
            picture.text((x, self.bottom + size + 4.0), &tick.label, size, false, Anchor::Middle, theme::MUTED);
        }
        if !self.x.label.is_empty() {
            let size = self.medium.label_size;
            let label = text::fit(&self.x.label, theme::WIDTH - 4.0, size, false);
            let half = text::width(&label, size, false) / 2.0;
            let middle = f64::midpoint(self.left, self.right).min(theme::WIDTH - half - 1.0);
            let at = (middle, self.bottom + 4.0 + self.below + size + 4.0);
            picture.text(at, &label, size, false, Anchor::Middle, theme::INK);
        }
    }
}

fn tick_width(medium: Medium, label: &str) -> f64 {
    text::width(label, medium.tick_size, false)
}

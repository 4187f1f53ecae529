//! Lines over a number, one per policy or whatever else is compared, with published points beside them.

use crate::draw::{Anchor, Axis, Frame, Legend, Panel, Picture, Stroke, Swatch, theme};
use crate::stats;

/// A chart of lines.
#[derive(Debug, Clone, Default)]
pub struct LineChart {
    /// Heading.
    pub title: String,
    /// The horizontal axis.
    pub x: Scale,
    /// The vertical axis.
    pub y: Scale,
    /// What is drawn, from the bottom up.
    pub lines: Vec<Line>,
    /// What the points of [`Line::published`] are called in the legend.
    pub published: String,
}

/// An axis: what is measured, and from where to where; ends that are not said are those of the data.
#[derive(Debug, Clone, Default)]
pub struct Scale {
    /// What is measured, with its unit in parentheses.
    pub label: String,
    /// Where it begins.
    pub from: Option<f64>,
    /// Where it ends.
    pub to: Option<f64>,
    /// Whether it has durations in seconds, on a logarithmic scale.
    pub log_duration: bool,
}

/// One line.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// Its word in the legend.
    pub label: String,
    /// Places and values, in ascending order of the places.
    pub points: Vec<(f64, f64)>,
    /// How far the values spread at the same places; empty where nothing is known of it.
    pub spread: Vec<f64>,
    /// What has been published about the same: places and values.
    pub published: Vec<(f64, f64)>,
}

impl LineChart {
    /// Draws it.
    pub fn draw(&self) -> Picture {
        let all = || self.lines.iter().flat_map(|line| line.points.iter().chain(&line.published));
        if all().next().is_none() {
            return Picture::no_data(&self.title, "there is no point to draw");
        }
        let x = self.x.axis(all().map(|point| point.0), 7.0);
        let in_view = |point: &&(f64, f64)| (x.range.0..=x.range.1).contains(&point.0);
        let y = self.y.axis(all().filter(in_view).map(|point| point.1), 5.0);
        let left = Panel::left_for([&y]);
        let legend = self.legend(left);
        let top = 28.0 + legend.height();
        let frame = Frame { title: String::new(), remark: String::new(), top, left, height: 210.0, x_labels: true };
        let (across, up) = (x.range, y.range);
        let panel = Panel::new(frame, x, y);
        let mut picture = Picture::new(panel.end().ceil(), self.description());
        picture.text((theme::MARGIN, 20.0), &self.title, theme::TITLE_SIZE, true, Anchor::Start, theme::INK);
        legend.draw(&mut picture, 28.0);
        for (index, line) in self.lines.iter().enumerate() {
            line.draw_spread(index, &mut picture, &panel, (across, up));
        }
        panel.grid(&mut picture);
        for (index, line) in self.lines.iter().enumerate() {
            line.draw(index, &mut picture, &panel, (across, up));
        }
        panel.axes(&mut picture);
        for (index, line) in self.lines.iter().enumerate() {
            let seen = |point: &&(f64, f64)| contains(across, point.0) && contains(up, point.1);
            for &(at, value) in line.published.iter().filter(seen) {
                picture.shape(index, (panel.x(at), panel.y(value)), theme::series(index).0);
            }
        }
        picture
    }

    fn legend(&self, left: f64) -> Legend {
        let mut legend = Legend::new(left, theme::WIDTH - theme::MARGIN);
        for (index, line) in self.lines.iter().enumerate() {
            let (color, _, dash) = theme::series(index);
            legend.add(Swatch::Line(Stroke { color, width: theme::LINE, dash }), &line.label);
        }
        if self.lines.iter().any(|line| !line.published.is_empty()) {
            legend.add(Swatch::Shape(0, theme::MUTED), &self.published);
        }
        legend
    }

    fn description(&self) -> String {
        let end = |line: &Line| {
            let last = line.points.last().map_or_else(String::new, |(at, value)| format!(" {value:.2} at {at}"));
            format!("{}{last}", line.label)
        };
        let ends: Vec<String> = self.lines.iter().map(end).collect();
        format!("{}: {} over {}. Last values: {}.", self.title, self.y.label, self.x.label, ends.join("; "))
    }
}

impl Scale {
    pub(crate) fn axis(&self, values: impl Iterator<Item = f64>, steps: f64) -> Axis {
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let low = self.from.unwrap_or(if low.is_finite() { low } else { 0.0 });
        let high = self.to.unwrap_or(if high.is_finite() { high } else { 1.0 });
        if self.log_duration {
            return Axis::log_duration(&self.label, low.max(1e-9), high);
        }
        let mut axis = Axis::between(&self.label, low, high, steps);
        // What was asked for is kept, though it may not be round.
        axis.range.0 = self.from.unwrap_or(axis.range.0);
        axis.range.1 = self.to.filter(|to| *to > axis.range.0).unwrap_or(axis.range.1);
        axis.ticks.retain(|tick| contains(axis.range, tick.value));
        axis
    }
}

impl Line {
    fn draw(&self, index: usize, picture: &mut Picture, panel: &Panel, (across, up): ((f64, f64), (f64, f64))) {
        let (color, _, dash) = theme::series(index);
        let ((left, _), (right, _)) = panel.corners();
        // A line that leaves the view is cut where it leaves.
        for part in self.points.chunk_by(|a, b| contains(up, a.1) == contains(up, b.1)) {
            let seen = part.iter().filter(|(at, value)| contains(across, *at) && contains(up, *value));
            let points: Vec<(f64, f64)> = seen.map(|&(at, value)| (panel.x(at), panel.y(value))).collect();
            if points.len() > 1 {
                let thinned = stats::thin(&points, (left, right), panel.columns());
                picture.line(thinned, Stroke { color, width: theme::LINE, dash });
            } else if let Some(&at) = points.first() {
                picture.shape(index, at, color);
            }
        }
    }

    fn draw_spread(&self, index: usize, picture: &mut Picture, panel: &Panel, (across, up): ((f64, f64), (f64, f64))) {
        if self.spread.len() != self.points.len() {
            return;
        }
        let (_, light, _) = theme::series(index);
        let seen = self.points.iter().zip(&self.spread).filter(|((at, _), _)| contains(across, *at));
        let edge = |value: f64| panel.y(value.clamp(up.0, up.1));
        let (above, below): (Vec<_>, Vec<_>) = seen
            .map(|(&(at, value), &spread)| ((panel.x(at), edge(value + spread)), (panel.x(at), edge(value - spread))))
            .unzip();
        if above.len() > 1 {
            picture.area(above.into_iter().chain(below.into_iter().rev()).collect(), light);
        }
    }
}

fn contains((from, to): (f64, f64), value: f64) -> bool {
    let room = (to - from) * 1e-9;
    (from - room..=to + room).contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Mark;

    #[test]
    fn a_chart_without_points_says_so() {
        let chart = LineChart { title: "Allocated".to_owned(), ..LineChart::default() };
        assert!(chart.draw().svg().unwrap().contains("there is no point to draw"));
    }

    #[test]
    fn what_lies_outside_of_the_view_is_not_drawn() {
        let scale =
            |from, to| Scale { label: "share (%)".to_owned(), from: Some(from), to: Some(to), ..Scale::default() };
        let line = Line {
            label: "one".to_owned(),
            points: vec![(0.0, 5.0), (1.0, 50.0), (2.0, 60.0), (3.0, 500.0)],
            published: vec![(9.0, 50.0), (2.0, 900.0)],
            ..Line::default()
        };
        let chart = LineChart {
            title: "Allocated".to_owned(),
            x: scale(0.0, 3.0),
            y: scale(40.0, 70.0),
            lines: vec![line],
            published: "published".to_owned(),
        };
        let colour = theme::series(0).0;
        let drawn = chart.draw().marks;
        let shapes = drawn.iter().filter(|mark| matches!(mark, Mark::Area { color, .. } if *color == colour)).count();
        let lines = drawn.iter().filter_map(|mark| match mark {
            Mark::Line { points, stroke } if stroke.color == colour => Some(points.len()),
            _ => None,
        });
        assert_eq!((shapes, lines.max()), (0, Some(2)), "two points of the line are in view, and no published one");
    }
}

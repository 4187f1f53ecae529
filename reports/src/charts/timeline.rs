//! Step lines over time: one panel or a stack of panels on one time axis.

use crate::data::{NANOS_PER_SECOND, Notable, NotableKind, Series};
use crate::draw::{Anchor, Axis, Band, Color, Dash, Frame, Legend, Panel, Picture, Stroke, Swatch, theme};
use crate::stats;

/// A chart of values over time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    /// Heading of the whole figure.
    pub(crate) title: String,
    /// Alternative text.
    pub(crate) description: String,
    /// From top to bottom.
    pub(crate) panels: Vec<TimePanel>,
    /// Outages to shade behind the data.
    pub(crate) outages: Vec<Band>,
    /// Seconds at the two ends of the time axis.
    pub(crate) range: (f64, f64),
    /// Height of each panel's plot.
    pub(crate) panel_height: f64,
}

/// One pair of axes in the stack.
#[derive(Debug, Clone)]
pub(crate) struct TimePanel {
    /// Heading of the panel; may be empty.
    pub(crate) title: String,
    /// Remark beside it.
    pub(crate) remark: String,
    /// The vertical axis.
    pub(crate) y: Axis,
    /// What is drawn, from the bottom up.
    pub(crate) lines: Vec<TimeLine>,
}

/// One line of a panel.
#[derive(Debug, Clone)]
pub(crate) struct TimeLine {
    /// Its word in the legend; the same word is listed once.
    pub(crate) label: String,
    pub(crate) color: Color,
    pub(crate) dash: Dash,
    /// Colour of the area below it, if any.
    pub(crate) fill: Option<Color>,
    /// `(seconds, value)` in ascending order; each value holds until the next time, and `None` is a gap.
    pub(crate) points: Vec<(f64, Option<f64>)>,
}

impl Timeline {
    /// Draws the chart.
    pub(crate) fn draw(&self) -> Picture {
        let x = Axis::time(self.range.0, self.range.1);
        let left = Panel::left_for(self.panels.iter().map(|panel| &panel.y));
        let legend = self.legend(left);
        let mut top = 28.0 + legend.height() + 4.0;
        let mut placed = Vec::new();
        for (index, panel) in self.panels.iter().enumerate() {
            let frame = Frame {
                title: panel.title.clone(),
                remark: panel.remark.clone(),
                top,
                left,
                height: self.panel_height,
                x_labels: index + 1 == self.panels.len(),
            };
            let frame = Panel::new(frame, x.clone(), panel.y.clone());
            top = frame.end();
            placed.push(frame);
        }

        let mut picture = Picture::new(top.ceil(), self.description.as_str());
        picture.text((theme::MARGIN, 20.0), &self.title, theme::TITLE_SIZE, true, Anchor::Start, theme::INK);
        legend.draw(&mut picture, 28.0);
        for (panel, content) in placed.iter().zip(&self.panels) {
            panel.bands(&mut picture, &self.outages, theme::BAND);
            for line in &content.lines {
                line.draw_fill(&mut picture, panel);
            }
            panel.grid(&mut picture);
            for line in &content.lines {
                line.draw_line(&mut picture, panel);
            }
            panel.axes(&mut picture);
        }
        picture
    }

    fn legend(&self, left: f64) -> Legend {
        let mut legend = Legend::new(left, theme::WIDTH - theme::MARGIN);
        let mut seen: Vec<&str> = Vec::new();
        for line in self.panels.iter().flat_map(|panel| &panel.lines) {
            if !line.label.is_empty() && !seen.contains(&line.label.as_str()) {
                seen.push(&line.label);
                let stroke = line.stroke();
                legend.add(line.fill.map_or(Swatch::Line(stroke), |fill| Swatch::Fill(fill, stroke)), &line.label);
            }
        }
        if !self.outages.is_empty() {
            legend.add(Swatch::Box(theme::BAND), "outage");
        }
        legend
    }
}

impl TimeLine {
    fn stroke(&self) -> Stroke {
        Stroke { color: self.color, width: theme::LINE, dash: self.dash }
    }

    fn draw_line(&self, picture: &mut Picture, panel: &Panel) {
        for run in self.runs(panel) {
            let moves = run.iter().any(|&(x, _)| (x - run[0].0).abs() > 0.05);
            if moves {
                picture.line(run.clone(), Stroke { dash: self.readable_dash(&run), ..self.stroke() });
            } else if let Some(&(x, y)) = run.first() {
                // A single sample is a point and not a line.
                picture.shape(0, (x, y), self.color);
            }
        }
    }

    /// The line's pattern; none where the line jumps so much that a pattern could not be read.
    fn readable_dash(&self, run: &[(f64, f64)]) -> Dash {
        const MOST: f64 = 4.0 * theme::WIDTH;
        let length: f64 = run.windows(2).map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1)).sum();
        if length > MOST { theme::DASHES[0] } else { self.dash }
    }

    fn draw_fill(&self, picture: &mut Picture, panel: &Panel) {
        let Some(color) = self.fill else { return };
        let floor = panel.corners().1.1;
        for mut run in self.runs(panel) {
            if let (Some(&first), Some(&last)) = (run.first(), run.last()) {
                run.extend([(last.0, floor), (first.0, floor)]);
                picture.area(run, color);
            }
        }
    }

    /// The line as steps in drawing units, cut at its gaps.
    fn runs(&self, panel: &Panel) -> Vec<Vec<(f64, f64)>> {
        let mut runs = Vec::new();
        let mut start = 0;
        while start < self.points.len() {
            let length = self.points[start..].iter().take_while(|(_, value)| value.is_some()).count();
            if length == 0 {
                start += 1;
                continue;
            }
            let known = self.points[start..start + length].iter();
            let known: Vec<_> = known.map(|&(time, value)| (panel.x(time), panel.y(value.unwrap_or(0.0)))).collect();
            let ((left, _), (right, _)) = panel.corners();
            let thinned = stats::thin(&known, (left, right), panel.columns());
            let mut steps: Vec<(f64, f64)> = Vec::with_capacity(thinned.len() * 2);
            for (x, y) in thinned {
                if let Some(&(_, before)) = steps.last()
                    && (before - y).abs() > 1e-9
                {
                    steps.push((x, before));
                }
                steps.push((x, y));
            }
            // The last value before a gap holds until the gap begins.
            if let Some(&(until, None)) = self.points.get(start + length)
                && let Some(&(_, y)) = steps.last()
            {
                steps.push((panel.x(until), y));
            }
            runs.push(flatten(steps));
            start += length;
        }
        runs
    }
}

/// Drops the points in the middle of a horizontal stretch.
fn flatten(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let mut flat: Vec<(f64, f64)> = Vec::with_capacity(points.len());
    for point in points {
        if let [.., (_, a), (x, b)] = flat.as_mut_slice()
            && (*a - *b).abs() < 1e-9
            && (*b - point.1).abs() < 1e-9
        {
            *x = point.0;
        } else {
            flat.push(point);
        }
    }
    flat
}

/// A column of a series as points in seconds.
pub(crate) fn points(series: &Series, value: impl Fn(usize) -> Option<f64>) -> Vec<(f64, Option<f64>)> {
    series.times_ns.iter().enumerate().map(|(row, &time)| (seconds(time), value(row))).collect()
}

/// First and last time of one or several series, in seconds; `None` without any sample.
pub(crate) fn range<'a>(all: impl IntoIterator<Item = &'a Series>) -> Option<(f64, f64)> {
    let ends = all.into_iter().filter_map(|series| Some((*series.times_ns.first()?, *series.times_ns.last()?)));
    let (from, to) = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    Some((seconds(from), seconds(to)))
}

/// The outages among notable events, unless they are so many that shading them would say nothing.
pub(crate) fn outages(notable: &[Notable]) -> Vec<Band> {
    const MOST: usize = 24;
    let outages = notable.iter().filter(|event| event.kind == NotableKind::Outage && event.until_ns > event.time_ns);
    let bands: Vec<Band> =
        outages.map(|event| Band { from: seconds(event.time_ns), to: seconds(event.until_ns) }).collect();
    if bands.len() > MOST { Vec::new() } else { bands }
}

/// Nanoseconds as seconds, for plotting.
pub(crate) fn seconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / NANOS_PER_SECOND as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_stretches_keep_their_ends() {
        let points = vec![(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (2.0, 3.0), (5.0, 3.0)];
        assert_eq!(flatten(points), [(0.0, 1.0), (2.0, 1.0), (2.0, 3.0), (5.0, 3.0)]);
    }
}

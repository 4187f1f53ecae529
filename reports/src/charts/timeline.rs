//! Step lines over time: one panel or a stack of panels on one time axis, with bands and areas.

use crate::data::{NANOS_PER_SECOND, Notable, NotableKind, Series};
use crate::draw::theme::{self, Hatch};
use crate::draw::{Axis, Band, Color, Dash, Frame, Legend, Medium, Panel, Picture, Stroke, Swatch};
use crate::figure_data::{DataColumn, FigureData};
use crate::stats;

/// A chart of values over time.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
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
pub struct TimePanel {
    /// Heading of the panel; may be empty.
    pub(crate) title: String,
    /// Remark beside it.
    pub(crate) remark: String,
    /// The unit of its values in the table; empty for counts.
    pub(crate) unit: String,
    /// The vertical axis.
    pub(crate) y: Axis,
    /// What is drawn, from the bottom up.
    pub(crate) lines: Vec<TimeLine>,
}

/// One line of a panel.
#[derive(Debug, Clone, Default)]
pub struct TimeLine {
    /// Its word in the legend; the same word is listed once, and none not at all.
    pub(crate) label: String,
    /// Its column in the table.
    pub(crate) column: String,
    /// How it is drawn.
    pub(crate) ink: Ink,
    /// `(seconds, value)` in ascending order; each value holds until the next time, and `None` is a gap.
    pub(crate) points: Vec<(f64, Option<f64>)>,
    /// From where to where the values spread of which these are the means, at the same times; empty where nothing is known of it.
    pub(crate) band: Vec<Option<(f64, f64)>>,
}

/// How a line of a panel is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Ink {
    pub(crate) color: Color,
    pub(crate) dash: Dash,
    /// The shape that marks it where colours are not enough.
    pub(crate) shape: Option<usize>,
    /// The colour of the area below it, if any.
    pub(crate) fill: Option<Color>,
    /// The colour of its band.
    pub(crate) band: Color,
}

impl Timeline {
    /// Draws the chart.
    pub(crate) fn draw(&self, medium: Medium) -> Picture {
        let x = Axis::time(self.range.0, self.range.1);
        let left = Panel::left_for(medium, self.panels.iter().map(|panel| &panel.y));
        let legend = self.legend(medium);
        let mut top = medium.head(&legend) + 4.0;
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
            let frame = Panel::new(medium, frame, x.clone(), panel.y.clone());
            top = frame.end();
            placed.push(frame);
        }

        let mut picture = Picture::new(medium, top, self.description.as_str());
        picture.head(&self.title, &legend);
        for (panel, content) in placed.iter().zip(&self.panels) {
            panel.bands(&mut picture, &self.outages, theme::BAND);
            for line in &content.lines {
                line.draw_fill(&mut picture, panel);
            }
            for line in &content.lines {
                line.draw_band(&mut picture, panel);
            }
            panel.grid(&mut picture);
            for line in &content.lines {
                line.draw_line(&mut picture, panel);
            }
            panel.axes(&mut picture);
        }
        picture
    }

    /// A row for each time at which any line has a value, with the value that each line has then.
    pub(crate) fn data(&self) -> FigureData {
        let lines = || self.panels.iter().flat_map(|panel| panel.lines.iter().map(|line| (line, panel.unit.as_str())));
        let mut times: Vec<f64> = lines().flat_map(|(line, _)| line.points.iter().map(|(time, _)| *time)).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        let mut columns = vec![DataColumn::numbers("time", "s", times.iter().copied().map(Some).collect())];
        for (line, unit) in lines() {
            let places = line.places(&times);
            let column = |name: String, value: &dyn Fn(usize) -> Option<f64>| {
                DataColumn::numbers(name, unit, places.iter().map(|place| value((*place)?)).collect())
            };
            columns.push(column(line.column.clone(), &|place| line.points[place].1));
            if !line.band.is_empty() {
                columns.push(column(format!("{} low", line.column), &|place| Some(line.band[place]?.0)));
                columns.push(column(format!("{} high", line.column), &|place| Some(line.band[place]?.1)));
            }
        }
        FigureData::new(columns)
    }

    fn legend(&self, medium: Medium) -> Legend {
        let mut legend = Legend::wide(medium);
        let mut seen: Vec<&str> = Vec::new();
        for line in self.panels.iter().flat_map(|panel| &panel.lines) {
            if !line.label.is_empty() && !seen.contains(&line.label.as_str()) {
                seen.push(&line.label);
                legend.add(line.ink.swatch(medium), &line.label);
            }
        }
        if !self.outages.is_empty() {
            legend.add(Swatch::Box(theme::BAND, Hatch::None), "outage");
        }
        legend
    }
}

impl Default for Ink {
    fn default() -> Self {
        Self::series(0)
    }
}

impl Ink {
    /// That of the n-th of several series.
    pub(crate) fn series(index: usize) -> Self {
        let series = theme::series(index);
        Self { color: series.color, dash: series.dash, shape: Some(series.shape), fill: None, band: series.fill }
    }

    /// The n-th hue, with the k-th pattern.
    pub(crate) fn of(hue: usize, pattern: usize) -> Self {
        Self { dash: theme::DASHES[pattern], shape: None, ..Self::series(hue) }
    }

    /// The same with a pale area below it.
    pub(crate) fn filled(self) -> Self {
        Self { fill: Some(self.band), ..self }
    }

    fn stroke(self, medium: Medium) -> Stroke {
        // The edge of an area of the same colour: a line of full width would add to what the area shows.
        let edge = self.fill == Some(self.color);
        Stroke { color: self.color, width: if edge { medium.hairline } else { medium.line }, dash: self.dash }
    }

    fn swatch(self, medium: Medium) -> Swatch {
        match (self.fill, self.shape) {
            (Some(fill), _) => Swatch::Fill(fill, self.stroke(medium)),
            (None, Some(shape)) if medium.grayscale => {
                let Self { color, dash, band, .. } = self;
                Swatch::Series(theme::Series { color, fill: band, dash, shape, hatch: Hatch::None })
            }
            (None, _) => Swatch::Line(self.stroke(medium)),
        }
    }
}

impl TimeLine {
    /// For each of the times, ascending, the place of the point that holds then.
    fn places(&self, times: &[f64]) -> Vec<Option<usize>> {
        let last = self.points.last().map_or(f64::NEG_INFINITY, |(time, _)| *time);
        let mut next = 0;
        let place = |&time: &f64| {
            while self.points.get(next).is_some_and(|(at, _)| *at <= time) {
                next += 1;
            }
            next.checked_sub(1).filter(|_| time <= last)
        };
        times.iter().map(place).collect()
    }

    fn draw_line(&self, picture: &mut Picture, panel: &Panel) {
        let medium = picture.medium;
        for run in self.runs(panel, |place| self.points[place].1) {
            let moves = run.iter().any(|&(x, _)| (x - run[0].0).abs() > 0.05);
            if !moves {
                // A single sample is a point and not a line.
                if let Some(&(x, y)) = run.first() {
                    picture.shape(self.ink.shape.unwrap_or(0), (x, y), self.ink.color);
                }
                continue;
            }
            picture.line(run.clone(), Stroke { dash: self.readable_dash(&run), ..self.ink.stroke(medium) });
            if let Some(shape) = self.ink.shape.filter(|_| medium.grayscale) {
                for at in spaced(&run, panel, shape) {
                    picture.shape(shape, at, self.ink.color);
                }
            }
        }
    }

    /// The line's pattern; none where the line jumps so much that a pattern could not be read.
    fn readable_dash(&self, run: &[(f64, f64)]) -> Dash {
        const MOST: f64 = 4.0 * theme::WIDTH;
        let length: f64 = run.windows(2).map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1)).sum();
        if length > MOST { theme::DASHES[0] } else { self.ink.dash }
    }

    fn draw_fill(&self, picture: &mut Picture, panel: &Panel) {
        let Some(color) = self.ink.fill else { return };
        let floor = panel.corners().1.1;
        for mut run in self.runs(panel, |place| self.points[place].1) {
            if let (Some(&first), Some(&last)) = (run.first(), run.last()) {
                run.extend([(last.0, floor), (first.0, floor)]);
                picture.area(run, color);
            }
        }
    }

    fn draw_band(&self, picture: &mut Picture, panel: &Panel) {
        if self.band.len() != self.points.len() {
            return;
        }
        let low = self.runs(panel, |place| self.band[place].map(|band| band.0));
        let high = self.runs(panel, |place| self.band[place].map(|band| band.1));
        for (low, high) in low.into_iter().zip(high) {
            picture.area(high.into_iter().chain(low.into_iter().rev()).collect(), self.ink.band);
        }
    }

    /// A value of the line as steps in drawing units, cut at its gaps.
    fn runs(&self, panel: &Panel, value: impl Fn(usize) -> Option<f64>) -> Vec<Vec<(f64, f64)>> {
        let mut runs = Vec::new();
        let mut start = 0;
        while start < self.points.len() {
            let place = |place: usize| Some((panel.x(self.points[place].0), panel.y(value(place)?)));
            let known: Vec<_> = (start..self.points.len()).map_while(place).collect();
            if known.is_empty() {
                start += 1;
                continue;
            }
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
            start += known.len();
            if let Some(&(until, _)) = self.points.get(start)
                && let Some(&(_, y)) = steps.last()
            {
                steps.push((panel.x(until), y));
            }
            runs.push(flatten(steps));
        }
        runs
    }
}

/// A few places on a line for the shape that marks it, elsewhere for each shape.
pub(super) fn spaced(run: &[(f64, f64)], panel: &Panel, shape: usize) -> Vec<(f64, f64)> {
    const APART: f64 = 84.0;
    let ((left, _), _) = panel.corners();
    let first = left + APART * (0.3 + shape as f64 / theme::SHAPES as f64);
    let mut places = Vec::new();
    let mut next = first;
    for pair in run.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        while next < x0 {
            next += APART;
        }
        while next <= x1 && x1 > x0 {
            places.push((next, y0 + (y1 - y0) * (next - x0) / (x1 - x0)));
            next += APART;
        }
    }
    places
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

    #[test]
    fn the_table_has_what_each_line_has_at_every_time() {
        let line = |column: &str, points: &[(f64, Option<f64>)]| TimeLine {
            column: column.to_owned(),
            points: points.to_vec(),
            ..TimeLine::default()
        };
        let mut mean = line("mean", &[(0.0, Some(1.0)), (2.0, None)]);
        mean.band = vec![Some((0.5, 1.5)), None];
        let panel = TimePanel {
            title: String::new(),
            remark: String::new(),
            unit: "GiB".to_owned(),
            y: Axis::linear("GiB", 1.0, 4.0, false),
            lines: vec![line("a", &[(0.0, Some(4.0)), (1.0, Some(5.0)), (4.0, Some(6.0))]), mean],
        };
        let chart = Timeline { panels: vec![panel], ..Timeline::default() };
        insta::assert_snapshot!(String::from_utf8(chart.data().csv()).unwrap(), @"
        time_s,a_gib,mean_gib,mean_low_gib,mean_high_gib
        0,4,1,0.5,1.5
        1,5,1,0.5,1.5
        2,5,,,
        4,6,,,
        ");
    }
}

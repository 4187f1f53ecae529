//! Lines over a number, one per policy or whatever else is compared, with published points beside them.

use super::scale::{Scale, contains, tell_left_out};
use super::timeline::spaced;
use crate::draw::theme::{self, Series};
use crate::draw::{Frame, Legend, Medium, Panel, Picture, Swatch};
use crate::figure_data::{DataColumn, FigureData};
use crate::{stats, units};

/// Lines of at most so many points have each of them marked.
const MOST_MARKED: usize = 16;

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

/// One line.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// Its word in the legend.
    pub label: String,
    /// Places and values, in ascending order of the places.
    pub points: Vec<(f64, f64)>,
    /// From where to where the values spread at the same places, or an interval of confidence; empty where nothing is known of it.
    pub band: Vec<(f64, f64)>,
    /// What has been published about the same: places and values.
    pub published: Vec<(f64, f64)>,
}

/// What the axes show.
#[derive(Clone, Copy)]
struct View<'a> {
    x: &'a Scale,
    y: &'a Scale,
    across: (f64, f64),
    up: (f64, f64),
}

impl LineChart {
    /// Draws it.
    pub fn draw(&self, medium: Medium) -> Picture {
        let takes = |point: &&(f64, f64)| self.x.takes(point.0) && self.y.takes(point.1);
        let all = || self.lines.iter().flat_map(|line| line.points.iter().chain(&line.published)).filter(takes);
        if all().next().is_none() {
            return Picture::no_data(medium, &self.title, "there is no point to draw");
        }
        let x = self.x.axis(all().map(|point| point.0), 7.0);
        let in_view = |point: &&(f64, f64)| contains(x.range, point.0);
        let bands = self.lines.iter().flat_map(|line| line.points.iter().zip(&line.band));
        let bands = bands.filter(|(point, _)| contains(x.range, point.0)).flat_map(|(_, band)| [band.0, band.1]);
        let y = self.y.axis(all().filter(in_view).map(|point| point.1).chain(bands), 5.0);
        let view = View { x: &self.x, y: &self.y, across: x.range, up: y.range };
        let left = Panel::left_for(medium, [&y]);
        let legend = self.legend(medium);
        let top = medium.head(&legend);
        let frame = Frame { title: String::new(), remark: String::new(), top, left, height: 210.0, x_labels: true };
        let panel = Panel::new(medium, frame, x, y);
        let mut picture = Picture::new(medium, panel.end(), self.description());
        picture.head(&self.title, &legend);
        for (index, line) in self.lines.iter().enumerate() {
            line.draw_band(theme::series(index), &mut picture, &panel, view);
        }
        panel.grid(&mut picture);
        for (index, line) in self.lines.iter().enumerate() {
            line.draw(theme::series(index), &mut picture, &panel, view);
        }
        panel.axes(&mut picture);
        for (index, line) in self.lines.iter().enumerate() {
            let series = theme::series(index);
            for &(at, value) in line.published.iter().filter(|point| view.shows(point)) {
                picture.hollow_shape(series.shape, (panel.x(at), panel.y(value)), series.color);
            }
        }
        picture
    }

    /// A row for each place of each line, with what is published for it.
    pub fn data(&self) -> FigureData {
        let mut labels = Vec::new();
        let [mut places, mut values, mut low, mut high, mut published] = [const { Vec::new() }; 5];
        for line in &self.lines {
            let mut all: Vec<f64> = line.points.iter().chain(&line.published).map(|point| point.0).collect();
            all.sort_by(f64::total_cmp);
            all.dedup();
            for place in all {
                let found = line.points.iter().position(|point| point.0.total_cmp(&place).is_eq());
                let band = found.and_then(|found| line.band.get(found));
                labels.push(line.label.clone());
                places.push(Some(place));
                values.push(found.map(|found| line.points[found].1));
                low.push(band.map(|band| band.0));
                high.push(band.map(|band| band.1));
                published.push(line.published.iter().find(|point| point.0.total_cmp(&place).is_eq()).map(|p| p.1));
            }
        }
        let value = self.y.column(values);
        let beside =
            |name: &str, values| DataColumn::numbers(format!("{} {name}", value.name), value.unit.clone(), values);
        let mut columns = vec![DataColumn::words("series", labels), self.x.column(places)];
        let mut more = Vec::new();
        if self.lines.iter().any(|line| !line.band.is_empty()) {
            more.extend([beside("low", low), beside("high", high)]);
        }
        if self.lines.iter().any(|line| !line.published.is_empty()) {
            more.push(beside("published", published));
        }
        columns.push(value);
        columns.extend(more);
        FigureData::new(columns)
    }

    fn legend(&self, medium: Medium) -> Legend {
        let mut legend = Legend::wide(medium);
        for (index, line) in self.lines.iter().enumerate() {
            let series = theme::series(index);
            let marked = medium.grayscale || line.is_marked();
            legend.add(if marked { Swatch::Series(series) } else { Swatch::Line(series.stroke(medium)) }, &line.label);
        }
        if self.lines.iter().any(|line| !line.published.is_empty()) {
            legend.add(Swatch::Hollow(0, theme::MUTED), &self.published);
        }
        let placed = |at: &&(f64, f64)| self.x.takes(at.0) && self.y.takes(at.1);
        let all = self.lines.iter().flat_map(|line| line.points.iter().chain(&line.published));
        tell_left_out(&mut legend, all.filter(|at| !placed(at)).count());
        legend
    }

    fn description(&self) -> String {
        let end = |line: &Line| {
            let last =
                line.points.last().map(|(at, value)| format!(" {} at {}", units::short(*value), units::short(*at)));
            format!("{}{}", line.label, last.unwrap_or_default())
        };
        let ends: Vec<String> = self.lines.iter().map(end).collect();
        format!("{}: {} over {}. Last values: {}.", self.title, self.y.label, self.x.label, ends.join("; "))
    }
}

impl View<'_> {
    fn shows(&self, &(at, value): &(f64, f64)) -> bool {
        self.x.takes(at) && self.y.takes(value) && contains(self.across, at) && contains(self.up, value)
    }
}

impl Line {
    /// Whether each of its points is marked.
    fn is_marked(&self) -> bool {
        self.points.len() <= MOST_MARKED
    }

    fn draw(&self, series: Series, picture: &mut Picture, panel: &Panel, view: View<'_>) {
        let ((left, _), (right, _)) = panel.corners();
        let place = |&(at, value): &(f64, f64)| (panel.x(at), panel.y(value));
        // A line that leaves the view is cut where it leaves.
        for part in self.points.chunk_by(|a, b| view.shows(a) == view.shows(b)).filter(|part| view.shows(&part[0])) {
            let points: Vec<(f64, f64)> = part.iter().map(place).collect();
            let thinned = stats::thin(&points, (left, right), panel.columns());
            picture.line(thinned.clone(), series.stroke(picture.medium));
            let marks = if self.is_marked() || points.len() == 1 {
                points
            } else if picture.medium.grayscale {
                spaced(&thinned, panel, series.shape)
            } else {
                Vec::new()
            };
            for at in marks {
                picture.shape(series.shape, at, series.color);
            }
        }
    }

    fn draw_band(&self, series: Series, picture: &mut Picture, panel: &Panel, view: View<'_>) {
        if self.band.len() != self.points.len() {
            return;
        }
        let ((left, _), (right, _)) = panel.corners();
        let seen = || self.points.iter().zip(&self.band).filter(|((at, _), _)| contains(view.across, *at));
        let edge = |value: f64| panel.y(value.clamp(view.up.0, view.up.1));
        let above: Vec<_> = seen().map(|(&(at, _), band)| (panel.x(at), edge(band.1))).collect();
        let below: Vec<_> = seen().map(|(&(at, _), band)| (panel.x(at), edge(band.0))).collect();
        if let ([only], [low]) = (above.as_slice(), below.as_slice()) {
            picture.error_bar(only.0, (low.1, only.1), series.color);
        } else if above.len() > 1 {
            let thin = |points: &[(f64, f64)]| stats::thin(points, (left, right), panel.columns());
            picture.area(thin(&above).into_iter().chain(thin(&below).into_iter().rev()).collect(), series.fill);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Mark;

    #[test]
    fn a_chart_without_points_says_so() {
        let chart = LineChart { title: "Allocated".to_owned(), ..LineChart::default() };
        assert!(chart.draw(Medium::SCREEN).svg().unwrap().contains("there is no point to draw"));
    }

    #[test]
    fn what_lies_outside_of_the_view_is_not_drawn() {
        let scale =
            |from, to| Scale { label: "share (%)".to_owned(), from: Some(from), to: Some(to), ..Scale::default() };
        let mut points: Vec<(f64, f64)> = (0..40).map(|i| (f64::from(i) / 40.0, 5.0)).collect();
        points.extend([(1.0, 50.0), (2.0, 60.0), (3.0, 500.0)]);
        let line =
            Line { label: "one".to_owned(), points, published: vec![(9.0, 50.0), (2.0, 900.0)], ..Line::default() };
        let chart = LineChart {
            title: "Allocated".to_owned(),
            x: scale(0.0, 3.0),
            y: scale(40.0, 70.0),
            lines: vec![line],
            published: "published".to_owned(),
        };
        let colour = theme::series(0).color;
        let drawn = chart.draw(Medium::SCREEN).marks;
        let shapes = drawn.iter().filter(|mark| matches!(mark, Mark::Area { color, .. } if *color == colour)).count();
        let lines = drawn.iter().filter_map(|mark| match mark {
            Mark::Line { points, stroke } if stroke.color == colour => Some(points.len()),
            _ => None,
        });
        assert_eq!((shapes, lines.max()), (0, Some(2)), "two points of the line are in view, and no published one");
    }

    #[test]
    fn the_table_sets_what_is_published_beside_each_place() {
        let line = Line {
            label: "fgd".to_owned(),
            points: vec![(80.0, 1.5), (90.0, 2.5)],
            band: vec![(1.0, 2.0), (2.0, 3.0)],
            published: vec![(85.0, 9.0), (90.0, 2.25)],
        };
        let chart = LineChart {
            x: Scale::new("arrived demand (% of GPUs)"),
            y: Scale::new("unallocated (% of GPUs)"),
            lines: vec![line, Line { label: "empty".to_owned(), ..Line::default() }],
            ..LineChart::default()
        };
        insta::assert_snapshot!(String::from_utf8(chart.data().csv()).unwrap(), @"
        series,arrived_demand_percent_of_gpus,unallocated_percent_of_gpus,unallocated_low_percent_of_gpus,unallocated_high_percent_of_gpus,unallocated_published_percent_of_gpus
        fgd,80,1.5,1,2,
        fgd,85,,,,9
        fgd,90,2.5,2,3,2.25
        ");
    }
}

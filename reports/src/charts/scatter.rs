//! Points in a plane, with the Pareto front between two things that cannot both be best.

use super::scale::{Scale, contains};
use crate::draw::theme;
use crate::draw::{Frame, Legend, Medium, Panel, Picture, Stroke, Swatch};
use crate::figure_data::{DataColumn, FigureData};
use crate::units;
use std::collections::BTreeSet;

/// More points than this are dots: shapes would cover each other.
const MOST_SHAPES: usize = 400;

/// A scatter plot.
#[derive(Debug, Clone, Default)]
pub struct ScatterChart {
    /// Heading.
    pub title: String,
    /// The horizontal axis.
    pub x: Scale,
    /// The vertical axis.
    pub y: Scale,
    /// The points, series by series.
    pub series: Vec<ScatterSeries>,
    /// What is better on each of the axes: a front of what nothing else beats on both is drawn then.
    pub front: Option<(Better, Better)>,
    /// What the points of [`ScatterSeries::published`] are called in the legend.
    pub published: String,
}

/// The points of one colour and shape.
#[derive(Debug, Clone, Default)]
pub struct ScatterSeries {
    /// Its word in the legend; empty for a single one.
    pub label: String,
    /// The points.
    pub points: Vec<ScatterPoint>,
    /// What has been published about the same.
    pub published: Vec<(f64, f64)>,
}

/// A point.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ScatterPoint {
    /// Where it stands.
    pub at: (f64, f64),
    /// From where to where it may stand along the horizontal axis.
    pub across: Option<(f64, f64)>,
    /// The same along the vertical one.
    pub up: Option<(f64, f64)>,
}

/// Which of two numbers is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The lower one.
    Lower,
    /// The higher one.
    Higher,
}

impl Better {
    /// A number that grows as things get worse.
    fn cost(self, value: f64) -> f64 {
        match self {
            Self::Lower => value,
            Self::Higher => -value,
        }
    }

    /// In one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Higher => "higher",
        }
    }
}

impl ScatterPoint {
    /// A point without intervals.
    pub fn new(x: f64, y: f64) -> Self {
        Self { at: (x, y), ..Self::default() }
    }
}

impl ScatterChart {
    /// Draws it.
    pub(crate) fn draw(&self, medium: Medium) -> Picture {
        let takes = |at: &(f64, f64)| self.x.takes(at.0) && self.y.takes(at.1);
        let points = || self.series.iter().flat_map(|series| &series.points).filter(|point| takes(&point.at));
        let published = || self.series.iter().flat_map(|series| series.published.iter().copied()).filter(takes);
        if points().next().is_none() && published().next().is_none() {
            return Picture::no_data(medium, &self.title, "there is no point to draw");
        }
        let ends = |interval: Option<(f64, f64)>| interval.into_iter().flat_map(|(low, high)| [low, high]);
        let across = points().flat_map(|p| ends(p.across).chain([p.at.0])).chain(published().map(|at| at.0));
        let up = points().flat_map(|p| ends(p.up).chain([p.at.1])).chain(published().map(|at| at.1));
        let x = self.x.axis_with_room(across, 6.0);
        let y = self.y.axis_with_room(up, 5.0);
        let view = (x.range, y.range);
        let sees = |at: (f64, f64)| takes(&at) && contains(view.0, at.0) && contains(view.1, at.1);
        let left = Panel::left_for(medium, [&y]);
        let legend = self.legend(medium);
        let top = medium.head(&legend);
        let frame = Frame { title: String::new(), remark: String::new(), top, left, height: 210.0, x_labels: true };
        let panel = Panel::new(medium, frame, x, y);
        let mut picture = Picture::new(medium, panel.end(), self.description());
        picture.head(&self.title, &legend);
        panel.grid(&mut picture);
        panel.axes(&mut picture);
        self.draw_front(&mut picture, &panel);
        let dots = points().count() > MOST_SHAPES;
        for (index, series) in self.series.iter().enumerate() {
            let style = theme::series(index);
            let [mut drawn, mut ringed] = [const { BTreeSet::new() }; 2];
            for point in series.points.iter().filter(|point| sees(point.at)) {
                let at = (panel.x(point.at.0), panel.y(point.at.1));
                if let Some((low, high)) = point.up {
                    picture.error_bar(at.0, (panel.y(low), panel.y(high)), style.color);
                }
                if let Some((low, high)) = point.across {
                    picture.level_error_bar((panel.x(low), panel.x(high)), at.1, style.color);
                }
                if !dots {
                    picture.shape(style.shape, at, style.color);
                } else if drawn.insert(spot(at)) {
                    picture.dot(at, style.color);
                }
            }
            for &at in series.published.iter().filter(|at| sees(**at)) {
                let place = (panel.x(at.0), panel.y(at.1));
                if !dots {
                    picture.hollow_shape(style.shape, place, style.color);
                } else if ringed.insert(spot(place)) {
                    picture.ring(place, theme::MUTED);
                }
            }
        }
        picture
    }

    /// A row for each point, with whether it is on the front.
    pub(crate) fn data(&self) -> FigureData {
        let front = self.on_front();
        let (mut labels, mut kinds) = (Vec::new(), Vec::new());
        let [mut x, mut y, mut x_low, mut x_high, mut y_low, mut y_high, mut on] = [const { Vec::new() }; 7];
        let mut number = 0;
        for series in &self.series {
            for point in &series.points {
                labels.push(series.label.clone());
                kinds.push("simulated".to_owned());
                x.push(Some(point.at.0));
                y.push(Some(point.at.1));
                x_low.push(point.across.map(|interval| interval.0));
                x_high.push(point.across.map(|interval| interval.1));
                y_low.push(point.up.map(|interval| interval.0));
                y_high.push(point.up.map(|interval| interval.1));
                on.push(Some(f64::from(u8::from(front.contains(&number)))));
                number += 1;
            }
            for point in &series.published {
                labels.push(series.label.clone());
                kinds.push("published".to_owned());
                x.push(Some(point.0));
                y.push(Some(point.1));
                for empty in [&mut x_low, &mut x_high, &mut y_low, &mut y_high, &mut on] {
                    empty.push(None);
                }
            }
        }
        let (x, y) = (self.x.column(x), self.y.column(y));
        let beside = |axis: &DataColumn, end: &str, values: Vec<Option<f64>>| {
            let known = values.iter().any(Option::is_some);
            known.then(|| DataColumn::numbers(format!("{} {end}", axis.name), axis.unit.clone(), values))
        };
        let more = [
            beside(&x, "low", x_low),
            beside(&x, "high", x_high),
            beside(&y, "low", y_low),
            beside(&y, "high", y_high),
            self.front.map(|_| DataColumn::numbers("on the front", "", on)),
        ];
        let mut columns = Vec::new();
        if self.series.len() > 1 {
            columns.push(DataColumn::words("series", labels));
        }
        if self.series.iter().any(|series| !series.published.is_empty()) {
            columns.push(DataColumn::words("origin", kinds));
        }
        columns.extend([x, y]);
        columns.extend(more.into_iter().flatten());
        FigureData::new(columns)
    }

    /// The numbers of the points, counted over all series, that no other one beats: none is as good on both axes and better on one.
    fn on_front(&self) -> BTreeSet<usize> {
        let Some((better_x, better_y)) = self.front else { return BTreeSet::new() };
        let points = self.series.iter().flat_map(|series| &series.points).enumerate();
        let mut costs: Vec<(f64, f64, usize)> = points
            .filter(|(_, point)| point.at.0.is_finite() && point.at.1.is_finite())
            .map(|(number, point)| (better_x.cost(point.at.0), better_y.cost(point.at.1), number))
            .collect();
        costs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        // From left to right a point is on the front when it is lower than all before it, or where the last such one is.
        let mut lowest: Option<(f64, f64)> = None;
        let mut front = BTreeSet::new();
        for (x, y, number) in costs {
            if lowest.is_none_or(|last| y < last.1 || (x, y) == last) {
                lowest = Some((x, y));
                front.insert(number);
            }
        }
        front
    }

    /// The front as stairs: what is beyond them is beaten by one of the points.
    fn draw_front(&self, picture: &mut Picture, panel: &Panel) {
        let front = self.on_front();
        let points = self.series.iter().flat_map(|series| &series.points).enumerate();
        let mut corners: Vec<(f64, f64)> = points
            .filter(|(number, point)| front.contains(number) && self.x.takes(point.at.0) && self.y.takes(point.at.1))
            .map(|(_, point)| (panel.x(point.at.0), panel.y(point.at.1)))
            .collect();
        corners.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut stairs: Vec<(f64, f64)> = Vec::new();
        for corner in corners {
            if let Some(&last) = stairs.last() {
                // With fewer of x the better, the step is at the height of the point on the left.
                let lower_x = self.front.is_some_and(|(x, _)| x == Better::Lower);
                stairs.push(if lower_x { (corner.0, last.1) } else { (last.0, corner.1) });
            }
            stairs.push(corner);
        }
        picture.line(stairs, FRONT);
    }

    fn legend(&self, medium: Medium) -> Legend {
        let mut legend = Legend::wide(medium);
        for (index, series) in self.series.iter().enumerate().filter(|(_, series)| !series.label.is_empty()) {
            let style = theme::series(index);
            legend.add(Swatch::Shape(style.shape, style.color), &series.label);
        }
        if self.series.iter().any(|series| !series.published.is_empty()) {
            legend.add(Swatch::Hollow(0, theme::MUTED), &self.published);
        }
        let placed = |at: &(f64, f64)| self.x.takes(at.0) && self.y.takes(at.1);
        let all = self.series.iter().flat_map(|series| series.points.iter().map(|p| &p.at).chain(&series.published));
        super::scale::tell_left_out(&mut legend, all.filter(|at| !placed(at)).count());
        if self.front.is_some() {
            legend.add(Swatch::Line(FRONT), "Pareto front");
        }
        legend
    }

    fn description(&self) -> String {
        let front = self.on_front();
        let mut number = 0;
        let mut said = Vec::new();
        for series in self.series.iter().filter(|series| !series.points.is_empty()) {
            let all = series.points.len();
            let mean = |pick: fn(&ScatterPoint) -> f64| series.points.iter().map(pick).sum::<f64>() / all as f64;
            let best = (number..number + all).filter(|number| front.contains(number)).count();
            let (x, y) = (units::short(mean(|p| p.at.0)), units::short(mean(|p| p.at.1)));
            let mut one = if all == 1 {
                format!("{} {x}, {y}", series.label)
            } else {
                format!("{} {all} points around {x}, {y}", series.label)
            };
            if best > 0 {
                one.push_str(" (on the front)");
            }
            said.push(one.trim_start().to_owned());
            number += all;
        }
        format!("{}: {} against {}. {}.", self.title, self.y.label, self.x.label, said.join("; "))
    }
}

/// Where a dot stands, in half units: of dots in one place one is drawn.
fn spot(at: (f64, f64)) -> (i64, i64) {
    ((at.0 * 2.0) as i64, (at.1 * 2.0) as i64)
}

const FRONT: Stroke = Stroke { color: theme::MUTED, width: 1.1, dash: &[4.0, 3.0] };

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(front: (Better, Better)) -> ScatterChart {
        let series = |label: &str, points: &[(f64, f64)]| ScatterSeries {
            label: label.to_owned(),
            points: points.iter().map(|&(x, y)| ScatterPoint::new(x, y)).collect(),
            published: Vec::new(),
        };
        ScatterChart {
            title: "Trade-off".to_owned(),
            x: Scale::new("nodes"),
            y: Scale { durations: true, ..Scale::new("wait") },
            series: vec![
                series("a", &[(1.0, 9.0), (2.0, 9.0), (3.0, 4.0)]),
                series("b", &[(3.0, 4.0), (5.0, 4.0), (4.0, 1.0), (f64::NAN, 0.0)]),
            ],
            front: Some(front),
            ..ScatterChart::default()
        }
    }

    #[test]
    fn the_front_is_what_nothing_beats() {
        let on = |x, y| chart((x, y)).on_front().into_iter().collect::<Vec<_>>();
        // Equal points are both on it; one that is as good on one axis and worse on the other is not.
        assert_eq!(on(Better::Lower, Better::Lower), [0, 2, 3, 5]);
        assert_eq!(on(Better::Higher, Better::Lower), [4, 5]);
        assert_eq!(on(Better::Higher, Better::Higher), [1, 4]);
        assert!(ScatterChart { front: None, ..chart((Better::Lower, Better::Lower)) }.on_front().is_empty());
    }

    #[test]
    fn the_table_says_what_is_on_the_front() {
        let data = chart((Better::Lower, Better::Lower)).data();
        insta::assert_snapshot!(String::from_utf8(data.csv()).unwrap(), @"
        series,nodes,wait_s,on_the_front
        a,1,9,1
        a,2,9,0
        a,3,4,1
        b,3,4,1
        b,5,4,0
        b,4,1,1
        b,NaN,0,0
        ");
    }
}

//! Cumulative distributions, one curve for each run or whatever else is compared.

use super::distribution::Distribution;
use super::scale::Scale;
use crate::draw::{Axis, Frame, Legend, Medium, Panel, Picture, Swatch, Tick, theme};
use crate::figure_data::{DataColumn, FigureData};
use crate::units;

/// Percentiles that are marked on each curve, in the order of the shapes: disc, square, triangle.
const MARKED: [u32; 3] = [50, 90, 99];
/// From this ratio between the 99.9th and the 1st percentile on, the horizontal axis is logarithmic.
const LOG_RATIO: f64 = 30.0;
/// A logarithmic axis leaves so many thousandths of the samples above zero beyond its left end, where the curves begin at the height
/// that they have there: a few outliers would take most of the axis otherwise.
const LOG_BEYOND: u64 = 2;
/// A chart of cumulative distributions.
#[derive(Debug, Clone, Default)]
pub struct CdfChart {
    /// Heading.
    pub title: String,
    /// What is distributed, with its unit; a scale that is logarithmic already stays so.
    pub x: Scale,
    /// What the samples are, in the plural, such as `pods`.
    pub samples: String,
    /// The curves; those without samples are left out.
    pub curves: Vec<CdfCurve>,
}

/// One distribution.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CdfCurve {
    /// Its word in the legend; empty for a single one.
    pub label: String,
    /// The samples.
    pub samples: Distribution,
}

impl CdfCurve {
    /// The curve of samples.
    pub fn new(label: &str, samples: Distribution) -> Self {
        Self { label: label.to_owned(), samples }
    }
}

impl CdfChart {
    /// Draws it.
    pub(crate) fn draw(&self, medium: Medium) -> Picture {
        let curves: Vec<(usize, &CdfCurve)> =
            self.curves.iter().enumerate().filter(|(_, curve)| !curve.samples.is_empty()).collect();
        if curves.is_empty() {
            let (what, _) = crate::figure_data::name_and_unit(&self.x.label);
            return Picture::no_data(medium, &self.title, &format!("none of the {} has a {what}", self.samples));
        }
        let x = self.x_axis(&curves);
        let mut y = Axis::percent(&format!("{} (%)", self.samples), 100.0);
        y.ticks.insert(4, Tick { value: 90.0, label: "90".to_owned() });
        let left = Panel::left_for(medium, [&y]);
        let legend = self.legend(medium, &curves);
        let top = medium.head(&legend);
        let frame = Frame { title: String::new(), remark: String::new(), top, left, height: 190.0, x_labels: true };
        let panel = Panel::new(medium, frame, x, y);

        let mut picture = Picture::new(medium, panel.end(), self.describe(&curves));
        picture.head(&self.title, &legend);
        panel.grid(&mut picture);
        panel.axes(&mut picture);
        for (index, curve) in &curves {
            picture.line(line(curve, &panel), theme::series(*index).stroke(medium));
        }
        for (index, curve) in &curves {
            for (shape, percent) in MARKED.into_iter().enumerate() {
                let at = (panel.x(curve.samples.percentile(percent)), panel.y(f64::from(percent)));
                picture.shape(shape, at, theme::series(*index).color);
            }
        }
        picture
    }

    /// The corners of each curve: a value, and the share of samples that are not above it.
    pub(crate) fn data(&self) -> FigureData {
        let (mut labels, mut values, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        for curve in &self.curves {
            for (value, share) in curve.samples.corners() {
                labels.push(curve.label.clone());
                values.push(Some(value));
                shares.push(Some(share));
            }
        }
        let mut columns = Vec::new();
        if self.curves.len() > 1 {
            columns.push(DataColumn::words("series", labels));
        }
        columns.push(self.x.column(values));
        columns.push(DataColumn::numbers(format!("{} up to it", self.samples), "%", shares));
        FigureData::new(columns)
    }

    /// The horizontal axis that is drawn; `None` without samples.
    pub(crate) fn shown_axis(&self) -> Option<Axis> {
        let curves: Vec<_> = self.curves.iter().enumerate().filter(|(_, curve)| !curve.samples.is_empty()).collect();
        (!curves.is_empty()).then(|| self.x_axis(&curves))
    }

    fn x_axis(&self, curves: &[(usize, &CdfCurve)]) -> Axis {
        let all = || curves.iter().map(|(_, curve)| curve);
        let highest = all().map(|curve| curve.samples.percentile(100)).fold(f64::NEG_INFINITY, f64::max);
        let lowest = all().map(|curve| curve.samples.percentile(0)).fold(f64::INFINITY, f64::min);
        let positive =
            |permille| all().filter_map(|curve| curve.samples.positive(permille)).fold(f64::INFINITY, f64::min);
        let (low_end, low) = (positive(LOG_BEYOND), positive(10));
        let high = all().filter_map(|curve| curve.samples.positive(999)).fold(0.0, f64::max);
        let wide = lowest >= 0.0 && low.is_finite() && high / low >= LOG_RATIO;
        if low.is_finite() && (self.x.log || wide) {
            Scale { log: true, ..self.x.clone() }.axis([low_end, highest].into_iter(), 5.0)
        } else {
            // A little further, so that the curve is seen to end.
            let end = highest + (highest - lowest.min(0.0)) * 0.02;
            Scale { log: false, ..self.x.clone() }.axis([lowest.min(0.0), end].into_iter(), 5.0)
        }
    }

    fn legend(&self, medium: Medium, curves: &[(usize, &CdfCurve)]) -> Legend {
        let mut legend = Legend::wide(medium);
        if let [(index, curve)] = curves {
            let series = theme::series(*index);
            for (shape, percent) in MARKED.into_iter().enumerate() {
                let value = self.written(curve.samples.percentile(percent));
                legend.add(Swatch::Shape(shape, series.color), &format!("p{percent} {value}"));
            }
            let name = if curve.label.is_empty() { String::new() } else { format!("{}: ", curve.label) };
            legend.add(Swatch::Line(series.stroke(medium)), &format!("{name}{}", self.remark(curve)));
        } else {
            for (index, curve) in curves {
                legend.add(Swatch::Line(theme::series(*index).stroke(medium)), &curve.label);
            }
            for (shape, percent) in MARKED.into_iter().enumerate() {
                legend.add(Swatch::Shape(shape, theme::MUTED), &format!("p{percent}"));
            }
        }
        legend
    }

    /// A value as people read it.
    fn written(&self, value: f64) -> String {
        if self.x.durations { units::duration(value) } else { units::short(value) }
    }

    /// Number of samples, and how many of them are zero: a logarithmic axis cannot show a zero.
    fn remark(&self, curve: &CdfCurve) -> String {
        let samples = if curve.samples.len() == 1 { self.samples.trim_end_matches('s') } else { &self.samples };
        let count = format!("{} {samples}", units::count(curve.samples.len()));
        match curve.samples.zeros() {
            0 => count,
            zeros => format!("{count}, {} at zero", units::percent(zeros as f64 / curve.samples.len() as f64)),
        }
    }

    fn describe(&self, curves: &[(usize, &CdfCurve)]) -> String {
        let one = |(_, curve): &(usize, &CdfCurve)| {
            let name = if curve.label.is_empty() { String::new() } else { format!("{}, ", curve.label) };
            let [p50, p90, p99, max] = [50, 90, 99, 100].map(|percent| self.written(curve.samples.percentile(percent)));
            format!("{name}{}: median {p50}, 90th percentile {p90}, 99th {p99}, longest {max}", self.remark(curve))
        };
        let all: Vec<String> = curves.iter().map(one).collect();
        format!("{} as a cumulative distribution. {}.", self.title, all.join("; "))
    }
}

/// A curve as steps from the axis up, in drawing units.
fn line(curve: &CdfCurve, panel: &Panel) -> Vec<(f64, f64)> {
    let ((left, _), (right, bottom)) = panel.corners();
    let mut corners: Vec<(f64, f64)> = Vec::new();
    for (value, share) in curve.samples.corners() {
        let corner = (panel.x(value), panel.y(share));
        // Of the corners in one position only the first and the last can be seen.
        let column = |x: f64| ((x - left) / (right - left) * panel.columns() as f64) as i64;
        match corners.as_mut_slice() {
            [.., first, last] if column(first.0) == column(corner.0) => *last = corner,
            _ => corners.push(corner),
        }
    }
    let mut line = vec![(left, bottom)];
    let mut height = bottom;
    for (x, y) in corners {
        line.extend([(x, height), (x, y)]);
        height = y;
    }
    // Every sample is within the axis.
    line.push((right, height));
    line.dedup();
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_of_whole_steps() {
        let chart = CdfChart {
            x: Scale { label: "wait".to_owned(), durations: true, ..Scale::default() },
            samples: "pods".to_owned(),
            curves: vec![
                CdfCurve::new("one", Distribution::of_numbers([3.0, 0.5, 0.5, f64::NAN])),
                CdfCurve::default(),
            ],
            ..CdfChart::default()
        };
        insta::assert_snapshot!(String::from_utf8(chart.data().csv()).unwrap(), @"
        series,wait_s,pods_up_to_it_percent
        one,0.5,66.6666666667
        one,3,100
        ");
    }
}

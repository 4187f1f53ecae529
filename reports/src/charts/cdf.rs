//! Cumulative distributions of waiting times, one curve per run.

use crate::charts::timeline::seconds;
use crate::data::{Latencies, Steps};
use crate::draw::{Anchor, Axis, Frame, Legend, Panel, Picture, Stroke, Swatch, Tick, theme};
use crate::units;

/// Percentiles that are marked on each curve, in the order of the shapes: disc, square, triangle.
const MARKED: [u32; 3] = [50, 90, 99];
/// From this ratio between the 99.9th and the 1st percentile on, the horizontal axis is logarithmic.
const LOG_RATIO: f64 = 30.0;
/// A logarithmic axis leaves so many thousandths of a run's waits above zero beyond its left end, where the curves begin at the height
/// that they have there: a few outliers would take most of the axis otherwise.
const LOG_BEYOND: u64 = 2;

/// Draws the distributions of one or several runs, named by their labels; a single one needs no name.
pub(crate) fn draw(title: &str, what: &str, runs: &[(&str, &Latencies)]) -> Picture {
    let curves: Vec<Curve> = runs
        .iter()
        .enumerate()
        .filter(|(_, (_, latencies))| !latencies.is_empty())
        .map(|(index, &(label, latencies))| Curve { label: label.to_owned(), index, steps: latencies.steps() })
        .collect();
    if curves.is_empty() {
        return Picture::no_data(title, &format!("no pod has a {what}"));
    }
    let x = x_axis(what, &curves);
    let mut y = Axis::percent("pods (%)", 1.0);
    y.ticks.insert(4, Tick { value: 0.9, label: "90".to_owned() });
    let left = Panel::left_for([&y]);
    let legend = legend(left, &curves);
    let top = 28.0 + legend.height();
    let frame = Frame { title: String::new(), remark: String::new(), top, left, height: 190.0, x_labels: true };
    let panel = Panel::new(frame, x, y);

    let mut picture = Picture::new(panel.end().ceil(), describe(title, &curves));
    picture.text((theme::MARGIN, 20.0), title, theme::TITLE_SIZE, true, Anchor::Start, theme::INK);
    legend.draw(&mut picture, 28.0);
    panel.grid(&mut picture);
    panel.axes(&mut picture);
    for curve in &curves {
        curve.draw(&mut picture, &panel);
    }
    for curve in &curves {
        curve.draw_marks(&mut picture, &panel);
    }
    picture
}

struct Curve {
    label: String,
    index: usize,
    steps: Steps,
}

impl Curve {
    fn percentile(&self, percent: u32) -> f64 {
        self.steps.percentile(percent).map_or(0.0, seconds)
    }

    /// Of the samples above zero, ascending, the one at so many thousandths of the way; `None` where there is none.
    fn positive(&self, permille: u64) -> Option<i64> {
        let zeros = self.steps.zeros();
        let last = (self.steps.len() - zeros).checked_sub(1)?;
        self.steps.nth(zeros + last * permille / 1000)
    }

    /// Share of samples that are zero.
    fn zeros(&self) -> f64 {
        self.steps.zeros() as f64 / self.steps.len() as f64
    }

    fn stroke(&self) -> Stroke {
        let (color, _, dash) = theme::series(self.index);
        Stroke { color, width: theme::LINE, dash }
    }

    fn draw(&self, picture: &mut Picture, panel: &Panel) {
        let ((left, _), (right, bottom)) = panel.corners();
        let mut corners: Vec<(f64, f64)> = Vec::new();
        for (value, share) in self.steps.cumulative() {
            let corner = (panel.x(seconds(value)), panel.y(share));
            // Of the corners in one position only the first and the last can be seen: millions of samples stay one curve.
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
        // Every pod has waited no longer than the axis is long.
        line.push((right, height));
        line.dedup();
        picture.line(line, self.stroke());
    }

    fn draw_marks(&self, picture: &mut Picture, panel: &Panel) {
        for (shape, percent) in MARKED.into_iter().enumerate() {
            let at = (panel.x(self.percentile(percent)), panel.y(f64::from(percent) / 100.0));
            picture.shape(shape, at, self.stroke().color);
        }
    }
}

fn x_axis(what: &str, curves: &[Curve]) -> Axis {
    let highest = curves.iter().filter_map(|curve| curve.steps.percentile(100)).max().map_or(0.0, seconds);
    let low = |permille: u64| curves.iter().filter_map(|curve| curve.positive(permille)).min().map(seconds);
    let high = curves.iter().filter_map(|curve| curve.positive(999)).max().map(seconds);
    let (Some(low_end), Some(low), Some(high)) = (low(LOG_BEYOND), low(10), high) else {
        return Axis::duration(what, 1.0);
    };
    if high / low >= LOG_RATIO {
        Axis::log_duration(what, low_end, highest)
    } else {
        // A little further, so that the curve is seen to end.
        Axis::duration(what, highest * 1.02)
    }
}

fn legend(left: f64, curves: &[Curve]) -> Legend {
    let mut legend = Legend::new(left, theme::WIDTH - theme::MARGIN);
    if let [curve] = curves {
        let color = curve.stroke().color;
        for (shape, percent) in MARKED.into_iter().enumerate() {
            let value = units::duration(curve.percentile(percent));
            legend.add(Swatch::Shape(shape, color), &format!("p{percent} {value}"));
        }
        legend.add(Swatch::Line(curve.stroke()), &remark(curve));
    } else {
        for curve in curves {
            legend.add(Swatch::Line(curve.stroke()), &curve.label);
        }
        for (shape, percent) in MARKED.into_iter().enumerate() {
            legend.add(Swatch::Shape(shape, theme::MUTED), &format!("p{percent}"));
        }
    }
    legend
}

/// Number of samples, and how many of them did not wait at all: a logarithmic axis cannot show a zero.
fn remark(curve: &Curve) -> String {
    let many = if curve.steps.len() == 1 { "" } else { "s" };
    let pods = format!("{} pod{many}", units::count(curve.steps.len()));
    if curve.zeros() > 0.0 { format!("{pods}, {} at zero", units::percent(curve.zeros())) } else { pods }
}

fn describe(title: &str, curves: &[Curve]) -> String {
    let one = |curve: &Curve| {
        let name = if curve.label.is_empty() { String::new() } else { format!("{}, ", curve.label) };
        let [p50, p90, p99, max] = [50, 90, 99, 100].map(|percent| units::duration(curve.percentile(percent)));
        format!("{name}{}: median {p50}, 90th percentile {p90}, 99th {p99}, longest {max}", remark(curve))
    };
    let all: Vec<String> = curves.iter().map(one).collect();
    format!("{title} as a cumulative distribution. {}.", all.join("; "))
}

//! Axes: where a value stands, and which values are written beside it.

use super::{Medium, text};
use crate::units;

/// One axis of a panel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    /// What is measured, with its unit in parentheses; may be empty.
    pub(crate) label: String,
    /// Values that get a grid line, in ascending order.
    pub(crate) ticks: Vec<Tick>,
    /// The values at the two ends.
    pub(crate) range: (f64, f64),
    /// Whether its labels read upwards: those of categories whose names have no room side by side.
    pub(crate) upwards: bool,
    /// Whether equal distances are equal ratios.
    pub(crate) logarithmic: bool,
    categories: bool,
}

/// A value with a grid line and a label; without a label it is a minor one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

/// Names of categories that read upwards are no longer than this.
const LONGEST_UPWARDS: f64 = 120.0;

impl Axis {
    fn new(label: &str, ticks: Vec<Tick>, range: (f64, f64)) -> Self {
        Self { label: label.to_owned(), ticks, range, upwards: false, logarithmic: false, categories: false }
    }

    /// From zero to a round number not below `highest`, in about `steps` steps; `whole` keeps ticks to whole numbers.
    pub(crate) fn linear(label: &str, highest: f64, steps: f64, whole: bool) -> Self {
        let step = round_step(highest / steps, whole);
        let last = (highest / step - 1e-9).ceil().max(1.0) as u32;
        let ticks = (0..=last).map(|index| f64::from(index) * step);
        Self::new(label, labelled(ticks.collect(), step), (0.0, f64::from(last) * step))
    }

    /// From a round number not above `lowest` to one not below `highest`, in about `steps` steps.
    pub(crate) fn between(label: &str, lowest: f64, highest: f64, steps: f64) -> Self {
        // A single value stands in the middle of a tenth of its size, and zero at the beginning.
        let (lowest, highest) = if highest > lowest {
            (lowest, highest)
        } else {
            let around = lowest.abs() / 10.0;
            if around > 0.0 { (lowest - around / 2.0, lowest + around / 2.0) } else { (0.0, 1.0) }
        };
        let step = round_step((highest - lowest) / steps, false);
        let first = (lowest / step + 1e-9).floor();
        let last = (highest / step - 1e-9).ceil();
        let count = ((last - first).round() as usize).min(100);
        let ticks = (0..=count).map(|index| (first + index as f64) * step);
        Self::new(label, labelled(ticks.collect(), step), (first * step, last * step))
    }

    /// One unit for each of several things side by side, with its name in the middle.
    pub(crate) fn categories<'n>(label: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        let ticks: Vec<Tick> = names
            .into_iter()
            .enumerate()
            .map(|(index, name)| Tick { value: index as f64 + 0.5, label: name.to_owned() })
            .collect();
        let end = ticks.len().max(1) as f64;
        Self { categories: true, ..Self::new(label, ticks, (0.0, end)) }
    }

    /// Percentages from 0 up to 100, unless the `highest` calls for less or more.
    pub(crate) fn percent(label: &str, highest: f64) -> Self {
        let highest = if (50.0..=100.0).contains(&highest) { 100.0 } else { highest };
        Self::linear(label, if highest > 0.0 { highest } else { 100.0 }, 4.0, false)
    }

    /// Time since the scenario's start, in seconds between two bounds, written in the unit that suits their distance.
    pub(crate) fn time(from: f64, to: f64) -> Self {
        const MINUTE: f64 = 60.0;
        const HOUR: f64 = 3600.0;
        const DAY: f64 = 86_400.0;
        const CLOCK: &[f64] = &[1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0];
        const HOURS: &[f64] = &[1.0, 2.0, 3.0, 4.0, 6.0, 12.0, 24.0];
        const DAYS: &[f64] = &[1.0, 2.0, 5.0, 7.0, 14.0, 28.0, 56.0, 140.0, 365.0];
        let to = if to > from { to } else { from + 1.0 };
        let span = to - from;
        let (name, size, steps) = match span {
            _ if span <= 2.0 * MINUTE => ("s", 1.0, CLOCK),
            _ if span <= 3.0 * HOUR => ("min", MINUTE, CLOCK),
            _ if span <= 4.0 * DAY => ("h", HOUR, HOURS),
            _ => ("d", DAY, DAYS),
        };
        let wanted = span / size / 7.0;
        let step = if span < 5.0 {
            round_step(wanted, false)
        } else {
            steps.iter().copied().find(|&step| step >= wanted).unwrap_or_else(|| round_step(wanted, true))
        };
        let first = (from / size / step - 1e-9).ceil() as i64;
        let last = (to / size / step + 1e-9).floor() as i64;
        let ticks = (first..=last).map(|index| {
            let value = index as f64 * step;
            Tick { value: value * size, label: units::in_steps(value, step) }
        });
        Self::new(&format!("time since start ({name})"), ticks.collect(), (from, to))
    }

    /// Durations in seconds between two others, in the unit that suits the longer one, in about `steps` steps.
    pub(crate) fn duration_between(label: &str, lowest: f64, highest: f64, steps: f64) -> Self {
        let (size, name) = duration_unit(if highest > 0.0 { highest } else { 1.0 });
        Self::between(&format!("{label} ({name})"), lowest / size, highest / size, steps).times(size)
    }

    /// The same axis for values that are `size` times as large.
    fn times(mut self, size: f64) -> Self {
        for tick in &mut self.ticks {
            tick.value *= size;
        }
        self.range = (self.range.0 * size, self.range.1 * size);
        self
    }

    /// Durations in seconds on a logarithmic scale that takes in `lowest` (above 0) and `highest`.
    pub(crate) fn log_duration(label: &str, lowest: f64, highest: f64) -> Self {
        Self::on_marks(label, &log_durations(), lowest, highest)
    }

    /// Numbers on a logarithmic scale that takes in `lowest` (above 0) and `highest`.
    pub(crate) fn log(label: &str, lowest: f64, highest: f64) -> Self {
        let decades = highest / lowest.max(f64::MIN_POSITIVE);
        // Over few decades, twos and fives as well.
        let between: &[f64] = if decades <= 1e3 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let powers = (-15..=18).flat_map(|power| between.iter().map(move |mantissa| mantissa * power_of_ten(power)));
        let marks: Vec<Tick> = powers.map(|value| Tick { value, label: units::plain(value) }).collect();
        Self::on_marks(label, &marks, lowest, highest)
    }

    /// A logarithmic axis from one of the marks to another.
    fn on_marks(label: &str, marks: &[Tick], lowest: f64, highest: f64) -> Self {
        let below = marks.iter().rposition(|tick| tick.value <= lowest * (1.0 + 1e-9)).unwrap_or(0);
        let above = marks.iter().position(|tick| tick.value >= highest * (1.0 - 1e-9)).unwrap_or(marks.len() - 1);
        let above = above.max(below + 1).min(marks.len() - 1);
        let below = below.min(above - 1);
        let range = (marks[below].value.min(lowest), marks[above].value.max(highest));
        let label = format!("{label} (log scale)");
        Self { logarithmic: true, ..Self::new(&label, marks[below..=above].to_vec(), range) }
    }

    /// The same axis from elsewhere to elsewhere, with the ticks that are left.
    pub(crate) fn cut(mut self, range: (f64, f64)) -> Self {
        let room = (range.1 - range.0) * 1e-9;
        self.range = range;
        self.ticks.retain(|tick| (range.0 - room..=range.1 + room).contains(&tick.value));
        self
    }

    /// Where a value stands, as a share of the axis; what lies beyond an end stands at that end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let (low, high) = self.range;
        let share = if !self.logarithmic {
            (value - low) / (high - low)
        } else if value <= low {
            0.0
        } else {
            libm::log(value / low) / libm::log(high / low)
        };
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }

    /// Makes the labels of an axis that is `length` long keep clear of each other: numbers are left out, names read upwards. Gives
    /// the height that they take.
    pub(crate) fn settle_labels(&mut self, length: f64, medium: Medium) -> f64 {
        let size = medium.tick_size;
        let width = |label: &str| text::width(label, size, false);
        let middles: Vec<f64> = self.ticks.iter().map(|tick| self.place(tick.value) * length).collect();
        let halves: Vec<f64> = self.ticks.iter().map(|tick| width(&tick.label) / 2.0).collect();
        let gap = if self.categories { 6.0 } else { 8.0 };
        let fits = |stride: &usize| {
            let kept: Vec<usize> = (0..middles.len()).step_by(*stride).collect();
            kept.windows(2).all(|pair| middles[pair[0]] + halves[pair[0]] + gap <= middles[pair[1]] - halves[pair[1]])
        };
        // A single long name may be wider than the axis.
        let inside = halves.iter().all(|half| half * 2.0 <= length);
        let strides = 1..self.ticks.len();
        if !self.categories {
            let stride = strides.into_iter().find(fits).unwrap_or_else(|| self.ticks.len().max(1));
            self.keep_every(stride);
            return size;
        }
        if inside && (self.ticks.len() < 2 || fits(&1)) {
            return size;
        }
        self.upwards = true;
        let apart = length / self.ticks.len().max(1) as f64;
        self.keep_every((size / apart).ceil().max(1.0) as usize);
        for tick in &mut self.ticks {
            tick.label = text::fit_middle(&tick.label, LONGEST_UPWARDS, size);
        }
        self.ticks.iter().map(|tick| width(&tick.label)).fold(size, f64::max) + 2.0
    }

    /// Leaves out all labels but every second, third, …
    fn keep_every(&mut self, stride: usize) {
        for (index, tick) in self.ticks.iter_mut().enumerate() {
            if index % stride != 0 {
                tick.label.clear();
            }
        }
    }
}

/// The unit in which durations up to `highest` seconds read best, and its size in seconds.
fn duration_unit(highest: f64) -> (f64, &'static str) {
    const UNITS: [(f64, &str); 7] =
        [(86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];
    let fits = |&(size, _): &(f64, &str)| highest >= if size > 1.0 { size * 2.0 } else { size };
    UNITS.into_iter().find(fits).unwrap_or((1e-9, "ns"))
}

/// Ticks with as many decimals as their step needs.
fn labelled(values: Vec<f64>, step: f64) -> Vec<Tick> {
    let label = |value: f64| units::in_steps(value, step);
    values.into_iter().map(|value| Tick { value, label: label(value) }).collect()
}

/// A power of ten, exact where it can be.
fn power_of_ten(power: i32) -> f64 {
    let positive = (0..power.unsigned_abs()).fold(1.0, |product, _| product * 10.0);
    if power < 0 { 1.0 / positive } else { positive }
}

/// A step of 1, 2, 2.5 or 5 times a power of ten that is not below `least`.
fn round_step(least: f64, whole: bool) -> f64 {
    if least <= 0.0 || !least.is_finite() {
        return 1.0;
    }
    let power = power_of_ten(libm::log10(least).floor() as i32);
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|m| m * power >= least * (1.0 - 1e-9)).unwrap_or(10.0) * power;
    if !whole {
        step
    } else if step < 1.0 {
        1.0
    } else {
        step.ceil()
    }
}

/// The marks of a logarithmic time axis, from a nanosecond to a thousand days, at the durations that people know.
fn log_durations() -> Vec<Tick> {
    let tick = |value: f64| Tick { value, label: units::duration(value) };
    let decimal = (-9..=1).map(|power| tick(power_of_ten(power)));
    let clock = [60.0, 600.0, 3600.0, 36_000.0, 345_600.0, 3_456_000.0, 34_560_000.0];
    let named = ["1 min", "10 min", "1 h", "10 h", "4 d", "40 d", "400 d"];
    let clock = clock.into_iter().zip(named).map(|(value, name)| Tick { value, label: name.to_owned() });
    decimal.chain(clock).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> String {
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn linear_axes_end_on_round_numbers() {
        assert_eq!(labels(&Axis::linear("", 37.0, 4.0, false)), "0 | 10 | 20 | 30 | 40");
        assert_eq!(labels(&Axis::linear("", 1.0, 4.0, true)), "0 | 1");
        assert_eq!(labels(&Axis::linear("", 0.0, 4.0, true)), "0 | 1");
        assert_eq!(labels(&Axis::between("", 0.0, 0.0, 4.0)), "0 | 0.25 | 0.5 | 0.75 | 1");
        assert_eq!(labels(&Axis::linear("", 0.0006, 4.0, false)), "0 | 0.0002 | 0.0004 | 0.0006");
        assert_eq!(labels(&Axis::linear("", 2.1e13, 4.0, false)), "0 | 10 T | 20 T | 30 T");
        assert_eq!(labels(&Axis::between("", -3.0, 1003.0, 5.0)), "-250 | 0 | 250 | 500 | 750 | 1,000 | 1,250");
        assert_eq!(
            labels(&Axis::between("", 1000.001, 1000.002, 4.0)),
            "1,000.001 | 1,000.00125 | 1,000.0015 | 1,000.00175 | 1,000.002"
        );
        assert_eq!(labels(&Axis::percent("", 93.0)), "0 | 25 | 50 | 75 | 100");
        assert_eq!(labels(&Axis::percent("", 1.2)), "0 | 0.5 | 1 | 1.5");
        assert_eq!(labels(&Axis::percent("", 0.0)), "0 | 25 | 50 | 75 | 100");
    }

    #[test]
    fn time_axes_choose_their_unit() {
        let table = [
            (0.0, "time since start (s)", "0 | 0.2 | 0.4 | 0.6 | 0.8 | 1"),
            (90.0, "time since start (s)", "0 | 15 | 30 | 45 | 60 | 75 | 90"),
            (5400.0, "time since start (min)", "0 | 15 | 30 | 45 | 60 | 75 | 90"),
            (86_400.0, "time since start (h)", "0 | 4 | 8 | 12 | 16 | 20 | 24"),
            (149.0 * 86_400.0, "time since start (d)", "0 | 28 | 56 | 84 | 112 | 140"),
        ];
        for (seconds, label, ticks) in table {
            let axis = Axis::time(0.0, seconds);
            assert_eq!((axis.label.as_str(), labels(&axis).as_str()), (label, ticks));
        }
    }

    #[test]
    fn log_axes_take_in_their_data() {
        let axis = Axis::log_duration("wait", 0.0004, 5000.0);
        assert_eq!(labels(&axis), "100 µs | 1 ms | 10 ms | 100 ms | 1 s | 10 s | 1 min | 10 min | 1 h | 10 h");
        assert!((axis.place(0.0), axis.place(1e9)) == (0.0, 1.0));
        assert_eq!(labels(&Axis::log_duration("wait", 1e12, 1e13)), "40 d | 400 d");
    }

    #[test]
    fn crowded_labels_go() {
        let mut axis = Axis::linear("", 10.0, 10.0, true);
        assert!((axis.settle_labels(120.0, Medium::SCREEN) - Medium::SCREEN.tick_size).abs() < 1e-9);
        assert_eq!(labels(&axis), "0 |  | 2 |  | 4 |  | 6 |  | 8 |  | 10");
    }

    #[test]
    fn names_without_room_read_upwards() {
        let names = ["default", "a name that goes on and on and on and on", "x"];
        let mut axis = Axis::categories("", names);
        assert!((axis.settle_labels(800.0, Medium::SCREEN) - Medium::SCREEN.tick_size).abs() < 1e-9);
        assert!(!axis.upwards);
        let height = axis.settle_labels(200.0, Medium::SCREEN);
        assert!(axis.upwards && height > 100.0 && height <= LONGEST_UPWARDS + 2.0, "{height}");
        assert!(axis.ticks[1].label.contains('…'), "{}", axis.ticks[1].label);
    }
}

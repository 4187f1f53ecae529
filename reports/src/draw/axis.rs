//! Axes: where a value stands, and which values are written beside it.

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
    logarithmic: bool,
}

/// A value with a grid line and a label; without a label it is a minor one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

impl Axis {
    /// From zero to a round number not below `highest`, in about `steps` steps; `whole` keeps ticks to whole numbers.
    pub(crate) fn linear(label: &str, highest: f64, steps: f64, whole: bool) -> Self {
        let step = round_step(highest / steps, whole);
        let last = (highest / step - 1e-9).ceil().max(1.0) as u32;
        let ticks = (0..=last).map(|index| {
            let value = f64::from(index) * step;
            Tick { value, label: units::short(value) }
        });
        Self {
            label: label.to_owned(),
            ticks: ticks.collect(),
            range: (0.0, f64::from(last) * step),
            logarithmic: false,
        }
    }

    /// From a round number not above `lowest` to one not below `highest`, in about `steps` steps.
    pub(crate) fn between(label: &str, lowest: f64, highest: f64, steps: f64) -> Self {
        let highest = if highest > lowest { highest } else { lowest + 1.0 };
        let step = round_step((highest - lowest) / steps, false);
        let first = (lowest / step + 1e-9).floor() as i64;
        let last = (highest / step - 1e-9).ceil() as i64;
        let ticks = (first..=last).map(|index| {
            let value = index as f64 * step;
            Tick { value, label: units::short(value) }
        });
        Self {
            label: label.to_owned(),
            ticks: ticks.collect(),
            range: (first as f64 * step, last as f64 * step),
            logarithmic: false,
        }
    }

    /// One unit for each of several things side by side, with its name in the middle.
    pub(crate) fn categories<'n>(label: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        let ticks: Vec<Tick> = names
            .into_iter()
            .enumerate()
            .map(|(index, name)| Tick { value: index as f64 + 0.5, label: name.to_owned() })
            .collect();
        Self { label: label.to_owned(), range: (0.0, ticks.len().max(1) as f64), ticks, logarithmic: false }
    }

    /// Percentages from 0, up to 100 unless `highest` (a fraction) calls for less or more.
    pub(crate) fn percent(label: &str, highest: f64) -> Self {
        let highest = if (0.5..=1.0).contains(&highest) { 1.0 } else { highest };
        let mut axis = Self::linear(label, if highest > 0.0 { highest * 100.0 } else { 100.0 }, 4.0, false);
        for tick in &mut axis.ticks {
            tick.value /= 100.0;
        }
        axis.range.1 /= 100.0;
        axis
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
            Tick { value: value * size, label: units::short(value) }
        });
        Self {
            label: format!("time since start ({name})"),
            ticks: ticks.collect(),
            range: (from, to),
            logarithmic: false,
        }
    }

    /// Durations in seconds from zero to not below `highest`, in the unit that suits it.
    pub(crate) fn duration(label: &str, highest: f64) -> Self {
        const UNITS: [(f64, &str); 7] =
            [(86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];
        let highest = if highest > 0.0 { highest } else { 1.0 };
        let fits = |&(size, _): &(f64, &str)| highest >= if size > 1.0 { size * 2.0 } else { size };
        let (size, name) = UNITS.into_iter().find(fits).unwrap_or((1e-9, "ns"));
        let mut axis = Self::linear(&format!("{label} ({name})"), highest / size, 5.0, false);
        for tick in &mut axis.ticks {
            tick.value *= size;
        }
        axis.range.1 *= size;
        axis
    }

    /// Durations in seconds on a logarithmic scale that takes in `lowest` (above 0) and `highest`.
    pub(crate) fn log_duration(label: &str, lowest: f64, highest: f64) -> Self {
        let marks = log_marks();
        let below = marks.iter().rposition(|tick| tick.value <= lowest * (1.0 + 1e-9)).unwrap_or(0);
        let above = marks.iter().position(|tick| tick.value >= highest * (1.0 - 1e-9)).unwrap_or(marks.len() - 1);
        let above = above.max(below + 1).min(marks.len() - 1);
        let below = below.min(above - 1);
        Self {
            label: format!("{label} (log scale)"),
            range: (marks[below].value, marks[above].value.max(highest)),
            ticks: marks[below..=above].to_vec(),
            logarithmic: true,
        }
    }

    /// Where a value stands, as a share of the axis; what lies beyond an end stands at that end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let (low, high) = self.range;
        let share = if !self.logarithmic {
            (value - low) / (high - low)
        } else if value <= low {
            0.0
        } else {
            (value / low).ln() / (high / low).ln()
        };
        share.clamp(0.0, 1.0)
    }

    /// Leaves out every second, third, … label until neighbours have room on an axis that is `length` long.
    pub(crate) fn spread_labels(&mut self, length: f64, width: impl Fn(&str) -> f64, gap: f64) {
        let middles: Vec<f64> = self.ticks.iter().map(|tick| self.place(tick.value) * length).collect();
        let halves: Vec<f64> = self.ticks.iter().map(|tick| width(&tick.label) / 2.0).collect();
        let fits = |stride: &usize| {
            let kept: Vec<usize> = (0..middles.len()).step_by(*stride).collect();
            kept.windows(2).all(|pair| middles[pair[0]] + halves[pair[0]] + gap <= middles[pair[1]] - halves[pair[1]])
        };
        let stride = (1..self.ticks.len()).find(fits).unwrap_or_else(|| self.ticks.len().max(1));
        for (index, tick) in self.ticks.iter_mut().enumerate() {
            if index % stride != 0 {
                tick.label.clear();
            }
        }
    }
}

/// A step of 1, 2, 2.5 or 5 times a power of ten that is not below `least`.
fn round_step(least: f64, whole: bool) -> f64 {
    if least <= 0.0 || !least.is_finite() {
        return 1.0;
    }
    let power = 10f64.powi(least.log10().floor() as i32);
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
fn log_marks() -> Vec<Tick> {
    let tick = |value: f64| Tick { value, label: units::duration(value) };
    let decimal = (-9..=1).map(|power| tick(10f64.powi(power)));
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
        assert_eq!(labels(&Axis::percent("", 0.93)), "0 | 25 | 50 | 75 | 100");
        assert_eq!(labels(&Axis::percent("", 0.012)), "0 | 0.5 | 1 | 1.5");
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
        axis.spread_labels(50.0, |_| 6.0, 2.0);
        assert_eq!(labels(&axis), "0 |  | 2 |  | 4 |  | 6 |  | 8 |  | 10");
    }
}

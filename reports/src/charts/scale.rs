//! What an axis of a chart measures, as whoever asks for the chart says it.

use crate::draw::{Axis, Legend, Swatch};
use crate::figure_data::DataColumn;

/// An axis: what is measured, and from where to where; ends that are not said are those of the data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scale {
    /// What is measured, with its unit in parentheses.
    pub label: String,
    /// Where it begins.
    pub from: Option<f64>,
    /// Where it ends.
    pub to: Option<f64>,
    /// Whether it is logarithmic. What is not above zero has no place on it then.
    pub log: bool,
    /// Whether its values are durations in seconds, which are written in the unit that suits them.
    pub durations: bool,
}

impl Scale {
    /// An axis with this label, as far as the data goes.
    pub fn new(label: &str) -> Self {
        Self { label: label.to_owned(), ..Self::default() }
    }

    /// A column of a table with values of this axis.
    pub(crate) fn column(&self, values: Vec<Option<f64>>) -> DataColumn {
        let column = DataColumn::labelled(&self.label, values);
        if self.durations { DataColumn { unit: "s".to_owned(), ..column } } else { column }
    }

    /// Whether a value can be placed on it.
    pub(crate) fn takes(&self, value: f64) -> bool {
        value.is_finite() && (!self.log || value > 0.0)
    }

    /// The axis for values, with about so many steps, with room for the shapes that stand at them.
    pub(crate) fn axis_with_room(&self, values: impl Iterator<Item = f64>, steps: f64) -> Axis {
        let (low, high) = self.ends(values);
        if self.log || high <= low {
            return self.axis([low, high].into_iter(), steps);
        }
        let room = (high - low) * 0.03;
        // No room below zero for what is never below it.
        let below = if low >= 0.0 { (low - room).max(0.0) } else { low - room };
        self.axis([below, high + room].into_iter(), steps)
    }

    /// The lowest and the highest of the values that have a place.
    fn ends(&self, values: impl Iterator<Item = f64>) -> (f64, f64) {
        values
            .filter(|&value| self.takes(value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    }

    /// The axis for values, with about so many steps.
    pub(crate) fn axis(&self, values: impl Iterator<Item = f64>, steps: f64) -> Axis {
        let (low, high) = self.ends(values);
        let from = self.from.filter(|&from| self.takes(from));
        let low = from.unwrap_or(if low.is_finite() { low } else { f64::from(u8::from(self.log)) });
        let to = self.to.filter(|&to| to > low && to.is_finite());
        let high = to.unwrap_or(if high.is_finite() { high } else { 1.0 }).max(low);
        let axis = match (self.log, self.durations) {
            (true, true) => Axis::log_duration(&self.label, low, high),
            (true, false) => Axis::log(&self.label, low, high),
            (false, true) if low >= 0.0 => Axis::duration_between(&self.label, low, high, steps),
            (false, _) => Axis::between(&self.label, low, high, steps),
        };
        // What was asked for is kept, though it may not be round.
        let range = (from.unwrap_or(axis.range.0), to.unwrap_or(axis.range.1));
        if range.1 > range.0 { axis.cut(range) } else { axis }
    }
}

/// Tells in a legend that some values have no place on a logarithmic axis.
pub(super) fn tell_left_out(legend: &mut Legend, count: usize) {
    if count > 0 {
        legend.add(Swatch::Nothing, &format!("({count} not above zero: not shown)"));
    }
}

/// Whether an axis shows a value; one at its very end counts.
pub(super) fn contains((from, to): (f64, f64), value: f64) -> bool {
    let room = (to - from) * 1e-9;
    (from - room..=to + room).contains(&value)
}

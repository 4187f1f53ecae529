//! From a trace's time to the run's.

use crate::error::TraceError;
use crate::options::{NodePick, ReplayOptions, Window};
use towtank_sim::time::{SimTime, Span};

const BILLION: i128 = 1_000_000_000;

/// The window and the scales of a replay, as exact integers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    window: Window,
    time_billionths: i128,
    duration_billionths: i128,
}

/// Where a trace's instant falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// Before the window.
    Before,
    /// In it, at this instant of the run.
    At(SimTime),
    /// After it.
    After,
}

impl Clock {
    /// The clock of these options, which are checked here, all of them.
    pub(crate) fn new(options: &ReplayOptions) -> Result<Self, TraceError> {
        let window = options.window.unwrap_or(Window { from: Span::ZERO, to: Span::MAX });
        if window.from.0 < 0 || window.to <= window.from {
            let found = format!("from {} s to {} s", window.from, window.to).into();
            return Err(TraceError::Option { option: "window", found, expected: "0 <= from < to".into() });
        }
        if options.interval.0 < 0 {
            let found = format!("{} s", options.interval).into();
            return Err(TraceError::Option { option: "interval", found, expected: "0 or more".into() });
        }
        if options.processors_per_pod == 0 {
            return Err(TraceError::Option {
                option: "processorsPerPod",
                found: "0".into(),
                expected: "1 or more".into(),
            });
        }
        check_pick(options.nodes)?;
        Ok(Self {
            window,
            time_billionths: billionths("timeScale", options.time_scale)?,
            duration_billionths: billionths("durationScale", options.duration_scale)?,
        })
    }

    /// An instant of the trace, in nanoseconds, as one of the run; `None` if it lies beyond what a run can count.
    pub(crate) fn place(&self, nanos: i64) -> Option<Placed> {
        if nanos < self.window.from.0 {
            return Some(Placed::Before);
        }
        // Only a window that ends has an end: an instant at the last nanosecond of all is still inside.
        if nanos >= self.window.to.0 && self.window.to != Span::MAX {
            return Some(Placed::After);
        }
        scale(nanos - self.window.from.0, self.time_billionths).map(|nanos| Placed::At(SimTime(nanos)))
    }

    /// A run time of the trace in nanoseconds as one of the run; `None` if it is longer than can be counted.
    pub(crate) fn duration(&self, nanos: i64) -> Option<Span> {
        scale(nanos, self.duration_billionths).map(Span)
    }
}

/// The product, rounded to the nearest nanosecond, halves up. Order is kept.
fn scale(nanos: i64, billionths: i128) -> Option<i64> {
    if billionths == BILLION {
        return Some(nanos);
    }
    i64::try_from((i128::from(nanos) * billionths + BILLION / 2) / BILLION).ok()
}

fn billionths(option: &'static str, factor: f64) -> Result<i128, TraceError> {
    if (1e-9..=1e9).contains(&factor) {
        return Ok((factor * 1e9 + 0.5) as i128);
    }
    Err(TraceError::Option { option, found: factor.to_string().into(), expected: "a number from 1e-9 to 1e9".into() })
}

fn check_pick(pick: NodePick) -> Result<(), TraceError> {
    let fail = |option, found: String, expected: &str| {
        Err(TraceError::Option { option, found: found.into(), expected: expected.into() })
    };
    match pick {
        NodePick::Every(0) => fail("nodesEvery", "0".into(), "1 or more"),
        NodePick::Max(0) => fail("maxNodes", "0".into(), "1 or more"),
        NodePick::Fraction(part) if part.is_nan() || part <= 0.0 || part > 1.0 => {
            fail("nodeFraction", part.to_string(), "a number above 0 and at most 1")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(time_scale: f64, window: Option<(i64, i64)>) -> Result<Clock, TraceError> {
        let window = window.map(|(from, to)| Window { from: Span(from), to: Span(to) });
        Clock::new(&ReplayOptions { time_scale, window, ..ReplayOptions::default() })
    }

    #[test]
    fn scaling_is_exact_where_floats_are_not() {
        let plain = clock(1.0, None).unwrap();
        assert_eq!(plain.place(i64::MAX), Some(Placed::At(SimTime(i64::MAX))));
        let tenth = clock(0.1, None).unwrap();
        assert_eq!(tenth.place(9_007_199_254_740_993_000), Some(Placed::At(SimTime(900_719_925_474_099_300))));
        assert_eq!(clock(2.0, None).unwrap().place(i64::MAX), None);
    }

    #[test]
    fn the_window_is_half_open_and_starts_the_run() {
        let clock = clock(2.0, Some((10, 20))).unwrap();
        assert_eq!(clock.place(9), Some(Placed::Before));
        assert_eq!(clock.place(10), Some(Placed::At(SimTime(0))));
        assert_eq!(clock.place(19), Some(Placed::At(SimTime(18))));
        assert_eq!(clock.place(20), Some(Placed::After));
        assert_eq!(clock.duration(7), Some(Span(7)));
    }

    #[test]
    fn options_out_of_range_are_refused() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e10, 1e-10] {
            assert!(clock(bad, None).is_err(), "{bad}");
        }
        assert!(clock(1.0, Some((20, 10))).is_err());
        for nodes in [NodePick::Every(0), NodePick::Max(0), NodePick::Fraction(0.0), NodePick::Fraction(f64::NAN)] {
            assert!(Clock::new(&ReplayOptions { nodes, ..ReplayOptions::default() }).is_err(), "{nodes:?}");
        }
    }
}

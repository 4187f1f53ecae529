//! Load over time: how much CPU the clients of a service would use.

use crate::time::{SimTime, Span};
use thiserror::Error;

/// The CPU load on a service, in milli-CPU, as a function of time. Never negative.
///
/// The pods share it equally and nothing caps a pod's part: a pod with a limit that would be throttled in a real cluster
/// still shows the whole of it, so that utilization says how much is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadCurve {
    /// Each point's value holds until the next point.
    Steps {
        /// The points, in order of time.
        points: Vec<LoadPoint>,
        /// After how long it begins anew; `None` for never: the last value stays.
        period: Option<Span>,
    },
    /// Straight lines between the points. Before the first point its value holds, after the last one the last.
    Linear {
        /// The points, in order of time.
        points: Vec<LoadPoint>,
        /// After how long it begins anew. The line from the last point then leads to the first point of the next round.
        period: Option<Span>,
    },
    /// `base + amplitude · sin(2π · (t − phase) / period)`, not below 0.
    Diurnal {
        /// The mean, in milli-CPU.
        base: i64,
        /// The swing, in milli-CPU.
        amplitude: i64,
        /// The length of a day.
        period: Span,
        /// When the load rises through its mean; the peak is a quarter of a period later.
        phase: Span,
    },
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadPoint {
    /// When, counted from the scenario's start or from the beginning of each period.
    pub at: Span,
    /// The load, in milli-CPU.
    pub milli: i64,
}

/// Why parameters describe no load.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LoadError {
    /// A curve of points without a point.
    #[error("points is empty: expected at least one")]
    NoPoints,
    /// Points out of order.
    #[error("points[{0}] is not later than the point before it: expected increasing times")]
    NotIncreasing(usize),
    /// A point at or after the end of the period.
    #[error("points[{0}] lies outside the period: expected a time of at least 0 and below the period")]
    OutsidePeriod(usize),
    /// A negative load.
    #[error("{field} is {value}: expected a load of at least 0 milli-CPU")]
    Negative {
        /// The parameter.
        field: &'static str,
        /// Its value.
        value: i64,
    },
    /// A period that is not positive.
    #[error("period is {0} s: expected more than 0")]
    Period(Span),
}

impl LoadCurve {
    /// A load that never changes.
    pub fn constant(milli: i64) -> Self {
        Self::Steps { points: vec![LoadPoint { at: Span::ZERO, milli }], period: None }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// The first one that makes no sense.
    pub fn validate(&self) -> Result<(), LoadError> {
        match self {
            Self::Steps { points, period } | Self::Linear { points, period } => {
                if points.is_empty() {
                    return Err(LoadError::NoPoints);
                }
                if let Some(period) = period.filter(|p| *p <= Span::ZERO) {
                    return Err(LoadError::Period(period));
                }
                for (i, point) in points.iter().enumerate() {
                    if i > 0 && points[i - 1].at >= point.at {
                        return Err(LoadError::NotIncreasing(i));
                    }
                    if point.at < Span::ZERO || period.is_some_and(|period| point.at >= period) {
                        return Err(LoadError::OutsidePeriod(i));
                    }
                    not_negative("milli", point.milli)?;
                }
                Ok(())
            }
            Self::Diurnal { base, amplitude, period, .. } => {
                not_negative("base", *base)?;
                not_negative("amplitude", *amplitude)?;
                if *period <= Span::ZERO { Err(LoadError::Period(*period)) } else { Ok(()) }
            }
        }
    }

    /// The load at an instant, in milli-CPU.
    pub fn at(&self, now: SimTime) -> i64 {
        match self {
            Self::Steps { points, period } => {
                let t = within(now, *period);
                let next = points.partition_point(|point| point.at.0 <= t);
                // Before the first point of a round, the last one of the round before still holds.
                let before = if period.is_some() { points.last() } else { points.first() };
                let point = next.checked_sub(1).map_or(before, |i| points.get(i));
                point.map_or(0, |point| point.milli)
            }
            Self::Linear { points, period } => linear(points, *period, within(now, *period)),
            Self::Diurnal { base, amplitude, period, phase } => {
                let turn = (now.0.wrapping_sub(phase.0)).rem_euclid(period.0.max(1));
                let angle = std::f64::consts::TAU * turn as f64 / period.0.max(1) as f64;
                let swing = libm::round(*amplitude as f64 * libm::sin(angle)) as i64;
                base.saturating_add(swing).max(0)
            }
        }
    }
}

fn not_negative(field: &'static str, value: i64) -> Result<(), LoadError> {
    if value < 0 { Err(LoadError::Negative { field, value }) } else { Ok(()) }
}

/// The time within the period, in nanoseconds.
fn within(now: SimTime, period: Option<Span>) -> i64 {
    period.map_or(now.0, |period| now.0.rem_euclid(period.0.max(1)))
}

fn linear(points: &[LoadPoint], period: Option<Span>, t: i64) -> i64 {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return 0 };
    let next = points.partition_point(|point| point.at.0 <= t);
    let (left, right) = match (next, period) {
        (0, None) => return first.milli,
        (n, None) if n == points.len() => return last.milli,
        (0, Some(period)) => ((last.at.0.saturating_sub(period.0), last.milli), (first.at.0, first.milli)),
        (n, Some(period)) if n == points.len() => {
            ((last.at.0, last.milli), (first.at.0.saturating_add(period.0), first.milli))
        }
        (n, _) => ((points[n - 1].at.0, points[n - 1].milli), (points[n].at.0, points[n].milli)),
    };
    let (length, passed) = (i128::from(right.0 - left.0), i128::from(t - left.0));
    if length == 0 {
        return right.1;
    }
    (i128::from(left.1) + i128::from(right.1 - left.1) * passed / length) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(list: &[(i64, i64)]) -> Vec<LoadPoint> {
        list.iter().map(|&(at, milli)| LoadPoint { at: Span::from_secs(at), milli }).collect()
    }

    fn check(curve: &LoadCurve, expected: &[(i64, i64)]) {
        curve.validate().expect("a valid curve");
        for &(at, milli) in expected {
            assert_eq!(curve.at(SimTime::from_secs(at)), milli, "at {at} s of {curve:?}");
        }
    }

    #[test]
    fn steps_hold_until_the_next_point() {
        let list = points(&[(10, 100), (20, 500)]);
        check(&LoadCurve::Steps { points: list.clone(), period: None }, &[(0, 100), (10, 100), (19, 100), (20, 500)]);
        let repeating = LoadCurve::Steps { points: list, period: Some(Span::from_secs(30)) };
        check(&repeating, &[(0, 500), (10, 100), (29, 500), (30, 500), (40, 100), (50, 500)]);
    }

    #[test]
    fn lines_join_the_points_and_the_rounds() {
        let list = points(&[(0, 0), (10, 1000)]);
        check(&LoadCurve::Linear { points: list.clone(), period: None }, &[(0, 0), (5, 500), (10, 1000), (99, 1000)]);
        let repeating = LoadCurve::Linear { points: list, period: Some(Span::from_secs(20)) };
        check(&repeating, &[(5, 500), (10, 1000), (15, 500), (20, 0), (25, 500)]);
        let late = LoadCurve::Linear { points: points(&[(10, 0), (15, 100)]), period: Some(Span::from_secs(20)) };
        check(&late, &[(15, 100), (20, 67), (0, 67), (10, 0)]);
    }

    #[test]
    fn a_day_swings_about_its_mean_and_never_below_nothing() {
        let day = |amplitude| LoadCurve::Diurnal {
            base: 1000,
            amplitude,
            period: Span::from_secs(86_400),
            phase: Span::from_secs(21_600),
        };
        check(&day(400), &[(21_600, 1000), (43_200, 1400), (64_800, 1000), (0, 600), (86_400 * 400, 600)]);
        check(&day(4000), &[(0, 0)]);
    }

    #[test]
    fn what_is_no_load() {
        let steps = |list, period| LoadCurve::Steps { points: points(list), period };
        let day = Some(Span::from_secs(10));
        assert_eq!(steps(&[], None).validate(), Err(LoadError::NoPoints));
        assert_eq!(steps(&[(1, 1), (1, 2)], None).validate(), Err(LoadError::NotIncreasing(1)));
        assert_eq!(steps(&[(10, 1)], day).validate(), Err(LoadError::OutsidePeriod(0)));
        assert_eq!(steps(&[(0, -1)], None).validate(), Err(LoadError::Negative { field: "milli", value: -1 }));
        assert_eq!(steps(&[(0, 1)], Some(Span::ZERO)).validate(), Err(LoadError::Period(Span::ZERO)));
    }
}

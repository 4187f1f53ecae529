//! Integer time: instants and spans in nanoseconds, Go's own resolution.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// An instant: nanoseconds since the scenario's start. Never negative in a run; 292 years fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(pub i64);

/// A length of time in nanoseconds. May be zero, and is never negative where an API asks for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub i64);

/// An instant that may not have come: as large as a [`SimTime`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

impl SimTime {
    /// The scenario's start.
    pub const ZERO: Self = Self(0);
    /// Later than anything that happens.
    pub const MAX: Self = Self(i64::MAX);

    /// The instant `seconds` after the start.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds * NANOS_PER_SECOND)
    }

    /// Seconds since the start, for output only: floating point never orders events.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The last whole second at or before this instant.
    #[must_use]
    pub const fn floor_to_second(self) -> Self {
        Self(self.0.div_euclid(NANOS_PER_SECOND) * NANOS_PER_SECOND)
    }

    /// The first multiple of `period` strictly after this instant; the instant itself moves by one nanosecond for a
    /// `period` that is not positive.
    #[must_use]
    pub const fn next_multiple(self, period: Span) -> Self {
        if period.0 <= 0 {
            return Self(self.0 + 1);
        }
        Self((self.0.div_euclid(period.0) + 1) * period.0)
    }

    /// The time passed since `earlier`; zero when `earlier` is in fact later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        if self.0 > earlier.0 { Span(self.0 - earlier.0) } else { Span(0) }
    }

    /// This instant moved by `span`, stopping at [`SimTime::MAX`] instead of overflowing.
    #[must_use]
    pub const fn saturating_add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Moment {
    /// It has not come.
    pub const NEVER: Self = Self(i64::MIN);

    /// The instant, if it has come.
    pub const fn get(self) -> Option<SimTime> {
        if self.0 == Self::NEVER.0 { None } else { Some(SimTime(self.0)) }
    }

    /// Whether it has come.
    pub const fn is_some(self) -> bool {
        self.0 != Self::NEVER.0
    }

    /// Whether it has not come.
    pub const fn is_none(self) -> bool {
        self.0 == Self::NEVER.0
    }
}

impl Default for Moment {
    fn default() -> Self {
        Self::NEVER
    }
}

impl From<SimTime> for Moment {
    fn from(at: SimTime) -> Self {
        Self(at.0)
    }
}

impl PartialEq<SimTime> for Moment {
    fn eq(&self, at: &SimTime) -> bool {
        self.0 == at.0
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// For ever.
    pub const MAX: Self = Self(i64::MAX);

    /// A span of whole seconds.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds * NANOS_PER_SECOND)
    }

    /// A span of milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * 1_000_000)
    }

    /// The span nearest to `seconds`, rounded to a nanosecond. `None` for a number that is negative, not finite or
    /// longer than 292 years.
    pub fn try_from_secs_f64(seconds: f64) -> Option<Self> {
        let nanos = seconds * 1e9;
        (nanos >= 0.0 && nanos < i64::MAX as f64).then(|| Self(libm::round(nanos) as i64))
    }

    /// Seconds, for output only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Add<Span> for SimTime {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        self.saturating_add(span)
    }
}

impl AddAssign<Span> for SimTime {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub for SimTime {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        Span(self.0 - earlier.0)
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for SimTime {
    /// As a number of seconds without needless zeros: `12`, `12.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, nanos) = (self.0.abs() / NANOS_PER_SECOND, self.0.abs() % NANOS_PER_SECOND);
        let sign = if self.0 < 0 { "-" } else { "" };
        if nanos == 0 {
            return write!(f, "{sign}{whole}");
        }
        let (mut fraction, mut digits) = (nanos, 9);
        while fraction % 10 == 0 {
            fraction /= 10;
            digits -= 1;
        }
        write!(f, "{sign}{whole}.{fraction:0digits$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_without_needless_zeros() {
        assert_eq!(SimTime::from_secs(12).to_string(), "12");
        assert_eq!(Span::from_millis(12_500).to_string(), "12.5");
        assert_eq!(Span(-1).to_string(), "-0.000000001");
    }

    #[test]
    fn the_next_multiple_is_strictly_later() {
        let second = Span::from_secs(1);
        assert_eq!(SimTime(0).next_multiple(second), SimTime::from_secs(1));
        assert_eq!(SimTime(999_999_999).next_multiple(second), SimTime::from_secs(1));
        assert_eq!(SimTime::from_secs(1).next_multiple(second), SimTime::from_secs(2));
    }

    #[test]
    fn seconds_that_are_no_span_are_refused() {
        for bad in [-1.0, f64::NAN, f64::INFINITY, 1e12] {
            assert_eq!(Span::try_from_secs_f64(bad), None, "{bad}");
        }
        assert_eq!(Span::try_from_secs_f64(0.1), Some(Span::from_millis(100)));
    }
}

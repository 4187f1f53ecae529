//! Simulated time as dates.

use jiff::Timestamp;
use towtank_sim::time::SimTime;

/// Writes dates, and remembers the day that it wrote last: what happens again was said first on the same day, but in another second.
#[derive(Debug)]
pub(super) struct Clock {
    start: Timestamp,
    /// Days since 1970.
    day: i64,
    /// Such as `2026-01-01T`.
    text: String,
}

const NANOS: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

impl Clock {
    /// A clock whose time 0 is this second since 1970.
    pub(super) fn new(epoch_second: i64) -> Self {
        let start = Timestamp::from_second(epoch_second).unwrap_or(Timestamp::UNIX_EPOCH);
        Self { start, day: 0, text: date(0) }
    }

    /// Nanoseconds since 1970; the last one that there is, for times that are further away.
    pub(super) fn unix_nanoseconds(&self, at: SimTime) -> i64 {
        let start = i64::try_from(self.start.as_nanosecond()).unwrap_or(i64::MAX);
        start.saturating_add(at.0)
    }

    /// Appends whole seconds, as the older fields of an event have them: `2026-01-01T00:00:00Z`.
    pub(super) fn put_seconds(&mut self, into: &mut Vec<u8>, at: SimTime) {
        self.put_time(into, at);
        into.push(b'Z');
    }

    /// Appends microseconds, as the newer ones have them: `2026-01-01T00:00:00.000000Z`.
    pub(super) fn put_microseconds(&mut self, into: &mut Vec<u8>, at: SimTime) {
        self.put_time(into, at);
        into.push(b'.');
        let micros = at.0.rem_euclid(NANOS) / 1000;
        for place in [100_000, 10_000, 1000, 100, 10, 1] {
            into.push(b'0' + (micros / place % 10) as u8);
        }
        into.push(b'Z');
    }

    fn put_time(&mut self, into: &mut Vec<u8>, at: SimTime) {
        let second = self.start.as_second().saturating_add(at.0.div_euclid(NANOS));
        let second = second.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let (day, second) = (second.div_euclid(DAY), second.rem_euclid(DAY));
        if day != self.day {
            (self.day, self.text) = (day, date(day));
        }
        into.extend_from_slice(self.text.as_bytes());
        for (place, number) in [second / 3600, second / 60 % 60, second % 60].into_iter().enumerate() {
            if place > 0 {
                into.push(b':');
            }
            into.extend_from_slice(&[b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]);
        }
    }
}

/// A day since 1970, and the letter behind it.
fn date(day: i64) -> String {
    let at = Timestamp::from_second(day * DAY).unwrap_or(Timestamp::MIN);
    at.strftime("%Y-%m-%dT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_scenarios_start() {
        let mut clock = Clock::new(1_767_225_600);
        let said = |clock: &mut Clock, put: fn(&mut Clock, &mut Vec<u8>, SimTime), at| {
            let mut bytes = Vec::new();
            put(clock, &mut bytes, at);
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(said(&mut clock, Clock::put_seconds, SimTime(0)), "2026-01-01T00:00:00Z");
        let at = SimTime(86_399 * NANOS + 1_234_567);
        assert_eq!(said(&mut clock, Clock::put_seconds, at), "2026-01-01T23:59:59Z");
        assert_eq!(said(&mut clock, Clock::put_microseconds, at), "2026-01-01T23:59:59.001234Z");
        let at = SimTime(58 * 86_400 * NANOS + 3661 * NANOS);
        assert_eq!(said(&mut clock, Clock::put_seconds, at), "2026-02-28T01:01:01Z");
        assert_eq!(said(&mut clock, Clock::put_seconds, SimTime(-NANOS)), "2025-12-31T23:59:59Z");
        assert_eq!(clock.unix_nanoseconds(SimTime(7)), 1_767_225_600 * NANOS + 7);
        // No run lasts so long, and none panics because of it.
        assert_eq!(said(&mut clock, Clock::put_seconds, SimTime::MAX).len(), "2026-01-01T00:00:00Z".len());
        let mut clock = Clock::new(i64::MAX);
        assert_eq!(said(&mut clock, Clock::put_seconds, SimTime(0)), "1970-01-01T00:00:00Z");
    }
}

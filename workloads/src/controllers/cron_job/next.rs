//! The next time of a schedule.
//!
//! Source: `spec.go` and `constantdelay.go` of `robfig/cron` version 3.

use super::grammar::Values;
use super::zone::Zone;
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan as _};

/// How many years are searched. The 29th of February is at most eight years away, so a schedule for that day alone has no
/// time around the turn of most centuries; that is the library's limit.
const YEARS: i16 = 5;

/// When something happens again and again. Read it from a text with [`str::parse`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(pub(super) Rule);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Calendar(Calendar),
    /// So many whole seconds after one another, at least 1.
    Every(i64),
}

/// Times that agree with all fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Calendar {
    pub(super) minutes: Values,
    pub(super) hours: Values,
    pub(super) days: Values,
    pub(super) months: Values,
    pub(super) weekdays: Values,
    pub(super) zone: Zone,
}

impl Schedule {
    /// The first time after this one; `None` where there is none within the years that are searched.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let whole = floor(after, 1)?;
        match &self.0 {
            Rule::Calendar(calendar) => calendar.next(whole),
            Rule::Every(seconds) => plus(whole, *seconds),
        }
    }
}

impl Calendar {
    /// Searches field by field, from the largest to the smallest. Whenever a field wraps, the larger ones are looked at
    /// anew: the wall clock may have been changed in between. `after` is a whole second.
    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let mut at = plus(after, 1)?;
        let limit = self.wall(at).year().saturating_add(YEARS);
        // From the first step on, what is smaller than the field that is being searched counts from its beginning.
        let mut stepped = false;
        'wrap: loop {
            if self.wall(at).year() > limit {
                return None;
            }
            while !self.months.has(self.wall(at).month()) {
                if !std::mem::replace(&mut stepped, true) {
                    at = self.zone.at(self.wall(at).date().first_of_month().at(0, 0, 0, 0))?;
                }
                let wall = self.wall(at);
                at = self.zone.at(next_month(wall.date())?.to_datetime(wall.time()))?;
                if self.wall(at).month() == 1 {
                    continue 'wrap;
                }
            }
            while !self.has_day(self.wall(at)) {
                if !std::mem::replace(&mut stepped, true) {
                    at = self.zone.at(self.wall(at).date().at(0, 0, 0, 0))?;
                }
                let wall = self.wall(at);
                let tomorrow = wall.date().tomorrow().ok()?.to_datetime(wall.time());
                at = self.midnight(self.zone.at(tomorrow)?)?;
                if self.wall(at).day() == 1 {
                    continue 'wrap;
                }
            }
            while !self.hours.has(self.wall(at).hour()) {
                if !std::mem::replace(&mut stepped, true) {
                    let wall = self.wall(at);
                    at = self.zone.at(wall.date().at(wall.hour(), 0, 0, 0))?;
                }
                at = plus(at, 3600)?;
                if self.wall(at).hour() == 0 {
                    continue 'wrap;
                }
            }
            while !self.minutes.has(self.wall(at).minute()) {
                if !std::mem::replace(&mut stepped, true) {
                    at = floor(at, 60)?;
                }
                at = plus(at, 60)?;
                if self.wall(at).minute() == 0 {
                    continue 'wrap;
                }
            }
            while self.wall(at).second() != 0 {
                stepped = true;
                at = plus(at, 1)?;
                if self.wall(at).second() == 0 {
                    continue 'wrap;
                }
            }
            return Some(at);
        }
    }

    fn wall(&self, at: Timestamp) -> DateTime {
        self.zone.wall(at)
    }

    /// Whether the day is one of the month's and one of the week's; where both are given, one of the two will do.
    fn has_day(&self, wall: DateTime) -> bool {
        let of_month = self.days.has(wall.day());
        let of_week = self.weekdays.has(wall.weekday().to_sunday_zero_offset());
        if self.days.open || self.weekdays.open { of_month && of_week } else { of_month || of_week }
    }

    /// Back or forth to midnight, where a change of the clock has moved a step of one day away from it.
    fn midnight(&self, at: Timestamp) -> Option<Timestamp> {
        let hour = i64::from(self.wall(at).hour());
        let hours = if hour > 12 { 24 - hour } else { -hour };
        plus(at, hours * 3600)
    }
}

/// The same day of the next month; where there is none, as many days later as are missing.
fn next_month(date: Date) -> Option<Date> {
    let first = date.first_of_month().checked_add(1.month()).ok()?;
    first.checked_add((i64::from(date.day()) - 1).days()).ok()
}

fn plus(at: Timestamp, seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(at.as_second().checked_add(seconds)?).ok()
}

/// The last multiple of so many seconds that is not later.
fn floor(at: Timestamp, seconds: i64) -> Option<Timestamp> {
    let nanoseconds = i128::from(seconds) * 1_000_000_000;
    Timestamp::from_nanosecond(at.as_nanosecond().div_euclid(nanoseconds) * nanoseconds).ok()
}

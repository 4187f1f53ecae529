//! The grammar of schedules: five fields, or a word that begins with `@`.
//!
//! Source: `parser.go` and `spec.go` of `robfig/cron` version 3, with its `ParseStandard`.

use super::duration::nanoseconds;
use super::next::{Calendar, Rule, Schedule};
use super::zone::Zone;
use std::num::IntErrorKind;
use thiserror::Error;

/// Why a text is no schedule, in the library's words.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ScheduleError(String);

/// The values of a field: bit n for the value n, and whether a `*` left it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Values {
    bits: u64,
    pub(super) open: bool,
}

impl Values {
    pub(super) const fn has(self, value: i8) -> bool {
        self.bits & (1 << value) != 0
    }
}

/// What a field may hold.
struct Bounds {
    min: i64,
    max: i64,
    /// Names of values, from `min` on.
    names: &'static [&'static str],
}

const MINUTES: Bounds = Bounds { min: 0, max: 59, names: &[] };
const HOURS: Bounds = Bounds { min: 0, max: 23, names: &[] };
const DAYS: Bounds = Bounds { min: 1, max: 31, names: &[] };
const MONTHS: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAYS: Bounds = Bounds { min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

impl std::str::FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        if text.is_empty() {
            return Err(error("empty spec string"));
        }
        let (zone, text) = zone(text)?;
        if text.starts_with('@') {
            return described(text, zone);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            let found = fields.len();
            return Err(error(format!("expected exactly 5 fields, found {found}: [{}]", fields.join(" "))));
        };
        Ok(Self(Rule::Calendar(Calendar {
            minutes: field(minute, &MINUTES)?,
            hours: field(hour, &HOURS)?,
            days: field(day, &DAYS)?,
            months: field(month, &MONTHS)?,
            weekdays: field(weekday, &WEEKDAYS)?,
            zone,
        })))
    }
}

/// A time zone in front, and what follows it.
fn zone(text: &str) -> Result<(Zone, &str), ScheduleError> {
    let Some(rest) = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ=")) else {
        return Ok((Zone::UTC, text));
    };
    let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let zone = Zone::load(name);
    Ok((zone.ok_or_else(|| error(format!("provided bad location {name}: unknown time zone {name}")))?, rest.trim()))
}

/// `@daily` and the like, and `@every DURATION`.
fn described(text: &str, zone: Zone) -> Result<Schedule, ScheduleError> {
    let fields = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => {
            let Some(duration) = text.strip_prefix("@every ") else {
                return Err(error(format!("unrecognized descriptor: {text}")));
            };
            let parsed = nanoseconds(duration);
            let parsed = parsed.map_err(|why| error(format!("failed to parse duration {text}: {why}")))?;
            return Ok(Schedule(Rule::Every((parsed / 1_000_000_000).max(1))));
        }
    };
    let Schedule(mut rule) = fields.parse()?;
    if let Rule::Calendar(calendar) = &mut rule {
        calendar.zone = zone;
    }
    Ok(Schedule(rule))
}

/// A list of ranges, separated by commas.
fn field(text: &str, bounds: &Bounds) -> Result<Values, ScheduleError> {
    let mut values = Values { bits: 0, open: false };
    for range in text.split(',').filter(|range| !range.is_empty()) {
        let Values { bits, open } = self::range(range, bounds)?;
        values.bits |= bits;
        values.open |= open;
    }
    Ok(values)
}

/// `*`, `?`, `N` or `N-M`, each with `/STEP` or without.
fn range(text: &str, bounds: &Bounds) -> Result<Values, ScheduleError> {
    let parts: Vec<&str> = text.split('/').collect();
    let ends: Vec<&str> = parts[0].split('-').collect();
    let mut open = matches!(ends[0], "*" | "?");
    let (start, mut end) = if open {
        (bounds.min, bounds.max)
    } else {
        let start = value(ends[0], bounds)?;
        match ends[..] {
            [_] => (start, start),
            [_, end] => (start, value(end, bounds)?),
            _ => return Err(error(format!("too many hyphens: {text}"))),
        }
    };
    let step = match parts[..] {
        [_] => 1,
        [_, step] => {
            let step = integer(step)?;
            // `N/STEP` goes on to the largest value.
            if ends.len() == 1 {
                end = bounds.max;
            }
            open &= step <= 1;
            step
        }
        _ => return Err(error(format!("too many slashes: {text}"))),
    };
    let Bounds { min, max, .. } = bounds;
    if start < *min {
        return Err(error(format!("beginning of range ({start}) below minimum ({min}): {text}")));
    }
    if end > *max {
        return Err(error(format!("end of range ({end}) above maximum ({max}): {text}")));
    }
    if start > end {
        return Err(error(format!("beginning of range ({start}) beyond end of range ({end}): {text}")));
    }
    if step == 0 {
        return Err(error(format!("step of range should be a positive number: {text}")));
    }
    let steps = (start..=end).step_by(usize::try_from(step).unwrap_or(usize::MAX));
    Ok(Values { bits: steps.fold(0, |bits, value| bits | 1 << value), open })
}

/// A number, or the name of one in letters of either case.
fn value(text: &str, bounds: &Bounds) -> Result<i64, ScheduleError> {
    let named = bounds.names.iter().position(|name| name.eq_ignore_ascii_case(text));
    named.map_or_else(|| integer(text), |index| Ok(bounds.min + index as i64))
}

/// Source: `mustParseInt`, over Go's `strconv.Atoi`.
fn integer(text: &str) -> Result<i64, ScheduleError> {
    let number: i64 = text.parse().map_err(|why: std::num::ParseIntError| {
        let why = match why.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
            _ => "invalid syntax",
        };
        error(format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: {why}"))
    })?;
    if number < 0 {
        return Err(error(format!("negative number ({number}) not allowed: {text}")));
    }
    Ok(number)
}

fn error(message: impl Into<String>) -> ScheduleError {
    ScheduleError(message.into())
}

//! What a CronJob's controller finds when it looks: the run that is due, how many were missed, and when to look again.
//!
//! Source: `mostRecentScheduleTime`, `nextScheduleTime`, `nextScheduleTimeDuration` and `formatSchedule` in
//! `pkg/controller/cronjob/`.

use super::grammar::ScheduleError;
use super::next::Schedule;
use super::zone::Zone;
use jiff::{SignedDuration, Timestamp};

/// How much later than the next time the controller looks, so that it does not look too early.
///
/// Source: `nextScheduleDelta`.
const DELTA: SignedDuration = SignedDuration::from_millis(100);

/// More missed runs than this are many, which is worth a warning.
const MANY: i64 = 100;

/// The beginning of Go's calendar, which stands for "never" upstream.
const ZERO: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// When a CronJob runs, and when it ran.
#[derive(Clone, Debug)]
pub struct Clock {
    /// `spec.schedule`, in the zone of `spec.timeZone`.
    pub schedule: Schedule,
    /// `metadata.creationTimestamp`.
    pub created: Timestamp,
    /// `status.lastScheduleTime`.
    pub last_schedule: Option<Timestamp>,
    /// `spec.startingDeadlineSeconds`.
    pub starting_deadline: Option<i64>,
}

/// What the controller finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The time of the run that is to be started now.
    pub due: Option<Timestamp>,
    /// How many runs have been missed.
    pub missed: Missed,
    /// After what time to look again. Below zero: at once.
    pub requeue_after: SignedDuration,
}

/// How many runs were missed, as an estimate from the first two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// None beside the one that is due.
    None,
    /// Up to a hundred.
    Few,
    /// More: the event `TooManyMissedTimes`. The last of them is started all the same.
    Many,
}

impl Clock {
    /// Reads a schedule and the name of a time zone. A zone that is not known is passed over, and one in the schedule
    /// itself wins.
    ///
    /// # Errors
    /// It is no schedule.
    pub fn schedule(schedule: &str, time_zone: Option<&str>) -> Result<Schedule, ScheduleError> {
        match time_zone {
            Some(name) if !schedule.contains("TZ") && Zone::load(name).is_some() => {
                format!("TZ={name} {schedule}").parse()
            }
            _ => schedule.parse(),
        }
    }

    fn next(&self, after: Timestamp) -> Timestamp {
        self.schedule.next(after).unwrap_or(ZERO)
    }
}

/// Looks at a CronJob.
///
/// # Errors
/// The schedule has no two times that differ.
pub fn look(clock: &Clock, now: Timestamp) -> Result<Look, NeverTwice> {
    let recent = most_recent(clock, now, clock.starting_deadline)?;
    let from = match most_recent(clock, now, None) {
        Ok(Recent { time: Some(time), .. }) => time,
        // Without a missed run the next one counts from the last; with some that are all too old, from now.
        Ok(Recent { earliest, missed: Missed::None, .. }) => earliest,
        _ => now,
    };
    Ok(Look {
        due: recent.time.filter(|time| *time <= now),
        missed: recent.missed,
        requeue_after: clock.next(from).duration_since(now).saturating_add(DELTA),
    })
}

/// The schedule has no two times that differ, such as one for the 31st of February.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("time difference between two schedules is less than 1 second")]
pub struct NeverTwice;

/// The last time of a schedule, and from when on it was searched for.
struct Recent {
    earliest: Timestamp,
    time: Option<Timestamp>,
    missed: Missed,
}

/// The last time at which it should have run since it last ran.
fn most_recent(clock: &Clock, now: Timestamp, deadline: Option<i64>) -> Result<Recent, NeverTwice> {
    let mut earliest = clock.last_schedule.unwrap_or(clock.created);
    if let Some(deadline) = deadline {
        // What is older than the deadline is not started any more.
        let oldest = now.checked_sub(SignedDuration::from_secs(deadline)).unwrap_or(Timestamp::MIN);
        earliest = earliest.max(oldest);
    }
    let first = clock.next(earliest);
    let second = clock.next(first);
    let found = |time, missed| Ok(Recent { earliest, time, missed });
    if now < first {
        return found(None, Missed::None);
    }
    if now < second {
        return found(Some(first), Missed::None);
    }
    let apart = seconds_rounded(go_duration(first, second));
    if apart < 1 {
        return Err(NeverTwice);
    }
    // The times of most schedules are not equally far apart, so this is an estimate; the search starts one time too early
    // for that reason. It is exact for `@every`, whose times depend on where they are counted from.
    let count = go_duration(first, now).as_secs() / apart + 1;
    let back = SignedDuration::from_secs((count - 2).saturating_mul(apart));
    let mut at = clock.next(first.checked_add(back).unwrap_or(now));
    let mut last = None;
    // A schedule without a further time says so by a time that is not later.
    while at <= now && last.is_none_or(|last| last < at) && at > ZERO {
        last = Some(at);
        at = clock.next(at);
    }
    found(last, if count > MANY { Missed::Many } else { Missed::Few })
}

/// From one time to another, at most the 292 years that a duration of Go's can hold.
fn go_duration(from: Timestamp, to: Timestamp) -> SignedDuration {
    to.duration_since(from).clamp(SignedDuration::from_nanos(i64::MIN), SignedDuration::from_nanos(i64::MAX))
}

/// Whole seconds, halves away from zero.
fn seconds_rounded(duration: SignedDuration) -> i64 {
    let half = SignedDuration::from_millis(if duration.is_negative() { -500 } else { 500 });
    duration.saturating_add(half).as_secs()
}

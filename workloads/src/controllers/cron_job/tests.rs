//! Times that the recorded table does not hold: changes of the clock, and schedules that run out.

use super::{Clock, Missed, Schedule, look};
use jiff::{SignedDuration, Timestamp};

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[track_caller]
fn check(schedule: &str, from: &str, expected: &[&str]) {
    let schedule: Schedule = schedule.parse().expect("a schedule");
    let mut at = time(from);
    let times: Vec<String> = expected
        .iter()
        .map(|_| {
            at = schedule.next(at).expect("a next time");
            at.to_string()
        })
        .collect();
    assert_eq!(times, expected);
}

/// Berlin's clock goes from 2:00 to 3:00: 2:30 does not exist, and the run of that day is left out.
#[test]
fn an_hour_that_is_left_out_has_no_run() {
    let schedule = "TZ=Europe/Berlin 30 2 * * *";
    check(schedule, "2025-03-29T00:00:00Z", &["2025-03-29T01:30:00Z", "2025-03-31T00:30:00Z"]);
    // By the hour nothing is left out.
    check("TZ=Europe/Berlin 30 * * * *", "2025-03-30T00:00:00Z", &["2025-03-30T00:30:00Z", "2025-03-30T01:30:00Z"]);
}

/// New York's clock goes from 2:00 back to 1:00: 1:30 comes twice, and so does the run.
#[test]
fn an_hour_that_comes_twice_has_two_runs() {
    let schedule = "CRON_TZ=America/New_York 30 1 * * *";
    let times = ["2025-11-02T05:30:00Z", "2025-11-02T06:30:00Z", "2025-11-03T06:30:00Z"];
    check(schedule, "2025-11-01T12:00:00Z", &times);
}

/// Where the clock leaves out midnight itself, the search for a day of the week finds it west of Greenwich and passes it
/// over east of it: a slip of the library's, which real clusters share.
#[test]
fn a_day_without_midnight_is_found_in_the_west_only() {
    check("TZ=America/Sao_Paulo 0 12 * * 0", "2018-11-03T12:00:00Z", &["2018-11-04T14:00:00Z", "2018-11-11T14:00:00Z"]);
    check("TZ=Asia/Beirut 0 12 * * 0", "2025-03-29T00:00:00Z", &["2025-04-06T09:00:00Z", "2025-04-13T09:00:00Z"]);
}

#[test]
fn days_of_month_and_week_are_either_or_unless_one_is_open() {
    let either = ["2025-06-02T00:00:00Z", "2025-06-09T00:00:00Z", "2025-06-13T00:00:00Z"];
    check("0 0 13 * 1", "2025-06-01T12:00:00Z", &either);
    // A step of one leaves a field open, one of more does not.
    check("0 0 */1 * 1", "2025-06-01T12:00:00Z", &["2025-06-02T00:00:00Z", "2025-06-09T00:00:00Z"]);
    check("0 0 */2 * 1", "2025-06-01T12:00:00Z", &["2025-06-02T00:00:00Z", "2025-06-03T00:00:00Z"]);
}

#[test]
fn what_is_no_schedule_is_refused_in_the_librarys_words() {
    for (text, message) in [
        ("", "empty spec string"),
        ("@fortnightly", "unrecognized descriptor: @fortnightly"),
        ("@every soon", "failed to parse duration @every soon: time: invalid duration \"soon\""),
        ("TZ=Mars/Olympus * * * * *", "provided bad location Mars/Olympus: unknown time zone Mars/Olympus"),
        ("TZ=europe/berlin * * * * *", "provided bad location europe/berlin: unknown time zone europe/berlin"),
        ("TZ=UTC", "expected exactly 5 fields, found 0: []"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("* * * * 7", "end of range (7) above maximum (6): 7"),
        ("10-5 * * * *", "beginning of range (10) beyond end of range (5): 10-5"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("* -1 * * *", "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax"),
        (
            "99999999999999999999 * * * *",
            "failed to parse int from 99999999999999999999: strconv.Atoi: parsing \"99999999999999999999\": value out of range",
        ),
    ] {
        let error = text.parse::<Schedule>().expect_err(text).to_string();
        assert_eq!(error, message, "{text}");
    }
}

#[test]
fn what_is_older_than_the_deadline_is_not_due() {
    let mut clock = Clock {
        schedule: "0 * * * *".parse().expect("a schedule"),
        created: time("2025-06-01T00:00:00Z"),
        last_schedule: None,
        starting_deadline: None,
    };
    let now = time("2025-06-15T12:00:30Z");
    let found = look(&clock, now).expect("a look");
    assert_eq!((found.due, found.missed), (Some(time("2025-06-15T12:00:00Z")), Missed::Many));
    assert_eq!(found.requeue_after, SignedDuration::from_millis(3_570_100));
    let last = Some("2025-06-15T12:00:00Z");
    for (deadline, due, missed) in [(29, None, Missed::None), (31, last, Missed::None), (7300, last, Missed::Few)] {
        clock.starting_deadline = Some(deadline);
        let found = look(&clock, now).expect("a look");
        assert_eq!((found.due, found.missed), (due.map(time), missed), "{deadline}");
    }
}

#[test]
fn a_day_that_never_comes_is_an_error_only_where_it_is_looked_for() {
    let schedule: Schedule = "0 0 30 2 *".parse().expect("a schedule");
    assert_eq!(schedule.next(time("2025-01-01T00:00:00Z")), None);
    // No leap year within the years that are searched.
    let leap: Schedule = "0 0 29 2 *".parse().expect("a schedule");
    assert_eq!(leap.next(time("2097-01-01T00:00:00Z")), None);
}

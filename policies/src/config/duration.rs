//! Durations as Go writes them: `1h30m`, `2.5s`, `-100ms`.
//!
//! Source: Go's `time.ParseDuration` and `Duration.String`.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;
use towtank_sim::time::Span;

/// A duration in a configuration, of either sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GoDuration(pub(crate) Span);

/// Reads a duration.
fn parse(text: &str) -> Result<Span, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(Span::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanos: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || number.len() > 30 {
            return Err(invalid());
        }
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let per = nanos_per(unit).ok_or_else(|| format!("time: unknown unit {unit:?} in duration {text:?}"))?;
        let digits: i128 = format!("0{whole}{fraction}").parse().map_err(|_| invalid())?;
        let value = digits.checked_mul(per).ok_or_else(invalid)? / 10_i128.pow(fraction.len() as u32);
        nanos = nanos.checked_add(value).ok_or_else(invalid)?;
        rest = tail;
    }
    i64::try_from(if negative { -nanos } else { nanos }).map(Span).map_err(|_| invalid())
}

/// The text of a duration.
pub(super) fn text(span: Span) -> String {
    let (sign, nanos) = if span.0 < 0 { ("-", span.0.unsigned_abs()) } else { ("", span.0.unsigned_abs()) };
    let (unit, per) = match nanos {
        0 => return "0s".to_owned(),
        1..1_000 => ("ns", 1),
        1_000..1_000_000 => ("µs", 1_000),
        1_000_000..1_000_000_000 => ("ms", 1_000_000),
        _ => ("s", 1_000_000_000),
    };
    if unit != "s" {
        return format!("{sign}{}{unit}", decimal(nanos, per));
    }
    let minutes = nanos / 60_000_000_000;
    let seconds = decimal(nanos % 60_000_000_000, per);
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{sign}{seconds}s"),
        (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
    }
}

/// `nanos / per`, without zeros at the end.
fn decimal(nanos: u64, per: u64) -> String {
    let (whole, rest) = (nanos / per, nanos % per);
    if rest == 0 {
        return whole.to_string();
    }
    let digits = per.ilog10() as usize;
    let fraction = format!("{rest:0digits$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

fn nanos_per(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = GoDuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as 10s or 1h30m")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<GoDuration, E> {
                parse(text).map(GoDuration).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written() {
        for (written, millis, shown) in [
            ("10s", 10_000, "10s"),
            ("1h30m", 5_400_000, "1h30m0s"),
            ("2.5s", 2_500, "2.5s"),
            ("-100ms", -100, "-100ms"),
            (".5m", 30_000, "30s"),
            ("0", 0, "0s"),
            ("61s", 61_000, "1m1s"),
        ] {
            assert_eq!(parse(written), Ok(Span::from_millis(millis)), "{written}");
            assert_eq!(text(Span::from_millis(millis)), shown);
        }
        assert_eq!(text(Span(1_500)), "1.5µs");
    }

    #[test]
    fn errors_are_those_of_go() {
        for (written, message) in [
            ("", "time: invalid duration \"\""),
            ("5", "time: missing unit in duration \"5\""),
            ("5 weeks", "time: unknown unit \" weeks\" in duration \"5 weeks\""),
            ("s", "time: invalid duration \"s\""),
            ("1.2.3s", "time: invalid duration \"1.2.3s\""),
        ] {
            assert_eq!(parse(written), Err(message.to_owned()));
        }
        assert!(parse(&"9".repeat(40)).is_err());
    }
}

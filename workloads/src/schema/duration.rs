//! Durations: `90s`, `1h30m`, `2d`, or a bare number of seconds.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;
use thiserror::Error;
use towtank_sim::time::Span;

/// A text that is no duration.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "`{0}` is not a duration: expected a number of seconds, or numbers with units out of d h m s ms us ns, such as 1h30m"
)]
pub struct DurationError(pub String);

/// A duration field of a schema, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DurationText(pub Span);

/// Reads a duration: Go's grammar with `d` for days beside it, or a bare number of seconds. Digits beyond a nanosecond
/// are cut.
///
/// # Errors
/// Another text, a negative one, or one longer than 292 years.
pub fn parse_duration(text: &str) -> Result<Span, DurationError> {
    parse(text).map(Span).ok_or_else(|| DurationError(text.to_owned()))
}

fn parse(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    if let Some(nanos) = number(rest, 1_000_000_000) {
        return i64::try_from(nanos).ok();
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (value, tail) = rest.split_at(digits);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        total = total.checked_add(number(value, nanos_per(unit)?)?)?;
        rest = tail;
    }
    if text.trim().is_empty() { None } else { i64::try_from(total).ok() }
}

/// A decimal number of `unit` nanoseconds.
fn number(text: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then_some(());
    digits(whole).and(digits(fraction))?;
    let kept = &fraction[..fraction.len().min(15)];
    let value: i128 = format!("0{whole}{kept}").parse().ok()?;
    Some(value.checked_mul(unit)? / 10_i128.pow(kept.len() as u32))
}

fn nanos_per(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return None,
    })
}

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DurationVisitor)
    }
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = DurationText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as 90s or 1h30m, or a number of seconds")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<DurationText, E> {
        parse_duration(text).map(DurationText).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<DurationText, E> {
        self.visit_str(&seconds.to_string())
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<DurationText, E> {
        self.visit_str(&seconds.to_string())
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<DurationText, E> {
        Span::try_from_secs_f64(seconds).map(DurationText).ok_or_else(|| E::custom(DurationError(seconds.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar() {
        let table = [
            ("90s", 90_000),
            ("1h30m", 5_400_000),
            ("2d", 172_800_000),
            ("90", 90_000),
            ("1.5", 1_500),
            (".5h", 1_800_000),
            ("250ms", 250),
            ("0", 0),
            ("1m0.5s", 60_500),
        ];
        for (text, millis) in table {
            assert_eq!(parse_duration(text), Ok(Span::from_millis(millis)), "{text}");
        }
        for bad in ["", " ", "-5s", "5x", "s", "1h30", "1 h", "1.2.3", ".", "1e3", "300000d"] {
            assert_eq!(parse_duration(bad), Err(DurationError(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn an_error_carries_line_and_column() {
        let error = serde_yaml::from_str::<Vec<DurationText>>("- 5m\n- 12\n- 5 weeks\n").unwrap_err();
        insta::assert_snapshot!(error, @".[2]: `5 weeks` is not a duration: expected a number of seconds, or numbers with units out of d h m s ms us ns, such as 1h30m at line 3 column 3");
    }
}

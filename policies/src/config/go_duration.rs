//! Durations as Go writes them: `10m`, `1h30m`, `1.5s`.

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use towtank_sim::time::Span;

/// A duration of at least 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GoDuration(pub(crate) Span);

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map(Self).ok_or_else(|| {
            D::Error::custom(format_args!(
                "`{text}` is not a duration: expected numbers with units, such as 10m or 1h30m"
            ))
        })
    }
}

fn parse(text: &str) -> Option<Span> {
    const UNITS: [(&str, f64); 7] =
        [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let mut rest = text;
    if rest == "0" {
        return Some(Span::ZERO);
    }
    let mut seconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let unit_end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let (_, scale) = UNITS.iter().find(|(unit, _)| *unit == &rest[..unit_end])?;
        seconds += number * scale;
        rest = &rest[unit_end..];
    }
    Span::try_from_secs_f64(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar() {
        for (text, seconds) in
            [("10m", 600.0), ("1h30m", 5400.0), ("1.5s", 1.5), ("250ms", 0.25), ("0", 0.0), ("0s", 0.0)]
        {
            assert_eq!(parse(text), Span::try_from_secs_f64(seconds), "{text}");
        }
        for bad in ["", "10", "m", "-1s", "1x", "1 s", "1s1"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}

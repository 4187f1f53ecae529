//! Durations as Go writes them, for `@every`.
//!
//! Source: Go's `time.ParseDuration`.

/// Nanoseconds of each unit.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The nanoseconds of a text such as `1h30m` or `-1.5h`.
///
/// # Errors
/// Go's words.
pub(super) fn nanoseconds(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut sum = 0_u128;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let known = UNITS.iter().find(|(name, _)| *name == unit);
        let (_, scale) = known.ok_or_else(|| format!("time: unknown unit {unit:?} in duration {text:?}"))?;
        let number =
            |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<u64>().ok().map(u128::from) };
        let whole = number(whole).ok_or_else(invalid)?;
        // Digits beyond the nineteenth change nothing that is left after the cut to nanoseconds.
        let fraction = &fraction[..fraction.len().min(19)];
        let part = number(fraction).ok_or_else(invalid)? * scale / 10_u128.pow(fraction.len() as u32);
        sum += whole * scale + part;
        if sum > u128::from(i64::MAX.unsigned_abs()) {
            return Err(invalid());
        }
        rest = after;
    }
    let sum = i64::try_from(sum).map_err(|_| invalid())?;
    Ok(if negative { -sum } else { sum })
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        let check = |text: &str, expected: Result<i64, &str>| {
            assert_eq!(nanoseconds(text), expected.map_err(str::to_owned), "{text}");
        };
        check("1h30m", Ok(5_400_000_000_000));
        check("1.5h", Ok(5_400_000_000_000));
        check("-2s", Ok(-2_000_000_000));
        check("+.5us", Ok(500));
        check("0", Ok(0));
        check("1", Err("time: missing unit in duration \"1\""));
        check("", Err("time: invalid duration \"\""));
        check("x", Err("time: invalid duration \"x\""));
        check(".s", Err("time: invalid duration \".s\""));
        check("1d", Err("time: unknown unit \"d\" in duration \"1d\""));
        check("3000000h", Err("time: invalid duration \"3000000h\""));
        check("99999999999999999999h", Err("time: invalid duration \"99999999999999999999h\""));
    }
}

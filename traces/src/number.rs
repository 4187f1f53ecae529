//! Exact numbers from text: no floating point on the way.

/// The nanoseconds of a second, as a power of ten.
pub(crate) const NANOS: u32 = 9;

/// Why a text is not the number asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// It is no plain decimal number.
    NotANumber,
    /// It has a minus sign.
    Negative,
    /// It has more decimals than are kept.
    TooFine,
    /// It does not fit.
    TooLarge,
}

impl NumberError {
    /// What is wrong, as a verb and its object.
    pub(crate) const fn problem(self) -> &'static str {
        match self {
            Self::NotANumber => "is not a number",
            Self::Negative => "is negative",
            Self::TooFine => "has too many decimals",
            Self::TooLarge => "is too large",
        }
    }
}

/// `digits` or `digits.digits` with at most `decimals` digits after the point, in units of 10^-`scale`. `decimals` is at
/// most `scale`.
pub(crate) fn decimal(text: &[u8], decimals: u32, scale: u32) -> Result<i64, NumberError> {
    match text.strip_prefix(b"-") {
        None => unsigned(text, decimals, scale),
        Some(rest) if unsigned(rest, decimals, scale) == Err(NumberError::NotANumber) => Err(NumberError::NotANumber),
        Some(_) => Err(NumberError::Negative),
    }
}

/// A whole number that is not negative.
pub(crate) fn whole(text: &[u8]) -> Result<i64, NumberError> {
    decimal(text, 0, 0)
}

/// A date and time without a time zone, such as `2017-10-09 07:01:55`, in nanoseconds since 1970 as if it were UTC; fractions of a
/// second are cut. `None` for what is no date, or none that can be counted so.
pub(crate) fn date_nanos(text: &str) -> Option<i64> {
    let date: jiff::civil::DateTime = text.parse().ok()?;
    let seconds = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    seconds.checked_mul(10_i64.pow(NANOS))
}

/// So many digits are kept of a number with an exponent or many decimals: more than any trace's numbers mean.
const DIGITS: usize = 19;

/// Any decimal number, with a sign, decimals and an exponent as programs print them, times `factor`, which is positive, rounded to
/// the nearest whole number, halves away from zero. It is exact for numbers of up to 19 digits.
pub(crate) fn times(text: &[u8], factor: i64) -> Result<i64, NumberError> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match text.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(e) => (&text[..e], exponent(&text[e + 1..])?),
        None => (text, 0),
    };
    let (mut value, mut scale, mut kept, mut any, mut point) = (0_i128, exponent, 0, false, false);
    for byte in mantissa {
        match byte {
            b'.' if !point => point = true,
            b'0'..=b'9' => {
                any = true;
                if kept < DIGITS {
                    value = value * 10 + i128::from(byte - b'0');
                    kept += usize::from(value > 0);
                    scale -= i32::from(point);
                } else {
                    scale += i32::from(!point);
                }
            }
            _ => return Err(NumberError::NotANumber),
        }
    }
    if !any || (point && mantissa.len() == 1) {
        return Err(NumberError::NotANumber);
    }
    let product = value * i128::from(factor);
    let result = match scale {
        0 => Some(product),
        1.. if value == 0 => Some(0),
        1.. => 10_i128.checked_pow(scale as u32).and_then(|power| product.checked_mul(power)),
        _ => match 10_i128.checked_pow(scale.unsigned_abs()) {
            Some(power) => Some((product + power / 2) / power),
            // Below half of anything that can be counted.
            None => Some(0),
        },
    };
    let result = result.and_then(|n| i64::try_from(n).ok()).ok_or(NumberError::TooLarge)?;
    Ok(if negative { -result } else { result })
}

fn exponent(text: &[u8]) -> Result<i32, NumberError> {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    match whole(digits) {
        Ok(n) => Ok(sign * n.min(1000) as i32),
        Err(_) => Err(NumberError::NotANumber),
    }
}

fn unsigned(text: &[u8], decimals: u32, scale: u32) -> Result<i64, NumberError> {
    short(text, decimals, scale).map_or_else(|| long(text, decimals, scale), Ok)
}

/// The same for texts whose digits and scale surely fit, as nearly all are; `None` for others and for what is no number.
#[inline]
fn short(text: &[u8], decimals: u32, scale: u32) -> Option<i64> {
    if text.len() + scale as usize > 18 {
        return None;
    }
    let (mut value, mut point) = (0, None);
    for (i, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => value = value * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() && i > 0 => point = Some(i),
            _ => return None,
        }
    }
    let digits = match point {
        Some(point) => text.len() - point - 1,
        None if text.is_empty() => return None,
        None => 0,
    };
    let is_plain = point.is_none() || (1..=decimals as usize).contains(&digits);
    is_plain.then(|| value * 10_i64.pow(scale - digits as u32))
}

/// Any text, digit by digit.
fn long(text: &[u8], decimals: u32, scale: u32) -> Result<i64, NumberError> {
    let (whole, fraction) = match text.iter().position(|b| *b == b'.') {
        Some(point) => (&text[..point], Some(&text[point + 1..])),
        None => (text, None),
    };
    let fraction = fraction.unwrap_or(b"0");
    if whole.is_empty() || fraction.is_empty() {
        return Err(NumberError::NotANumber);
    }
    if !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return Err(NumberError::NotANumber);
    }
    let digits = fraction.len() - fraction.iter().rev().take_while(|b| **b == b'0').count();
    if digits > decimals as usize {
        return Err(NumberError::TooFine);
    }
    let value = accumulate(0, whole).ok_or(NumberError::TooLarge)?;
    let value = accumulate(value, &fraction[..digits]).ok_or(NumberError::TooLarge)?;
    10_i64.checked_pow(scale - digits as u32).and_then(|p| value.checked_mul(p)).ok_or(NumberError::TooLarge)
}

fn accumulate(start: i64, digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(start, |n, digit| n.checked_mul(10)?.checked_add(i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use towtank_sim::time::SimTime;

    fn seconds(text: &str) -> Result<i64, NumberError> {
        decimal(text.as_bytes(), 6, NANOS)
    }

    #[test]
    fn seconds_are_exact() {
        assert_eq!(seconds("0"), Ok(0));
        assert_eq!(seconds("0.1"), Ok(100_000_000));
        assert_eq!(seconds("1.000001"), Ok(1_000_001_000));
        assert_eq!(seconds("12.5000000000000"), Ok(12_500_000_000));
        assert_eq!(seconds("9223372036.854775"), Ok(9_223_372_036_854_775_000));
    }

    #[test]
    fn what_is_no_number_of_seconds() {
        for bad in ["", ".", "1.", ".5", "1.2.3", "1e3", "+1", " 1", "0x1", "-", "--1", "-x", "nan", "inf", "1,5"] {
            assert_eq!(seconds(bad), Err(NumberError::NotANumber), "{bad}");
        }
        assert_eq!(seconds("-1"), Err(NumberError::Negative));
        assert_eq!(seconds("-0.5"), Err(NumberError::Negative));
        assert_eq!(seconds("0.0000001"), Err(NumberError::TooFine));
        assert_eq!(seconds("9223372036.854776"), Err(NumberError::TooLarge));
        assert_eq!(seconds(&"9".repeat(400)), Err(NumberError::TooLarge));
        assert_eq!(whole(b"1.5"), Err(NumberError::TooFine));
        assert_eq!(whole(b"9223372036854775807"), Ok(i64::MAX));
        assert_eq!(whole(b"9223372036854775808"), Err(NumberError::TooLarge));
    }

    #[test]
    fn dates_count_from_1970() {
        assert_eq!(date_nanos("1970-01-02 00:00:01"), Some(86_401_000_000_000));
        assert_eq!(date_nanos("2017-10-09T07:01:55"), Some(1_507_532_515_000_000_000));
        for bad in ["", "None", "2017-13-01 00:00:00", "2017-10-09 7 h", "1507532515", "9999-01-01 00:00:00"] {
            assert_eq!(date_nanos(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_of_programs_are_scaled_exactly() {
        for (text, factor, expected) in [
            ("0", 1000, 0),
            ("0.5", 64_000, 32_000),
            ("475.00000000000006", 1_000_000_000, 475_000_000_000),
            ("9.5e-05", 1_000_000, 95),
            ("1.5E+3", 2, 3000),
            ("-12.25", 100, -1225),
            ("0.0005", 1000, 1),
            ("0.00049", 1000, 0),
            ("1e-400", i64::MAX, 0),
            ("0e400", i64::MAX, 0),
            ("600.", 10, 6000),
            (".25", 100, 25),
            ("12345678901234567890123", 1, 0),
            ("0.000000000000000000000000000001", i64::MAX, 0),
        ] {
            let found = times(text.as_bytes(), factor);
            assert_eq!(found.unwrap_or(0), expected, "{text}");
            assert!(found.is_ok() || text.len() == 23, "{text}: {found:?}");
        }
        for bad in ["", ".", "-", "e5", "1e", "1e+", "1.2.3", "0x1", "nan", "inf", "1,5", "--1", "+1", " 1"] {
            assert_eq!(times(bad.as_bytes(), 1000), Err(NumberError::NotANumber), "{bad}");
        }
        assert_eq!(times(b"1e400", 1), Err(NumberError::TooLarge));
        assert_eq!(times(b"9223372036854775808", 1), Err(NumberError::TooLarge));
    }

    proptest! {
        #[test]
        fn any_number_is_what_it_is_as_a_fraction(whole in -1_000_000_000..1_000_000_000_i64, micros in 0..1_000_000_i64) {
            let text = format!("{whole}.{micros:06}");
            let sign = if whole < 0 { -1 } else { 1 };
            prop_assert_eq!(times(text.as_bytes(), 1_000_000), Ok(whole * 1_000_000 + sign * micros));
        }
        #[test]
        fn a_time_survives_being_written(micros in 0..=i64::MAX / 1000) {
            let time = SimTime(micros * 1000);
            prop_assert_eq!(seconds(&time.to_string()), Ok(time.0));
        }

        #[test]
        fn short_texts_are_what_long_ones_are(text in "[0-9.]{0,20}", decimals in 0..=NANOS) {
            if let Some(value) = short(text.as_bytes(), decimals, NANOS) {
                prop_assert_eq!(Ok(value), long(text.as_bytes(), decimals, NANOS));
            }
        }

        #[test]
        fn no_text_panics(text in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = decimal(&text, 6, NANOS);
            let _ = times(&text, i64::MAX);
        }
    }
}

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

fn unsigned(text: &[u8], decimals: u32, scale: u32) -> Result<i64, NumberError> {
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

    proptest! {
        #[test]
        fn a_time_survives_being_written(micros in 0..=i64::MAX / 1000) {
            let time = SimTime(micros * 1000);
            prop_assert_eq!(seconds(&time.to_string()), Ok(time.0));
        }

        #[test]
        fn no_text_panics(text in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = decimal(&text, 6, NANOS);
        }
    }
}

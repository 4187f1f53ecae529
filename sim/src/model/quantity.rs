//! Kubernetes quantities: `250m`, `1.5Gi`, `2e3`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use thiserror::Error;

/// A number as Kubernetes writes it, exact to a billionth (upstream keeps no finer digits either).
///
/// It remembers in which family of suffixes it was written, for printing only: `1Gi` equals `1073741824`.
///
/// Source: `apimachinery/pkg/api/resource/quantity.go`.
#[derive(Clone, Copy, Default)]
pub struct Quantity {
    /// The number of billionths, four times as large, and with it the format; by words, because it may then stand between others in
    /// lists of which there are many.
    words: [u64; 2],
}

/// The most billionths that a quantity counts.
const MOST: i128 = i128::MAX >> 2;

/// The family of suffixes in which a quantity is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    /// `m`, `k`, `M`, …
    #[default]
    DecimalSi,
    /// `Ki`, `Mi`, …
    BinarySi,
    /// `e3`, `e6`, …
    DecimalExponent,
}

/// Why a text is not a quantity.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum QuantityError {
    /// The text does not follow the grammar.
    #[error(
        "`{0}` is not a quantity: expected a number with an optional suffix out of n u m k M G T P E Ki Mi Gi Ti Pi Ei, \
         or an exponent such as e3"
    )]
    Grammar(String),
    /// The number does not fit a signed 64-bit count of its base unit.
    #[error("`{0}` is too large for a quantity")]
    Overflow(String),
}

impl Quantity {
    const fn new(nanos: i128, format: Format) -> Self {
        let nanos = if nanos > MOST {
            MOST
        } else if nanos < -MOST {
            -MOST
        } else {
            nanos
        };
        let bits = (nanos << 2 | format as i128) as u128;
        Self { words: [(bits >> 64) as u64, bits as u64] }
    }

    const fn bits(self) -> i128 {
        ((self.words[0] as u128) << 64 | self.words[1] as u128) as i128
    }

    const fn nanos(self) -> i128 {
        self.bits() >> 2
    }

    const fn format(self) -> Format {
        match self.bits() & 3 {
            0 => Format::DecimalSi,
            1 => Format::BinarySi,
            _ => Format::DecimalExponent,
        }
    }

    /// A whole number of the base unit.
    pub const fn from_units(units: i64) -> Self {
        Self::new(units as i128 * 1_000_000_000, Format::DecimalSi)
    }

    /// A number of thousandths of the base unit.
    pub const fn from_milli(milli: i64) -> Self {
        Self::new(milli as i128 * 1_000_000, Format::DecimalSi)
    }

    /// Whole base units, rounded up as upstream's `Value()` does.
    pub const fn value(self) -> i64 {
        div_ceil(self.nanos(), 1_000_000_000)
    }

    /// Thousandths, rounded up as upstream's `MilliValue()` does; more than an `i64` holds stops at its maximum.
    pub const fn milli_value(self) -> i64 {
        div_ceil(self.nanos(), 1_000_000)
    }

    /// The sum. It is printed as `self` was written, or as `other` where `self` is 0.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        let format = if self.is_zero() { other.format() } else { self.format() };
        Self::new(self.nanos().saturating_add(other.nanos()), format)
    }

    /// The difference, printed as [`Quantity::plus`] would be.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        self.plus(Self::new(-other.nanos(), other.format()))
    }

    /// Whether the number is 0.
    pub const fn is_zero(self) -> bool {
        self.nanos() == 0
    }

    /// Whether the number is below zero.
    pub const fn is_negative(self) -> bool {
        self.nanos() < 0
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos() == other.nanos()
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos().cmp(&other.nanos())
    }
}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos().hash(state);
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quantity").field("nanos", &self.nanos()).field("format", &self.format()).finish()
    }
}

impl fmt::Display for Quantity {
    /// Kubernetes' canonical form: the largest suffix that needs no fraction. Binary suffixes are used for whole numbers
    /// from 1024 on.
    ///
    /// Source: `CanonicalizeBytes` in the same file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
        const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
        let (nanos, format) = (self.nanos(), self.format());
        let units = nanos / 1_000_000_000;
        if format == Format::BinarySi && units.abs() >= 1024 && nanos % 1_000_000_000 == 0 {
            let (number, power) = strip_factors(units, 1024, BINARY.len() - 1);
            return write!(f, "{number}{}", BINARY[power]);
        }
        if nanos == 0 {
            return f.write_str("0");
        }
        let (number, power) = strip_factors(nanos, 1000, DECIMAL.len() - 1);
        match (format, 3 * power as i32 - 9) {
            (Format::DecimalExponent, 0) => write!(f, "{number}"),
            (Format::DecimalExponent, exponent) => write!(f, "{number}e{exponent}"),
            _ => write!(f, "{number}{}", DECIMAL[power]),
        }
    }
}

/// Divides by `factor` as long as nothing is lost, at most `most` times; the rest and how often.
fn strip_factors(mut number: i128, factor: i128, most: usize) -> (i128, usize) {
    let mut power = 0;
    while power < most && number % factor == 0 {
        number /= factor;
        power += 1;
    }
    (number, power)
}

const fn div_ceil(n: i128, d: i64) -> i64 {
    // Nearly all amounts are short, and to divide a long number takes long.
    let short = n as i64;
    if short as i128 == n {
        let quotient = short.div_euclid(d);
        return if short.rem_euclid(d) > 0 { quotient + 1 } else { quotient };
    }
    let d = d as i128;
    let quotient = n.div_euclid(d);
    let rounded = if n.rem_euclid(d) > 0 { quotient + 1 } else { quotient };
    if rounded > i64::MAX as i128 { i64::MAX } else { rounded as i64 }
}

impl std::str::FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let grammar = || QuantityError::Grammar(text.to_owned());
        let overflow = || QuantityError::Overflow(text.to_owned());
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(grammar());
        }
        let (multiplier, divisor) = scale(suffix).ok_or_else(grammar)?;

        // digits × 10^-len(fraction) × multiplier ÷ divisor, in nanos, rounded up (away from zero) at the last digit.
        let mut digits: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            digits =
                digits.checked_mul(10).and_then(|d| d.checked_add(i128::from(digit - b'0'))).ok_or_else(overflow)?;
        }
        let denominator = 10_i128
            .checked_pow(u32::try_from(fraction.len()).map_err(|_| overflow())?)
            .and_then(|d| d.checked_mul(divisor))
            .ok_or_else(overflow)?;
        let numerator =
            digits.checked_mul(multiplier).and_then(|n| n.checked_mul(1_000_000_000)).ok_or_else(overflow)?;
        let nanos = numerator / denominator + i128::from(numerator % denominator > 0);
        if nanos > i128::from(i64::MAX) * 1_000_000_000 {
            return Err(overflow());
        }
        let format = match suffix.as_bytes() {
            [_, b'i'] => Format::BinarySi,
            [b'e' | b'E', _, ..] => Format::DecimalExponent,
            _ => Format::DecimalSi,
        };
        Ok(Self::new(if negative { -nanos } else { nanos }, format))
    }
}

/// The factor that a suffix stands for, as (multiplier, divisor).
fn scale(suffix: &str) -> Option<(i128, i128)> {
    let decimal = |power: u32| Some((10_i128.pow(power), 1));
    let binary = |power: u32| Some((1_i128 << (10 * power), 1));
    match suffix {
        "" => Some((1, 1)),
        "n" => Some((1, 1_000_000_000)),
        "u" => Some((1, 1_000_000)),
        "m" => Some((1, 1_000)),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
            Some(if exponent < 0 { (1, power) } else { (power, 1) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, value: i64, milli: i64) {
        let q: Quantity = text.parse().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((q.value(), q.milli_value()), (value, milli), "{text}");
    }

    #[test]
    fn the_grammar() {
        check("0", 0, 0);
        check("250m", 1, 250);
        check("1.5", 2, 1500);
        check(".5", 1, 500);
        check("5.", 5, 5000);
        check("+3", 3, 3000);
        check("-1500m", -1, -1500);
        check("1Ki", 1024, 1_024_000);
        check("1.5Gi", 1_610_612_736, 1_610_612_736_000);
        check("2e3", 2000, 2_000_000);
        check("2E-3", 1, 2);
        check("1n", 1, 1);
    }

    #[test]
    fn the_canonical_form() {
        let check = |text: &str, canonical: &str| {
            assert_eq!(text.parse::<Quantity>().unwrap().to_string(), canonical, "{text}");
        };
        check("0", "0");
        check("0Gi", "0");
        check("0.5", "500m");
        check("1000m", "1");
        check("1500m", "1500m");
        check("12000", "12k");
        check("-12000", "-12k");
        check("1.5Gi", "1536Mi");
        check("1024Mi", "1Gi");
        check("1023Ki", "1023Ki");
        check("0.5Ki", "512");
        check("1.0005Ki", "1024512m");
        check("2e3", "2e3");
        check("2E0", "2");
    }

    #[test]
    fn the_way_of_writing_is_for_printing_only() {
        let [binary, decimal]: [Quantity; 2] = ["1Ki", "1024"].map(|text| text.parse().unwrap());
        assert_eq!(binary, decimal);
        assert_eq!(binary.plus(decimal).to_string(), "2Ki");
        assert_eq!(decimal.plus(binary).to_string(), "2048");
        assert_eq!(Quantity::default().plus(binary).to_string(), "1Ki");
        assert_eq!(binary.minus(decimal).to_string(), "0");
    }

    #[test]
    fn what_is_not_a_quantity() {
        for bad in ["", "2x", "m", ".", "1.2.3", "1 Gi", "1gi", "0x10", "e3", "1e", "--1", "∞"] {
            assert!(matches!(bad.parse::<Quantity>(), Err(QuantityError::Grammar(_))), "{bad}");
        }
        for large in ["10E", "1e30", "99999999999999999999999999999999999999999999"] {
            assert!(large.parse::<Quantity>().is_err(), "{large}");
        }
    }
}

//! A field of a table, before it is text or a number of a file.

use std::borrow::Cow;
use std::io::Write as _;

/// What is in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Texts.
    Text,
    /// Whole numbers.
    Whole,
    /// Times in seconds.
    Seconds,
    /// Shares from 0 to 1.
    Fraction,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub name: Cow<'static, str>,
    /// What is in it.
    pub kind: Kind,
}

/// A field, of the kind of its column or blank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Not known, or never happened.
    Blank,
    /// A text; an empty one says as little as a blank.
    Text(&'a str),
    /// A whole number.
    Whole(i64),
    /// A time, in nanoseconds.
    Seconds(i64),
    /// A share.
    Fraction(f64),
}

impl Cell<'_> {
    /// A time in nanoseconds, or a blank.
    pub fn seconds(nanoseconds: Option<i64>) -> Self {
        nanoseconds.map_or(Cell::Blank, Cell::Seconds)
    }

    /// A share, or a blank.
    pub fn fraction(fraction: Option<f64>) -> Self {
        fraction.map_or(Cell::Blank, Cell::Fraction)
    }

    /// Whether it says nothing.
    pub fn is_blank(&self) -> bool {
        matches!(self, Cell::Blank | Cell::Text(""))
    }

    /// Appends it as it is in CSV: a text in quotation marks where it has a comma, a quotation mark or an end of a line.
    #[inline]
    pub(super) fn write(&self, into: &mut Vec<u8>) {
        match *self {
            Cell::Blank => {}
            Cell::Text(text) => write_text(text, into),
            Cell::Whole(number) => write_whole(number, into),
            Cell::Seconds(nanoseconds) => write_seconds(nanoseconds, into),
            // Writing into memory never fails.
            Cell::Fraction(fraction) => drop(write!(into, "{fraction:.6}")),
        }
    }
}

fn write_text(text: &str, into: &mut Vec<u8>) {
    // Without a branch for each byte, so that many are looked at at once.
    let special = text.bytes().fold(false, |any, byte| any | matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if special {
        into.push(b'"');
        into.extend(text.bytes().flat_map(|byte| std::iter::repeat_n(byte, 1 + usize::from(byte == b'"'))));
        into.push(b'"');
    } else {
        into.extend_from_slice(text.as_bytes());
    }
}

/// Appends a whole number.
pub(crate) fn write_whole(number: i64, into: &mut Vec<u8>) {
    if number < 0 {
        into.push(b'-');
    }
    write_digits(number.unsigned_abs(), 1, into);
}

/// Seconds with six decimals, rounded half away from zero.
fn write_seconds(nanoseconds: i64, into: &mut Vec<u8>) {
    let micros = (nanoseconds.unsigned_abs() + 500) / 1000;
    if nanoseconds < 0 && micros > 0 {
        into.push(b'-');
    }
    write_digits(micros / 1_000_000, 1, into);
    into.push(b'.');
    write_digits(micros % 1_000_000, 6, into);
}

/// Appends a number with at least so many digits, of which twenty may be asked for.
pub(crate) fn write_digits(mut number: u64, least: usize, into: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    while number > 0 {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    into.extend_from_slice(&digits[first.min(digits.len() - least)..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_they_are_read() {
        let table = [
            (Cell::Seconds(1_500_000_000), "1.500000"),
            (Cell::Seconds(-1_500), "-0.000002"),
            (Cell::Seconds(-400), "0.000000"),
            (Cell::Seconds(i64::MIN), "-9223372036.854776"),
            (Cell::Whole(0), "0"),
            (Cell::Whole(i64::MIN), "-9223372036854775808"),
            (Cell::Fraction(2.0 / 3.0), "0.666667"),
            (Cell::Blank, ""),
            (Cell::Text("plain text"), "plain text"),
            (Cell::Text("a \"b\", c\n"), "\"a \"\"b\"\", c\n\""),
        ];
        for (cell, expected) in table {
            let mut text = Vec::new();
            cell.write(&mut text);
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }
}

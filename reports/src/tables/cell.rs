//! A field of a table, before it is text or a number of a file.

use crate::units::csv_seconds;
use std::borrow::Cow;
use std::fmt::Write as _;

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

    /// Writes it as it is in CSV.
    pub(super) fn write(&self, into: &mut String) {
        // Writing into a text never fails.
        let _ = match self {
            Cell::Blank => Ok(()),
            Cell::Text(text) => into.write_str(text),
            Cell::Whole(number) => write!(into, "{number}"),
            Cell::Seconds(nanoseconds) => into.write_str(&csv_seconds(*nanoseconds)),
            Cell::Fraction(fraction) => write!(into, "{fraction:.6}"),
        };
    }
}

//! What a figure shows, as a table: the CSV beside every picture, from which anyone can draw it anew.

use crate::tables::{write_digits, write_whole};
use std::io::Write as _;

/// A table of columns with units, all of one length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FigureData {
    columns: Vec<DataColumn>,
}

/// A named column.
#[derive(Debug, Clone, PartialEq)]
pub struct DataColumn {
    /// What it has, in plain words.
    pub name: String,
    /// The unit of its numbers, such as `s`, `%` or `GiB`; empty for words and counts.
    pub unit: String,
    /// A value for each row.
    pub values: DataValues,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum DataValues {
    /// Numbers; `None` where there is none.
    Numbers(Vec<Option<f64>>),
    /// Words.
    Words(Vec<String>),
}

impl FigureData {
    /// A table with these columns.
    pub fn new(columns: Vec<DataColumn>) -> Self {
        let rows = columns.first().map_or(0, |column| column.values.len());
        assert!(columns.iter().all(|column| column.values.len() == rows), "the columns of a table are of one length");
        Self { columns }
    }

    /// Its columns, in order.
    pub fn columns(&self) -> &[DataColumn] {
        &self.columns
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    /// The headers of its columns: names in lower case with their units, `scheduling_latency_s`; none is there twice.
    pub fn headers(&self) -> Vec<String> {
        let mut headers: Vec<String> = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let header = column.header();
            let numbered = (2..).map(|number| format!("{header}_{number}"));
            let free = std::iter::once(header.clone()).chain(numbered).find(|header| !headers.contains(header));
            headers.extend(free);
        }
        headers
    }

    /// The table as CSV. Numbers have at most twelve digits; what is not there is an empty field.
    pub fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.headers()).expect("into memory");
        let mut digits = Vec::new();
        for row in 0..self.rows() {
            for column in &self.columns {
                digits.clear();
                writer.write_field(column.values.text(row, &mut digits)).expect("into memory");
            }
            writer.write_record(None::<&[u8]>).expect("rows of one length, into memory");
        }
        writer.into_inner().expect("memory takes everything")
    }
}

impl DataColumn {
    /// A column of numbers in a unit.
    pub fn numbers(name: impl Into<String>, unit: impl Into<String>, values: Vec<Option<f64>>) -> Self {
        Self { name: name.into(), unit: unit.into(), values: DataValues::Numbers(values) }
    }

    /// A column of words.
    pub fn words(name: impl Into<String>, values: Vec<String>) -> Self {
        Self { name: name.into(), unit: String::new(), values: DataValues::Words(values) }
    }

    /// A column of numbers that is called as an axis is: `wait (s)` is a wait in seconds.
    pub fn labelled(label: &str, values: Vec<Option<f64>>) -> Self {
        let (name, unit) = name_and_unit(label);
        Self::numbers(name, unit, values)
    }

    fn header(&self) -> String {
        let mut words = slug(&self.name);
        let unit = slug(&self.unit);
        if !unit.is_empty() && words != unit && !words.ends_with(&format!("_{unit}")) {
            words = if words.is_empty() { unit } else { format!("{words}_{unit}") };
        }
        if words.is_empty() { "value".to_owned() } else { words }
    }
}

impl DataValues {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Words(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of a value, which is written to `digits` where it is a number.
    fn text<'t>(&'t self, row: usize, digits: &'t mut Vec<u8>) -> &'t [u8] {
        match self {
            Self::Numbers(values) => {
                if let Some(value) = values[row] {
                    write_number(value, digits);
                }
                digits
            }
            Self::Words(values) => values[row].as_bytes(),
        }
    }
}

/// What is measured, and in which unit: of `wait (s)` both parts.
pub(crate) fn name_and_unit(label: &str) -> (&str, &str) {
    let parts = label.strip_suffix(')').and_then(|label| label.rsplit_once(" ("));
    parts.unwrap_or((label, ""))
}

/// Letters and digits in lower case, all else as single underscores.
fn slug(text: &str) -> String {
    let text = text.replace('%', " percent ").replace('µ', "u");
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

/// How many digits a number has at most.
const DIGITS: usize = 12;

/// Powers of ten, of which all are exact.
const TENS: [f64; 18] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17];

/// Writes a number: at most twelve digits, without superfluous ones.
fn write_number(number: f64, into: &mut Vec<u8>) {
    let size = number.abs();
    if size < 1e12 && number.fract() == 0.0 {
        // There is no negative zero in a table.
        write_whole(number as i64, into);
    } else if let Some((digits, after_point)) = rounded(size) {
        into.extend_from_slice(if number < 0.0 { b"-" } else { b"" });
        let unit = 10_u64.pow(after_point);
        write_digits(digits / unit, 1, into);
        if after_point > 0 {
            into.push(b'.');
            write_digits(digits % unit, after_point as usize, into);
        }
    } else {
        // Read back what was rounded, for its zeros at the end to be left out.
        let rounded: f64 = format!("{number:.*e}", DIGITS - 1).parse().unwrap_or(number);
        let is_plain = (1e-6..1e16).contains(&rounded.abs());
        // Writing into memory never fails.
        let _ = if is_plain { write!(into, "{rounded}") } else { write!(into, "{rounded:e}") };
    }
}

/// The digits of a number as a whole one, of which so many are after the point and the last one of them is no zero. `None` of numbers that are
/// very small or large, and of those so near the middle of two of twelve digits that it takes more to tell which is nearer.
fn rounded(size: f64) -> Option<(u64, u32)> {
    if !(1e-5..1e11).contains(&size) {
        return None;
    }
    let before_point = TENS.iter().take_while(|ten| **ten <= size).count();
    // A number below one has zeros after the point that do not count.
    let zeros = if size < 1.0 { TENS.iter().skip(1).take_while(|ten| size * **ten < 1.0).count() } else { 0 };
    let mut after_point = DIGITS + zeros - before_point;
    let scaled = size * TENS.get(after_point)?;
    // Less than 10^12, so that the product is wrong by less than 0.0002.
    if (scaled.fract() - 0.5).abs() < 0.001 {
        return None;
    }
    let mut digits = (scaled + 0.5) as u64;
    while after_point > 0 && digits.is_multiple_of(10) {
        digits /= 10;
        after_point -= 1;
    }
    Some((digits, after_point as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_have_units_and_no_name_is_there_twice() {
        let data = FigureData::new(vec![
            DataColumn::words("policy", vec!["a, b".to_owned()]),
            DataColumn::numbers("time", "s", vec![Some(1e7 + 1e-3)]),
            DataColumn::labelled("arrived demand (% of GPUs)", vec![Some(0.1 + 0.2)]),
            DataColumn::labelled("pods", vec![None]),
            DataColumn::numbers("Memory: allocated", "GiB", vec![Some(-0.0)]),
            DataColumn::numbers("Pods", "pods", vec![Some(1e300)]),
            DataColumn::numbers("§", "", vec![Some(f64::MAX)]),
        ]);
        let text = String::from_utf8(data.csv()).unwrap();
        let (headers, row) = text.trim_end().split_once('\n').unwrap();
        assert_eq!(headers, "policy,time_s,arrived_demand_percent_of_gpus,pods,memory_allocated_gib,pods_2,value");
        assert!(row == "\"a, b\",10000000.001,0.3,,0,1e300,1.79769313486e308", "{row}");
    }

    #[test]
    fn numbers_are_short_and_rounded() {
        let plain = |number: f64| -> String {
            let rounded: f64 = format!("{number:.11e}").parse().unwrap();
            let size = rounded.abs();
            let is_plain = size == 0.0 || (1e-6..1e16).contains(&size);
            if is_plain { (rounded + 0.0).to_string() } else { format!("{rounded:e}") }
        };
        let mut numbers = vec![0.0, -0.0, 1.0, -1.5, 1e12 - 0.5, 999_999_999_999.0, 1e15 + 0.3, 1e16, 1e-7];
        for power in -20..20 {
            let ten = libm::pow(10.0, f64::from(power));
            numbers.extend(
                [1.0, 1.25, 2.0 / 3.0, 9.999_999_999_995, 9.999_999_999_999_999, 1.000_000_000_001].map(|n| n * ten),
            );
            numbers.extend([ten.next_down(), ten.next_up(), -ten * 1.1]);
        }
        // Many of no particular kind, and some in the middle of two of twelve digits.
        let mut bits = 1_u64;
        numbers.extend((0..20_000).map(|place| {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let fraction = (bits >> 11) as f64 / (1_u64 << 53) as f64;
            let size = libm::pow(10.0, f64::from(place % 24 - 8));
            if place % 3 == 0 { (libm::floor(fraction * 1e12) + 0.5) / 1e12 * size } else { (fraction - 0.5) * size }
        }));
        for number in numbers {
            let mut text = Vec::new();
            write_number(number, &mut text);
            assert_eq!(String::from_utf8(text).unwrap(), plain(number), "{number:e}");
        }
    }

    #[test]
    fn an_empty_table_has_its_header() {
        let data = FigureData::new(vec![DataColumn::numbers("time", "s", Vec::new())]);
        assert_eq!(data.csv(), b"time_s\n");
        assert_eq!(FigureData::default().headers(), Vec::<String>::new());
    }
}

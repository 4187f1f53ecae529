//! One column of a pack: numbers or texts as bytes.

/// A column that is filled by and by.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) count: usize,
    pub(super) bytes: Vec<u8>,
    /// The last number, of a column of differences.
    last: Option<i64>,
}

/// Floating-point numbers are often whole numbers of one of these parts of one: of things, of thousandths of a CPU, of bytes of a GiB, of
/// nanoseconds of a second.
const PARTS: [i64; 4] = [1, 1000, 1 << 30, 1_000_000_000];

/// Differences of whole numbers below this are exact as floating-point numbers too, which is how a script adds them up.
const EXACT: i64 = 1 << 52;

impl Column {
    /// One of whole numbers, small ones in few bytes.
    pub(super) fn integers(name: &str) -> Self {
        Self::new(name, "integers")
    }

    /// One of whole numbers that are near their predecessors.
    pub(super) fn deltas(name: &str) -> Self {
        Self { last: Some(0), ..Self::new(name, "deltas") }
    }

    /// One of texts.
    pub(super) fn of_texts(name: &str) -> Self {
        Self::new(name, "texts")
    }

    /// One of anything as JSON.
    pub(super) fn json(name: &str, text: Vec<u8>) -> Self {
        Self { count: 1, bytes: text, ..Self::new(name, "json") }
    }

    /// One of these 64-bit floating-point numbers, of which every bit is kept: as whole numbers where they are quotients of such.
    pub(super) fn floats(name: &str, values: &[f64]) -> Self {
        if let Some(quotients) = PARTS.iter().find_map(|parts| Self::quotients(name, values, *parts)) {
            return quotients;
        }
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { count: values.len(), bytes, ..Self::new(name, "floats") }
    }

    /// The divisor, then the differences of the whole numbers that are divided by it.
    fn quotients(name: &str, values: &[f64], parts: i64) -> Option<Self> {
        let whole = |value: &f64| {
            let whole = (value * parts as f64).round_ties_even() as i64;
            let is_exact = (whole as f64 / parts as f64).to_bits() == value.to_bits();
            (is_exact && whole.abs() < EXACT).then_some(whole)
        };
        // Most that are none have one that is none among the first.
        let wholes: Vec<i64> = values.iter().map(whole).collect::<Option<_>>()?;
        let mut column = Self::new(name, "quotients");
        column.numbers([parts].into_iter());
        column.last = Some(0);
        column.numbers(wholes.into_iter());
        column.count = values.len();
        Some(column)
    }

    /// The next numbers.
    pub(super) fn numbers(&mut self, values: impl ExactSizeIterator<Item = i64>) {
        self.count += values.len();
        let bytes = &mut self.bytes;
        match &mut self.last {
            None => values.for_each(|value| write_integer(bytes, value)),
            Some(last) => {
                values.for_each(|value| {
                    let before = std::mem::replace(last, value);
                    write_integer(bytes, value.wrapping_sub(before));
                });
            }
        }
    }

    /// The next texts.
    pub(super) fn texts<'t>(&mut self, texts: impl Iterator<Item = &'t str>) {
        for text in texts {
            // The one character that parts them cannot be in them.
            self.bytes.extend(text.bytes().map(|byte| if byte == 0 { b' ' } else { byte }));
            self.bytes.push(0);
            self.count += 1;
        }
    }

    fn new(name: &str, kind: &'static str) -> Self {
        Self { name: name.to_owned(), kind, count: 0, bytes: Vec::new(), last: None }
    }
}

/// Seven bits a byte, the least significant first; the sign in the lowest bit.
fn write_integer(body: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        body.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    body.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the script reads them.
    fn read(column: &Column) -> Vec<f64> {
        if column.kind == "floats" {
            return column.bytes.chunks(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect();
        }
        let mut bytes = column.bytes.iter().map(|byte| u64::from(*byte));
        let mut numbers = Vec::new();
        while let Some(mut byte) = bytes.next() {
            let (mut value, mut shift) = (byte & 127, 7);
            while byte > 127 {
                byte = bytes.next().unwrap();
                value |= (byte & 127) << shift;
                shift += 7;
            }
            numbers.push((value >> 1) as f64 * if value & 1 == 0 { 1.0 } else { -1.0 } - (value & 1) as f64);
        }
        let mut sum = 0.0;
        let divisor = numbers.remove(0);
        let sums = numbers.into_iter().map(|difference| {
            sum += difference;
            sum / divisor
        });
        sums.collect()
    }

    #[test]
    fn every_bit_of_floats_is_kept() {
        let largest = (EXACT - 1) as f64;
        let cases: [(&[f64], &str); 10] = [
            (&[], "quotients"),
            (&[3.0, 0.0, -7.0, 1e15, largest, -largest, largest], "quotients"),
            (&[0.1, 2.345, -1000.001, 7.0], "quotients"),
            (&[0.5, 1.0 / 1024.0, 21.457_031_25], "quotients"),
            (&[0.134_4, 1e-9, 86_400.000_000_001], "quotients"),
            (&[0.1 + 0.2], "floats"),
            (&[1.0, -0.0], "floats"),
            (&[1.0, f64::NAN], "floats"),
            (&[f64::INFINITY, f64::MIN, f64::MIN_POSITIVE], "floats"),
            (&[largest + 1.0], "floats"),
        ];
        for (values, kind) in cases {
            let column = Column::floats("a", values);
            assert_eq!((column.kind, column.count), (kind, values.len()), "{values:?}");
            let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&read(&column)), bits(values), "{values:?}");
        }
    }
}

//! Columns of numbers and texts as one compressed text that stands in a page.
//!
//! The text is Base64 of a zlib stream (RFC 1950) of: the length of the header (four bytes, little-endian), the header (JSON: a list of
//! `[name, kind, count, bytes]`), then the columns one after another. `assets/page/unpack.js` reads it. The compressor is the
//! one written in Rust, whatever else of the program compresses: its output is the same on every machine.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;

/// Compression level: the one that needs least time. The others make a page a twentieth smaller, and take several times as long.
const LEVEL: u8 = 1;

/// Columns by name.
#[derive(Debug, Default)]
pub(super) struct Pack(Vec<Column>);

impl Pack {
    /// A column of whole numbers, small ones in few bytes.
    pub(super) fn integers(&mut self, name: &str, values: impl Iterator<Item = i64>) {
        self.numbers(Column::integers(name), values);
    }

    /// A column of whole numbers that are near their predecessors.
    pub(super) fn deltas(&mut self, name: &str, values: impl Iterator<Item = i64>) {
        self.numbers(Column::deltas(name), values);
    }

    /// A column of 64-bit floating-point numbers.
    pub(super) fn floats(&mut self, name: &str, values: impl Iterator<Item = f64>) {
        let mut column = Column::new(name, "floats");
        for value in values {
            column.push(|bytes| bytes.extend_from_slice(&value.to_le_bytes()));
        }
        self.add(column);
    }

    /// A column of texts.
    pub(super) fn texts<'t>(&mut self, name: &str, values: impl Iterator<Item = &'t str>) {
        let mut column = Column::texts(name);
        values.for_each(|text| column.text(text));
        self.add(column);
    }

    /// Anything as JSON.
    pub(super) fn json(&mut self, name: &str, value: &impl Serialize) {
        let text = serde_json::to_vec(value).expect("what a page tells has only string keys");
        self.add(Column { count: 1, bytes: text, ..Column::new(name, "json") });
    }

    /// A column that was filled by itself.
    pub(super) fn add(&mut self, column: Column) {
        self.0.push(column);
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        let header: Vec<_> = self.0.iter().map(|it| (&it.name, it.kind, it.count, it.bytes.len())).collect();
        let header = serde_json::to_vec(&header).expect("names and numbers");
        let length = u32::try_from(header.len()).expect("a header is short").to_le_bytes();
        let parts = [&length[..], &header].into_iter().chain(self.0.iter().map(|column| &column.bytes[..]));
        let all = parts.collect::<Vec<_>>().concat();
        BASE64.encode(miniz_oxide::deflate::compress_to_vec_zlib(&all, LEVEL))
    }

    fn numbers(&mut self, mut column: Column, values: impl Iterator<Item = i64>) {
        values.for_each(|value| column.number(value));
        self.add(column);
    }
}

/// A column that is filled value by value.
#[derive(Debug)]
pub(super) struct Column {
    name: String,
    kind: &'static str,
    count: usize,
    bytes: Vec<u8>,
    /// The last number, of a column of differences.
    last: Option<i64>,
}

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
    pub(super) fn texts(name: &str) -> Self {
        Self::new(name, "texts")
    }

    /// The next number.
    pub(super) fn number(&mut self, value: i64) {
        let before = self.last.as_mut().map_or(0, |last| std::mem::replace(last, value));
        self.push(|bytes| write_integer(bytes, value.wrapping_sub(before)));
    }

    /// The next text.
    pub(super) fn text(&mut self, text: &str) {
        self.push(|bytes| {
            // The one character that parts them cannot be in them.
            bytes.extend(text.bytes().map(|byte| if byte == 0 { b' ' } else { byte }));
            bytes.push(0);
        });
    }

    fn new(name: &str, kind: &'static str) -> Self {
        Self { name: name.to_owned(), kind, count: 0, bytes: Vec::new(), last: None }
    }

    fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.count += 1;
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

    #[test]
    fn columns_follow_their_header() {
        let mut pack = Pack::default();
        pack.integers("a", [0, -1, 1, 64, i64::MIN].into_iter());
        pack.deltas("b", [5, 6, 4].into_iter());
        pack.texts("c", ["x\0", "</script>"].into_iter());
        let bytes = BASE64.decode(pack.finish()).unwrap();
        let all = miniz_oxide::inflate::decompress_to_vec_zlib(&bytes).unwrap();
        let header = r#"[["a","integers",5,15],["b","deltas",3,3],["c","texts",2,13]]"#;
        assert_eq!(all[..4], (header.len() as u32).to_le_bytes());
        assert_eq!(&all[4..4 + header.len()], header.as_bytes());
        let body = &all[4 + header.len()..];
        assert_eq!(body[..5], [0, 1, 2, 0x80, 1]);
        assert_eq!(body[15..18], [10, 2, 3]);
        assert_eq!(&body[18..], b"x \0</script>\0");
    }
}

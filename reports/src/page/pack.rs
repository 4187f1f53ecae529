//! Columns of numbers and texts as one compressed text that stands in a page.
//!
//! The text is Base64 of a zlib stream (RFC 1950) of: the length of the header (four bytes, little-endian), the header (JSON: a list of
//! `[name, kind, count, bytes]`), then the columns one after another. `assets/page/unpack.js` reads it. The compressor is the
//! one written in Rust, whatever else of the program compresses: its output is the same on every machine.

use super::column::Column;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use std::fmt;

/// Compression level: the one that needs least time. The others make a page a twentieth smaller, and take several times as long.
const LEVEL: u8 = 1;

/// Columns by name.
#[derive(Debug, Default)]
pub(super) struct Pack(Vec<Column>);

impl Pack {
    /// A column of whole numbers, small ones in few bytes.
    pub(super) fn integers(&mut self, name: &str, values: impl ExactSizeIterator<Item = i64>) {
        let mut column = Column::integers(name);
        column.numbers(values);
        self.add(column);
    }

    /// A column of whole numbers that are near their predecessors.
    pub(super) fn deltas(&mut self, name: &str, values: impl ExactSizeIterator<Item = i64>) {
        let mut column = Column::deltas(name);
        column.numbers(values);
        self.add(column);
    }

    /// A column of floating-point numbers.
    pub(super) fn floats(&mut self, name: &str, values: &[f64]) {
        self.add(Column::floats(name, values));
    }

    /// A column of texts.
    pub(super) fn texts<'t>(&mut self, name: &str, values: impl Iterator<Item = &'t str>) {
        let mut column = Column::of_texts(name);
        column.texts(values);
        self.add(column);
    }

    /// Anything as JSON.
    pub(super) fn json(&mut self, name: &str, value: &impl Serialize) {
        let text = serde_json::to_vec(value).expect("what a page tells has only string keys");
        self.add(Column::json(name, text));
    }

    /// A column that was filled by itself.
    pub(super) fn add(&mut self, column: Column) {
        self.0.push(column);
    }

    /// What stands in a page.
    pub(super) fn finish(self) -> Packed {
        let header: Vec<_> = self.0.iter().map(|it| (&it.name, it.kind, it.count, it.bytes.len())).collect();
        let header = serde_json::to_vec(&header).expect("names and numbers");
        let length = u32::try_from(header.len()).expect("a header is short").to_le_bytes();
        let parts = [&length[..], &header].into_iter().chain(self.0.iter().map(|column| &column.bytes[..]));
        let all = parts.collect::<Vec<_>>().concat();
        Packed(miniz_oxide::deflate::compress_to_vec_zlib(&all, LEVEL))
    }
}

/// A finished pack, which is written as its text.
#[derive(Debug)]
pub(super) struct Packed(Vec<u8>);

impl Packed {
    /// How long its text is.
    pub(super) fn length(&self) -> usize {
        base64::encoded_len(self.0.len(), true).unwrap_or_default()
    }
}

impl fmt::Display for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Base64Display::new(&self.0, &BASE64).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;

    #[test]
    fn columns_follow_their_header() {
        let mut pack = Pack::default();
        pack.integers("a", [0, -1, 1, 64, i64::MIN].into_iter());
        pack.deltas("b", [5, 6, 4].into_iter());
        pack.texts("c", ["x\0", "</script>"].into_iter());
        let packed = pack.finish();
        let text = packed.to_string();
        assert_eq!(text.len(), packed.length());
        let bytes = BASE64.decode(text).unwrap();
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

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
pub(super) struct Pack {
    columns: Vec<(String, &'static str, usize, usize)>,
    body: Vec<u8>,
}

impl Pack {
    /// A column of whole numbers, small ones in few bytes.
    pub(super) fn integers(&mut self, name: &str, values: impl ExactSizeIterator<Item = i64>) {
        self.column(name, "integers", values.len(), |body| values.for_each(|value| write_integer(body, value)));
    }

    /// A column of whole numbers that are near their predecessors.
    pub(super) fn deltas(&mut self, name: &str, values: impl ExactSizeIterator<Item = i64>) {
        let mut last = 0i64;
        let differences = values.map(|value| {
            let difference = value.wrapping_sub(last);
            last = value;
            difference
        });
        self.column(name, "deltas", differences.len(), |body| differences.for_each(|one| write_integer(body, one)));
    }

    /// A column of 64-bit floating-point numbers.
    pub(super) fn floats(&mut self, name: &str, values: impl ExactSizeIterator<Item = f64>) {
        self.column(name, "floats", values.len(), |body| {
            values.for_each(|value| body.extend_from_slice(&value.to_le_bytes()));
        });
    }

    /// A column of texts.
    pub(super) fn texts<'t>(&mut self, name: &str, values: impl ExactSizeIterator<Item = &'t str>) {
        self.column(name, "texts", values.len(), |body| {
            for text in values {
                // The one character that parts them cannot be in them.
                body.extend(text.bytes().map(|byte| if byte == 0 { b' ' } else { byte }));
                body.push(0);
            }
        });
    }

    /// Anything as JSON.
    pub(super) fn json(&mut self, name: &str, value: &impl Serialize) {
        let text = serde_json::to_vec(value).expect("what a page tells has only string keys");
        self.column(name, "json", 1, |body| body.extend_from_slice(&text));
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        let header = serde_json::to_vec(&self.columns).expect("names and numbers");
        let mut all = u32::try_from(header.len()).expect("a header is short").to_le_bytes().to_vec();
        all.extend_from_slice(&header);
        all.extend_from_slice(&self.body);
        BASE64.encode(miniz_oxide::deflate::compress_to_vec_zlib(&all, LEVEL))
    }

    fn column(&mut self, name: &str, kind: &'static str, count: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.body.len();
        write(&mut self.body);
        self.columns.push((name.to_owned(), kind, count, self.body.len() - start));
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

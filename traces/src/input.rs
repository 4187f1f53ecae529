//! Opened files, unpacked where they are compressed.

use crate::error::TraceError;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

/// The first bytes of every gzip member (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

const BUFFER: usize = 1 << 16;

/// The bytes of a trace and the name by which messages call them.
pub struct Input {
    pub(crate) file: Arc<str>,
    pub(crate) reader: Box<dyn Read + Send>,
}

impl Input {
    /// Opens a file. Whether it is gzip is read from its first bytes; several members in a row are one file.
    ///
    /// # Errors
    /// The file is not there, is a directory or may not be read.
    pub fn open(path: &Path) -> Result<Self, TraceError> {
        let file: Arc<str> = path.display().to_string().into();
        let failed = |source| TraceError::Open { file: Arc::clone(&file), source };
        let reader = File::open(path).map_err(failed)?;
        let reader = unpack(BufReader::with_capacity(BUFFER, reader)).map_err(failed)?;
        Ok(Self { file, reader })
    }

    /// Bytes that are in memory already, gzip or not, under the name that messages shall give them.
    pub fn from_bytes(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let cursor = Cursor::new(bytes.into());
        let is_gzip = cursor.get_ref().starts_with(&GZIP_MAGIC);
        let reader: Box<dyn Read + Send> =
            if is_gzip { Box::new(MultiGzDecoder::new(cursor)) } else { Box::new(cursor) };
        Self { file: name.into(), reader }
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("file", &self.file).finish_non_exhaustive()
    }
}

fn unpack(mut reader: impl BufRead + Send + 'static) -> std::io::Result<Box<dyn Read + Send>> {
    if reader.fill_buf()?.starts_with(&GZIP_MAGIC) {
        return Ok(Box::new(MultiGzDecoder::new(reader)));
    }
    Ok(Box::new(reader))
}

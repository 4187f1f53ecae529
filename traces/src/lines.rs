//! Files of lines, one after another: one line is in memory at a time.

use crate::error::{TraceError, shorten};
use crate::input::InputFile;
use crate::record::{FileId, Place};
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

/// The longest line that is read. What is longer is no text.
const LONGEST: u64 = 64 << 20;

/// Files that follow each other and are read line by line.
pub(crate) struct Lines {
    files: Vec<InputFile>,
    current: usize,
    reader: BufReader<Box<dyn Read + Send>>,
    buffer: Vec<u8>,
    line: u64,
}

impl Lines {
    /// Opens the first of the files, of which there is at least one.
    pub(crate) fn open(files: Vec<InputFile>) -> Result<Self, TraceError> {
        let reader = match files.first() {
            Some(file) => file.open()?.reader,
            None => Box::new(std::io::empty()),
        };
        let reader = BufReader::with_capacity(1 << 16, reader);
        Ok(Self { files, current: 0, reader, buffer: Vec::new(), line: 0 })
    }

    /// The name of one of the files.
    pub(crate) fn file(&self, file: FileId) -> &Arc<str> {
        &self.files[file.0 as usize].name
    }

    /// Where the last line is that was given.
    pub(crate) fn place(&self) -> Place {
        Place { file: FileId(self.current as u32), line: self.line }
    }

    /// Reads the next line that is not blank, which [`Lines::text`] then is; whether there is one.
    pub(crate) fn advance(&mut self) -> Result<bool, TraceError> {
        loop {
            self.buffer.clear();
            let read = (&mut self.reader).take(LONGEST).read_until(b'\n', &mut self.buffer);
            self.line += 1;
            match read {
                Ok(0) if self.current + 1 >= self.files.len() => return Ok(false),
                Ok(0) => {
                    self.current += 1;
                    self.line = 0;
                    self.reader = BufReader::with_capacity(1 << 16, self.files[self.current].open()?.reader);
                }
                Ok(read) if read as u64 == LONGEST && self.buffer.last() != Some(&b'\n') => {
                    return Err(self.broken("the line is longer than 64 MiB: this is no text".to_owned()));
                }
                Ok(_) if self.buffer.trim_ascii().is_empty() => {}
                Ok(_) => return Ok(true),
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Err(self.broken("the gzip data ends early, the file is truncated".to_owned()));
                }
                Err(error) => return Err(self.broken(error.to_string())),
            }
        }
    }

    /// The line without blanks around it.
    pub(crate) fn text(&self) -> &[u8] {
        self.buffer.trim_ascii()
    }

    /// The same, if it is text.
    pub(crate) fn utf8(&self) -> Result<&[u8], TraceError> {
        let line = self.text();
        match std::str::from_utf8(line) {
            Ok(_) => Ok(line),
            Err(_) => Err(TraceError::Value {
                file: Arc::clone(&self.files[self.current].name),
                line: self.line,
                column: "line".into(),
                found: shorten(line),
                problem: "is not UTF-8",
                expected: "text in UTF-8".into(),
            }),
        }
    }

    fn broken(&self, message: String) -> TraceError {
        TraceError::Read { file: Arc::clone(&self.files[self.current].name), line: self.line, message }
    }
}

//! Files of lines: one line is in memory at a time.

use crate::error::TraceError;
use crate::input::Input;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

/// The longest line that is read. What is longer is no text.
const LONGEST: u64 = 64 << 20;

/// A file that is read line by line.
pub(crate) struct Lines {
    file: Arc<str>,
    reader: BufReader<Box<dyn Read + Send>>,
    buffer: Vec<u8>,
    line: u64,
}

impl Lines {
    pub(crate) fn new(input: Input) -> Self {
        let reader = BufReader::with_capacity(1 << 16, input.reader);
        Self { file: input.file, reader, buffer: Vec::new(), line: 0 }
    }

    /// The file's name.
    pub(crate) fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// The number of the last line that was given, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next line that is not blank, which [`Lines::text`] then is; whether there is one.
    pub(crate) fn advance(&mut self) -> Result<bool, TraceError> {
        loop {
            self.buffer.clear();
            let read = (&mut self.reader).take(LONGEST).read_until(b'\n', &mut self.buffer);
            self.line += 1;
            match read {
                Ok(0) => return Ok(false),
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

    fn broken(&self, message: String) -> TraceError {
        TraceError::Read { file: Arc::clone(&self.file), line: self.line, message }
    }
}

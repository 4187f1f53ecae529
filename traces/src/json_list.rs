//! Files that are one long JSON list: one element is in memory at a time.

use crate::error::TraceError;
use crate::input::InputFile;
use crate::record::{FileId, Place};
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

/// Files of lists that follow each other. Elements are objects: only of those it is known where they end.
pub(crate) struct JsonList {
    files: Vec<InputFile>,
    current: usize,
    reader: BufReader<Box<dyn Read + Send>>,
    /// How many elements of the current file were read.
    element: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    Within,
    After,
}

impl JsonList {
    /// Opens the first of the files, of which there is at least one.
    pub(crate) fn open(files: Vec<InputFile>) -> Result<Self, TraceError> {
        let reader = buffered(&files[0])?;
        Ok(Self { files, current: 0, reader, element: 0, state: State::Before })
    }

    /// The name of one of the files.
    pub(crate) fn file(&self, file: FileId) -> &Arc<str> {
        &self.files[file.0 as usize].name
    }

    /// Where the last element is that was given: its number from 1.
    pub(crate) fn place(&self) -> Place {
        Place { file: FileId(self.current as u32), line: self.element }
    }

    /// The next element; `what` the files are, for messages.
    pub(crate) fn next<T: DeserializeOwned>(&mut self, what: &'static str) -> Result<Option<T>, TraceError> {
        loop {
            let byte = self.peek()?;
            match (self.state, byte) {
                (State::Before, None) => {
                    let file = Arc::clone(&self.files[self.current].name);
                    return Err(TraceError::Empty { file, expected: format!("{what}, a JSON list") });
                }
                (State::Before, Some(b'[')) => self.step(State::Within),
                (State::Within, Some(b',')) if self.element > 0 => self.step(State::Within),
                (State::Within, Some(b']')) => self.step(State::After),
                (State::Within, Some(b'{')) => {
                    self.element += 1;
                    let mut deserializer = serde_json::Deserializer::from_reader(&mut self.reader);
                    return T::deserialize(&mut deserializer).map(Some).map_err(|error| self.broken(what, &error));
                }
                (State::Within, None) => {
                    let file = Arc::clone(&self.files[self.current].name);
                    let message = "the list breaks off, the file is truncated".to_owned();
                    return Err(TraceError::Read { file, line: self.element + 1, message });
                }
                (State::After, None) if self.current + 1 == self.files.len() => return Ok(None),
                (State::After, None) => {
                    self.current += 1;
                    self.reader = buffered(&self.files[self.current])?;
                    (self.element, self.state) = (0, State::Before);
                }
                (_, Some(byte)) => {
                    let problem =
                        format!("found `{}` where a JSON list of objects goes on", char::from(byte).escape_default());
                    let file = Arc::clone(&self.files[self.current].name);
                    return Err(TraceError::NotThis { file, expected: what, problem });
                }
            }
        }
    }

    /// The next byte that is no blank, without taking it.
    fn peek(&mut self) -> Result<Option<u8>, TraceError> {
        loop {
            let buffer = self.reader.fill_buf();
            let buffer = match buffer {
                Ok(buffer) => buffer,
                Err(error) => {
                    let file = Arc::clone(&self.files[self.current].name);
                    return Err(TraceError::Read { file, line: self.element + 1, message: crate::error::io(&error) });
                }
            };
            if buffer.is_empty() {
                return Ok(None);
            }
            let blanks = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let found = buffer.get(blanks).copied();
            self.reader.consume(blanks);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    fn step(&mut self, state: State) {
        self.reader.consume(1);
        self.state = state;
    }

    fn broken(&self, expected: &'static str, error: &serde_json::Error) -> TraceError {
        let file = Arc::clone(&self.files[self.current].name);
        let message = match error.io_error_kind() {
            Some(std::io::ErrorKind::UnexpectedEof) => "the gzip data ends early, the file is truncated".to_owned(),
            _ if error.is_eof() => "the list breaks off, the file is truncated".to_owned(),
            _ => return TraceError::Element { file, element: self.element, expected, message: error.to_string() },
        };
        TraceError::Read { file, line: self.element, message }
    }
}

fn buffered(file: &InputFile) -> Result<BufReader<Box<dyn Read + Send>>, TraceError> {
    Ok(BufReader::with_capacity(1 << 16, file.open()?.reader))
}

//! The lines of `events.jsonl`, written beside the run.

use super::super::background::{Clerk, Notes};
use super::clock::Clock;
use super::object::{EventObject, Heard};
use crate::output::{OutputError, OutputFile};
use std::io::Write as _;

/// So many bytes are gathered before they are written.
const GATHERED: usize = 1 << 16;

/// Writes what is noted of events. It remembers its first error and writes nothing after it.
#[derive(Debug)]
pub(super) struct EventWriter {
    file: Result<OutputFile, OutputError>,
    buffer: Vec<u8>,
    clock: Clock,
    heard: Heard,
}

impl EventWriter {
    pub(super) fn new(file: OutputFile, clock: Clock) -> Self {
        Self { file: Ok(file), buffer: Vec::with_capacity(2 * GATHERED), clock, heard: Heard::default() }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The first thing that could not be written.
    pub(super) fn finish(mut self) -> Result<(), OutputError> {
        self.write_out();
        self.file?.finish()
    }

    fn write_out(&mut self) {
        if let Ok(file) = &mut self.file
            && let Err(error) = file.write_all(&self.buffer)
        {
            let error = file.error(error);
            self.file = Err(error);
        }
        self.buffer.clear();
    }
}

impl Clerk for EventWriter {
    fn take(&mut self, mut notes: Notes<'_>) {
        while !notes.is_empty() {
            EventObject::read(&mut notes, &mut self.heard).write(&mut self.clock, &mut self.buffer);
            if self.buffer.len() >= GATHERED {
                self.write_out();
            }
        }
    }
}

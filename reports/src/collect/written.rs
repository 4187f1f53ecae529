//! A file that is written during a run, where nobody can be told of an error at once.

use crate::output::OutputError;
use std::io;
use std::path::PathBuf;

/// A writer that remembers its first error and writes nothing after it.
pub(super) struct Written<W> {
    name: &'static str,
    writer: io::Result<W>,
}

impl<W> Written<W> {
    pub(super) fn new<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        name: &'static str,
        writer: Result<W, E>,
    ) -> Self {
        Self { name, writer: writer.map_err(io::Error::other) }
    }

    /// Writes, unless an earlier attempt has failed.
    pub(super) fn attempt(&mut self, write: impl FnOnce(&mut W) -> io::Result<()>) {
        if let Ok(writer) = &mut self.writer
            && let Err(error) = write(writer)
        {
            self.writer = Err(error);
        }
    }

    /// Ends the file, or tells the first error.
    pub(super) fn finish(self, end: impl FnOnce(W) -> Result<(), OutputError>) -> Result<(), OutputError> {
        let path = PathBuf::from(self.name);
        self.writer.map_err(|source| OutputError::Write { path, source }).and_then(end)
    }
}

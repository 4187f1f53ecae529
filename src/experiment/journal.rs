//! The rows of a sweep as they come, in a file that survives the sweep's end, whatever it is.
//!
//! The first line says which experiment it is, every other one is a [`Row`]. A row is appended as one line, so that a sweep that was
//! killed leaves whole rows and at most a part of one, which is cut off when it is taken up again.

use super::Experiment;
use super::row::Row;
use super::shard::Shard;
use crate::diagnostic::Diagnostic;
use crate::exit::Failure;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use towtank_reports::output::OutputError;

/// The name of the file.
pub(super) const FILE: &str = "runs.jsonl";

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    /// The experiment's name.
    pub(super) experiment: String,
    /// The version of this program.
    pub(super) version: String,
    /// The names of the axes.
    pub(super) axes: Vec<String>,
    /// Which part of it.
    pub(super) shard: Shard,
}

impl Header {
    /// That of this program's sweep of a shard.
    pub(super) fn new(experiment: &Experiment, shard: Shard) -> Self {
        let (name, axes) = (experiment.name.clone(), experiment.axes.clone());
        Self { experiment: name, version: env!("CARGO_PKG_VERSION").to_owned(), axes, shard }
    }

    /// Compares what a directory holds with what is expected.
    ///
    /// # Errors
    /// It is something else.
    pub(super) fn check(&self, directory: &Path, expected: &Self) -> Result<(), Diagnostic> {
        let differs = |what: &str, found: &str, expected: &str| {
            let why = format!("holds a sweep of {what} {found}, and this is {what} {expected}");
            Err(Diagnostic::in_file(directory, why).help("choose another directory, or start anew without --resume"))
        };
        if self.experiment != expected.experiment {
            return differs("the experiment", &self.experiment, &expected.experiment);
        }
        if self.version != expected.version {
            return differs("towtank", &self.version, &expected.version);
        }
        if self.axes != expected.axes {
            return differs("the axes", &self.axes.join(", "), &expected.axes.join(", "));
        }
        if self.shard != expected.shard {
            return differs("shard", &self.shard.to_string(), &expected.shard.to_string());
        }
        Ok(())
    }
}

/// The file, open and locked as long as this lives: two sweeps never write into one folder. It is never deleted or replaced while it is
/// locked, so that the lock is one on the folder.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    /// Where the last whole line ends.
    length: u64,
    /// Whether a line could not be written whole.
    failed: bool,
}

impl Journal {
    /// Opens or creates the one of a directory, and locks it.
    ///
    /// # Errors
    /// Another sweep has it, or the system refuses.
    pub(super) fn lock(directory: &Path) -> Result<Self, OutputError> {
        let path = directory.join(FILE);
        // Not in the mode that appends: some network file systems do not append at the end that others see.
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|source| io_error("open", &path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, path, length: 0, failed: false }),
            Err(TryLockError::WouldBlock) => Err(OutputError::Busy { path: directory.to_owned() }),
            Err(TryLockError::Error(source)) => Err(io_error("lock", &path, source)),
        }
    }

    /// Whether nothing is in it.
    ///
    /// # Errors
    /// The system does not say.
    pub(super) fn is_empty(&self) -> Result<bool, OutputError> {
        let metadata = self.file.metadata().map_err(|source| io_error("read", &self.path, source))?;
        Ok(metadata.len() == 0)
    }

    /// Takes everything out of it.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn empty(&mut self) -> Result<(), OutputError> {
        self.cut(0).map_err(|source| io_error("shorten", &self.path, source))
    }

    /// The rows that are in it, or none in a new one, which gets its first line. Half a line at the end is cut off.
    ///
    /// # Errors
    /// It is that of another experiment or shard, it is damaged, or the system refuses.
    pub(super) fn take_up(&mut self, directory: &Path, header: &Header) -> Result<Vec<Row>, Failure> {
        let mut bytes = Vec::new();
        self.file.rewind().map_err(|source| io_error("read", &self.path, source))?;
        self.file.read_to_end(&mut bytes).map_err(|source| io_error("read", &self.path, source))?;
        let whole = whole_lines(&bytes);
        if whole.is_empty() {
            self.empty()?;
            self.append(header)?;
            return Ok(Vec::new());
        }
        let (found, rows) = parse(&self.path, whole)?;
        found.check(directory, header)?;
        self.cut(whole.len() as u64).map_err(|source| io_error("shorten", &self.path, source))?;
        Ok(rows)
    }

    /// Appends a row.
    ///
    /// # Errors
    /// It could not be written, or one before it could not; the file ends with the last row that could.
    pub(super) fn add(&mut self, row: &Row) -> Result<(), OutputError> {
        self.append(row)
    }

    fn append(&mut self, line: &impl Serialize) -> Result<(), OutputError> {
        let text = serde_json::to_string(line).map_err(io::Error::other);
        let written = match text {
            _ if self.failed => Err(io::Error::other("an earlier row could not be written")),
            Ok(text) => self.write(&(text + "\n")),
            Err(error) => Err(error),
        };
        written.map_err(|source| io_error("write to", &self.path, source))
    }

    /// Writes a line. What was written of one that does not fit is taken back: nothing may follow half a line.
    fn write(&mut self, line: &str) -> io::Result<()> {
        let written = self.file.write_all(line.as_bytes());
        if written.is_err() {
            self.failed = true;
            let _ = self.file.set_len(self.length);
            return written;
        }
        self.length += line.len() as u64;
        Ok(())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.file.seek(SeekFrom::Start(length))?;
        self.length = length;
        Ok(())
    }
}

/// Reads the journal of a finished or unfinished shard.
///
/// # Errors
/// There is none, or it cannot be read.
pub(super) fn read(directory: &Path) -> Result<(Header, Vec<Row>), Diagnostic> {
    let path = directory.join(FILE);
    let bytes = fs::read(&path).map_err(|error| Diagnostic::unreadable(&path, &error))?;
    parse(&path, whole_lines(&bytes))
}

/// Whether a directory has a journal, or one that was begun, and not another file of its name.
pub(super) fn is_in(directory: &Path) -> bool {
    let Ok(bytes) = fs::read(directory.join(FILE)) else { return false };
    let first = whole_lines(&bytes).split(|byte| *byte == b'\n').next().unwrap_or_default();
    let value: Option<serde_json::Value> = serde_json::from_slice(first).ok();
    first.is_empty() || value.is_some_and(|value| value.get("experiment").is_some() && value.get("shard").is_some())
}

/// What ends with a line break. A sweep that was killed may have left half a line after it.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    &bytes[..end]
}

fn parse(path: &Path, bytes: &[u8]) -> Result<(Header, Vec<Row>), Diagnostic> {
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let header = line(path, 1, lines.next().unwrap_or_default())?;
    let rows = lines.enumerate().map(|(i, text)| line(path, i + 2, text)).collect::<Result<_, _>>()?;
    Ok((header, rows))
}

fn line<T: for<'de> Deserialize<'de>>(path: &Path, number: usize, text: &[u8]) -> Result<T, Diagnostic> {
    serde_json::from_slice(text).map_err(|error| {
        let why = format!("is no line of a sweep of this version: {error}");
        Diagnostic::in_file(path, why).at(number, error.column().max(1)).help("start anew in another directory")
    })
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> OutputError {
    OutputError::Io { action, path: path.to_owned(), source }
}

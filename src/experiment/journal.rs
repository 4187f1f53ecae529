//! The rows of a sweep as they come, in a file that survives the sweep's end, whatever it is.
//!
//! The first line says which experiment it is, every other one is a [`Row`]. A row is appended as one line, so that a sweep that was
//! killed leaves whole rows and at most a part of one, which is cut off when it is taken up again.

use super::row::Row;
use crate::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use towtank_reports::output::OutputError;

/// The name of the file.
pub(super) const FILE: &str = "runs.jsonl";

/// Which part of an experiment is made here: shard `index` of `count`, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Shard {
    /// The shard, from 0.
    pub index: u64,
    /// Of how many.
    pub count: u64,
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
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

/// The file, open and locked: two sweeps never write into one.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// Starts one in a directory, or takes up the one that is there, with the rows that it has.
    ///
    /// # Errors
    /// It is that of another experiment or shard, another sweep is writing it, or it cannot be written.
    pub(super) fn open(directory: &Path, header: &Header) -> Result<(Self, Vec<Row>), JournalError> {
        let path = directory.join(FILE);
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path);
        let mut journal = Self { file: file.map_err(|source| io_error("open", &path, source))?, path };
        match journal.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let why = "another sweep is writing here: wait for it, or choose another directory";
                return Err(Diagnostic::in_file(directory, why).into());
            }
            Err(TryLockError::Error(source)) => return Err(io_error("lock", &journal.path, source).into()),
        }
        let mut text = String::new();
        journal.file.read_to_string(&mut text).map_err(|source| io_error("read", &journal.path, source))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            journal.cut(whole as u64).map_err(|source| io_error("shorten", &journal.path, source))?;
        }
        let mut lines = text[..whole].lines();
        let Some(first) = lines.next() else {
            journal.append(header)?;
            return Ok((journal, Vec::new()));
        };
        let found: Header = parse(&journal.path, 1, first)?;
        check(directory, &found, header)?;
        let rows = lines.enumerate().map(|(i, line)| parse(&journal.path, i + 2, line)).collect::<Result<_, _>>()?;
        Ok((journal, rows))
    }

    /// Appends a row.
    pub(super) fn add(&mut self, row: &Row) -> Result<(), OutputError> {
        self.append(row)
    }

    fn append(&mut self, line: &impl Serialize) -> Result<(), OutputError> {
        let mut text = serde_json::to_string(line).unwrap_or_default();
        text.push('\n');
        self.file.write_all(text.as_bytes()).map_err(|source| io_error("write to", &self.path, source))
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.file.seek(SeekFrom::End(0)).map(|_| ())
    }
}

/// Reads the journal of a finished or unfinished shard.
///
/// # Errors
/// There is none, or it cannot be read.
pub(super) fn read(directory: &Path) -> Result<(Header, Vec<Row>), Diagnostic> {
    let path = directory.join(FILE);
    let text = fs::read_to_string(&path).map_err(|error| Diagnostic::unreadable(&path, &error))?;
    let mut lines = text.lines();
    let header = parse(&path, 1, lines.next().unwrap_or_default())?;
    let rows = lines.enumerate().map(|(i, line)| parse(&path, i + 2, line)).collect::<Result<_, _>>()?;
    Ok((header, rows))
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum JournalError {
    /// What is in it.
    #[error(transparent)]
    Content(#[from] Diagnostic),
    /// The system.
    #[error(transparent)]
    Io(#[from] OutputError),
}

fn parse<T: for<'de> Deserialize<'de>>(path: &Path, line: usize, text: &str) -> Result<T, Diagnostic> {
    serde_json::from_str(text).map_err(|error| {
        let why = format!("is no line of a sweep of this version: {error}");
        Diagnostic::in_file(path, why).at(line, error.column().max(1)).help("start anew in another directory")
    })
}

fn check(directory: &Path, found: &Header, expected: &Header) -> Result<(), Diagnostic> {
    let differs = |what: &str, found: &str, expected: &str| {
        let why = format!("holds a sweep of {what} {found}, and this is {what} {expected}");
        Err(Diagnostic::in_file(directory, why).help("choose another directory, or start anew without --resume"))
    };
    let shard = |shard: Shard| format!("{}/{}", shard.index, shard.count);
    if found.experiment != expected.experiment {
        return differs("the experiment", &found.experiment, &expected.experiment);
    }
    if found.version != expected.version {
        return differs("towtank", &found.version, &expected.version);
    }
    if found.axes != expected.axes {
        return differs("the axes", &found.axes.join(", "), &expected.axes.join(", "));
    }
    if found.shard != expected.shard {
        return differs("shard", &shard(found.shard), &shard(expected.shard));
    }
    Ok(())
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> OutputError {
    OutputError::Io { action, path: path.to_owned(), source }
}

//! What can be wrong with a trace, in words that lead to the place.

use std::fmt::Write;
use std::sync::Arc;
use thiserror::Error;

/// Why a trace cannot be read. Lines count from 1 and include the header.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The file is not there, or may not be read.
    #[error("{file}: cannot be opened: {source}")]
    Open {
        /// The file.
        file: Arc<str>,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file broke off or is damaged.
    #[error("{file}: line {line}: cannot be read on: {message}")]
    Read {
        /// The file.
        file: Arc<str>,
        /// The line after the last one that could be read.
        line: u64,
        /// What happened.
        message: String,
    },
    /// There is not even a header.
    #[error("{file}: the file is empty: expected {expected}")]
    Empty {
        /// The file.
        file: Arc<str>,
        /// What this kind of file begins with.
        expected: String,
    },
    /// None of the files is a table without which the format says nothing.
    #[error("{file}: no file is {what}: expected one whose name contains {names}, or with its header")]
    NoTable {
        /// The first of the files.
        file: Arc<str>,
        /// The table.
        what: &'static str,
        /// What its files are called.
        names: String,
    },
    /// A file that is none of a format's tables.
    #[error("{file}: neither its name nor its first row says what it is: expected one of {expected}")]
    UnknownTable {
        /// The file.
        file: Arc<str>,
        /// The tables of the format.
        expected: String,
    },
    /// Nodes of a format that has only pods, or the other way round.
    #[error("traces of the format {format} have no {part}")]
    NoSuchPart {
        /// The format.
        format: &'static str,
        /// What was asked for.
        part: &'static str,
    },
    /// The fields are separated by something else.
    #[error("{file}: line 1: the fields seem to be separated by {found:?}: expected {expected:?}")]
    Separator {
        /// The file.
        file: Arc<str>,
        /// What seems to be used.
        found: char,
        /// What should be.
        expected: char,
    },
    /// A file without a header whose first row is not one of this kind of file.
    #[error("{file}: line {line}: found {found} fields, expected {what}, without a header, with the columns {columns}")]
    FirstRow {
        /// The file.
        file: Arc<str>,
        /// The line.
        line: u64,
        /// Fields in this row.
        found: usize,
        /// The kind of file.
        what: &'static str,
        /// Its columns in order.
        columns: Box<str>,
    },
    /// A file of another format.
    #[error("{file}: this is not {expected}: {problem}")]
    NotThis {
        /// The file.
        file: Arc<str>,
        /// What it should be.
        expected: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A file of pods where nodes are expected, or the other way round.
    #[error("{file}: line 1: this header is that of {found}, expected {expected}")]
    WrongKind {
        /// The file.
        file: Arc<str>,
        /// What it looks like.
        found: &'static str,
        /// What was asked for.
        expected: &'static str,
    },
    /// The header lacks a column.
    #[error("{file}: line 1: no column `{column}` ({hint}), found the columns {header}")]
    MissingColumn {
        /// The file.
        file: Arc<str>,
        /// The column.
        column: Box<str>,
        /// The columns that are there.
        header: Box<str>,
        /// The nearest name, or what the column is for.
        hint: Box<str>,
    },
    /// The header has a column that means nothing.
    #[error("{file}: line 1: unknown column `{column}`: {hint}")]
    UnknownColumn {
        /// The file.
        file: Arc<str>,
        /// The column.
        column: Box<str>,
        /// The nearest name, or what to do about it.
        hint: Box<str>,
    },
    /// The header names a column twice.
    #[error("{file}: line 1: the column `{column}` appears twice")]
    DuplicateColumn {
        /// The file.
        file: Arc<str>,
        /// The column.
        column: Box<str>,
    },
    /// A row has too few or too many fields.
    #[error("{file}: line {line}: found {found} fields, expected {expected} as in {like}")]
    RowLength {
        /// The file.
        file: Arc<str>,
        /// The line.
        line: u64,
        /// Fields in this row.
        found: usize,
        /// Fields in the header, or in the first row.
        expected: usize,
        /// Which of them.
        like: &'static str,
    },
    /// A row of a format without a header has too few or too many fields.
    #[error("{file}: line {line}: found {found} fields, expected {expected} for {what}")]
    FieldCount {
        /// The file.
        file: Arc<str>,
        /// The line.
        line: u64,
        /// Fields in this row.
        found: usize,
        /// Fields of the format.
        expected: usize,
        /// What the row is.
        what: &'static str,
    },
    /// A quote is opened and never closed.
    #[error("{file}: line {line}: a quote opened in this row is never closed")]
    OpenQuote {
        /// The file.
        file: Arc<str>,
        /// The line on which the row begins.
        line: u64,
    },
    /// A field does not say what it should.
    #[error("{file}: line {line}, column `{column}`: `{found}` {problem}: expected {expected}")]
    Value {
        /// The file.
        file: Arc<str>,
        /// The line.
        line: u64,
        /// The column.
        column: Box<str>,
        /// The field, shortened.
        found: Box<str>,
        /// What is wrong, as a verb and its object.
        problem: &'static str,
        /// What would be right.
        expected: Box<str>,
    },
    /// The rows of a streamed file are not in order of time.
    #[error(
        "{file}: line {line}: {found} s follows {before} s: expected rows in order of time; the trace option `sorted: false` \
         sorts them"
    )]
    Order {
        /// The file.
        file: Arc<str>,
        /// The line.
        line: u64,
        /// The time that is too early.
        found: Box<str>,
        /// The time of the row before.
        before: Box<str>,
    },
    /// A time or a run time that cannot be counted.
    #[error("{file}: line {line}: {found} s {problem}: expected {expected}")]
    Time {
        /// The file.
        file: Arc<str>,
        /// The line.
        line: u64,
        /// The time.
        found: Box<str>,
        /// What is wrong with it.
        problem: &'static str,
        /// What would be right.
        expected: &'static str,
    },
    /// An element of a list that is not what it should be.
    #[error("{file}: element {element} of the list: {message}: expected {expected}")]
    Element {
        /// The file.
        file: Arc<str>,
        /// Its number, from 1.
        element: u64,
        /// What kind of file it should be.
        expected: &'static str,
        /// What is wrong, with line and column within the element.
        message: String,
    },
    /// A record that means nothing here.
    #[error("{file}: line {line}: {problem}")]
    Record {
        /// The file.
        file: Arc<str>,
        /// The line.
        line: u64,
        /// Why.
        problem: String,
    },
    /// Two nodes of one name exist at the same time.
    #[error(
        "{file}: line {line}: node `{name}` is listed already on line {first_line}: expected one row per name, or rows \
         that do not overlap in time"
    )]
    DuplicateNode {
        /// The file.
        file: Arc<str>,
        /// The second row.
        line: u64,
        /// The name.
        name: Arc<str>,
        /// The first row.
        first_line: u64,
    },
    /// No format has this name.
    #[error("no trace format `{name}`: {hint}")]
    UnknownFormat {
        /// The name.
        name: Box<str>,
        /// The nearest name, or all of them.
        hint: Box<str>,
    },
    /// A file without anything in it.
    #[error("{file}: the file is empty: expected {expected}")]
    EmptyDocument {
        /// The file.
        file: Arc<str>,
        /// What belongs there.
        expected: Box<str>,
    },
    /// A text that is no JSON.
    #[error("{file}: line {line}, column {column}: {problem}: expected {expected} as JSON")]
    Json {
        /// The file.
        file: Arc<str>,
        /// The line.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// What the parser says.
        problem: Box<str>,
        /// What belongs there.
        expected: Box<str>,
    },
    /// Bytes that are no MessagePack.
    #[error("{file}: byte {offset}: {problem}: expected {expected} as MessagePack")]
    MessagePack {
        /// The file.
        file: Arc<str>,
        /// How many bytes could be read.
        offset: u64,
        /// What happened.
        problem: Box<str>,
        /// What belongs there.
        expected: Box<str>,
    },
    /// A change of an object which is not told.
    #[error(
        "{file}: line {line}: a change of a {kind} is not told whole: {problem}: expected audit level RequestResponse"
    )]
    NoObject {
        /// The file.
        file: Arc<str>,
        /// The line.
        line: u64,
        /// The object's kind.
        kind: &'static str,
        /// What is missing.
        problem: Box<str>,
    },
    /// A field of a document does not say what it should.
    #[error("{file}: {}{}{problem}: expected {expected}", place(*line, path), quoted(found))]
    Field {
        /// The file.
        file: Arc<str>,
        /// The line of a file in which each line is a document; 0 else.
        line: u64,
        /// The way to the field: `events[3].ts`.
        path: Box<str>,
        /// The field, shortened; empty where it is missing.
        found: Box<str>,
        /// What is wrong, as a verb and its object.
        problem: &'static str,
        /// What would be right.
        expected: Box<str>,
    },
    /// A replay option is out of range.
    #[error("trace option `{option}`: found {found}, expected {expected}")]
    Option {
        /// The option as scenario files name it.
        option: &'static str,
        /// Its value.
        found: Box<str>,
        /// What would be right.
        expected: Box<str>,
    },
    /// What is wrong with a file that is read as of this format.
    #[error("{error} (read as format `{format}`)")]
    Of {
        /// The format.
        format: &'static str,
        /// What is wrong.
        error: Box<TraceError>,
    },
    /// Rows that have to be sorted cannot be put aside.
    #[error("rows that are to be sorted cannot be kept in a temporary file: {0}")]
    Spill(std::io::Error),
}

impl TraceError {
    /// The error, with the format as which the file is read; errors that are about options and formats stay as they are.
    #[must_use]
    pub fn of(self, format: &'static str) -> Self {
        match self {
            // A file that is not there is of no format.
            Self::Open { .. }
            | Self::Option { .. }
            | Self::UnknownFormat { .. }
            | Self::NoSuchPart { .. }
            | Self::Spill(_)
            | Self::Of { .. } => self,
            error => Self::Of { format, error: Box::new(error) },
        }
    }
}

fn place(line: u64, path: &str) -> String {
    let mut place = if line > 0 { format!("line {line}: ") } else { String::new() };
    if !path.is_empty() {
        place.push_str(path);
        place.push_str(": ");
    }
    place
}

fn quoted(found: &str) -> String {
    if found.is_empty() { String::new() } else { format!("`{found}` ") }
}

/// What the system says of a file that cannot be read on.
pub(crate) fn io(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        return "the gzip data ends early, the file is truncated".to_owned();
    }
    error.to_string()
}

/// "did you mean" with the nearest of `known`, or all of them where none is near.
pub(crate) fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Box<str> {
    let known: Vec<&str> = known.into_iter().collect();
    let near = known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(&name.to_lowercase(), &k.to_lowercase()), *k))
        .min()
        .filter(|(distance, k)| *distance <= 2.max(k.len() / 3));
    match near {
        Some((_, nearest)) => format!("did you mean `{nearest}`?").into(),
        None => format!("expected one of {}", list(&known)).into(),
    }
}

/// Names in backquotes, separated by commas. At most 40 are given.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> Box<str> {
    let mut text = String::new();
    for (i, name) in names.iter().take(40).enumerate() {
        let _ = write!(text, "{}`{}`", if i > 0 { ", " } else { "" }, name.as_ref());
    }
    if names.len() > 40 {
        let _ = write!(text, " and {} more", names.len() - 40);
    }
    text.into()
}

/// A field for a message: readable and not too long.
pub(crate) fn shorten(bytes: &[u8]) -> Box<str> {
    let text = String::from_utf8_lossy(bytes);
    if text.chars().count() > 40 {
        return text.chars().take(40).chain("...".chars()).collect();
    }
    text.into()
}

//! CSV files with a header: rows whose fields are found by name and judged with their place.

use crate::error::{TraceError, list, shorten, suggest};
use crate::input::Input;
use crate::number::{self, NANOS, NumberError};
use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};
use std::io::Read;
use std::sync::Arc;

/// Columns that start with this are nobody's business here.
pub(crate) const FOREIGN: &str = "x-";

/// What a kind of file looks like.
#[derive(Debug)]
pub(crate) struct Schema {
    /// "a file of …", for messages.
    pub(crate) what: &'static str,
    /// Columns that must be there.
    pub(crate) required: &'static [&'static str],
    /// Columns that may be there.
    pub(crate) optional: &'static [&'static str],
    /// What columns with a name of the user's choice start with.
    pub(crate) prefixes: &'static [&'static str],
}

/// A file that is read row by row. One row is in memory at a time.
pub(crate) struct Table {
    file: Arc<str>,
    header: Vec<String>,
    reader: Reader<Box<dyn Read + Send>>,
    record: ByteRecord,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column(usize);

/// The current row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    table: &'a Table,
}

impl Table {
    /// Reads the header and compares it with `schema`; `other` is the kind of file that people confuse it with.
    pub(crate) fn open(input: Input, schema: &Schema, other: &Schema) -> Result<Self, TraceError> {
        let Input { file, reader } = input;
        // Every row ends with a line feed, the last one too, so that rows can be counted in lines; see `line`.
        let reader: Box<dyn Read + Send> = Box::new(reader.chain(b"\n".as_slice()));
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(1 << 16)
            .from_reader(reader);
        let mut table = Self { file, header: Vec::new(), reader, record: ByteRecord::new() };
        if !table.read()? {
            return Err(TraceError::Empty { file: table.file, expected: list(schema.required).into() });
        }
        table.header = (0..table.record.len()).map(|i| String::from_utf8_lossy(table.field(i)).into_owned()).collect();
        table.check_header(schema, other)?;
        Ok(table)
    }

    /// The file's name.
    pub(crate) fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// The next row, blank lines passed over.
    pub(crate) fn next_row(&mut self) -> Result<Option<Row<'_>>, TraceError> {
        if !self.read()? {
            return Ok(None);
        }
        let (found, expected) = (self.record.len(), self.header.len());
        if self.record.get(found.wrapping_sub(1)).is_some_and(|last| last.ends_with(b"\n")) {
            // The quote swallowed the line feed that was put behind the file, too.
            return Err(TraceError::OpenQuote { file: Arc::clone(&self.file), line: self.line() + 1 });
        }
        if found != expected {
            return Err(TraceError::RowLength { file: Arc::clone(&self.file), line: self.line(), found, expected });
        }
        Ok(Some(Row { table: self }))
    }

    /// A column that must be there.
    pub(crate) fn require(&self, name: &str) -> Result<Column, TraceError> {
        self.find(name).ok_or_else(|| {
            let near = suggest(name, self.header.iter().map(String::as_str));
            self.missing(name, if near.starts_with("did") { &near } else { "it is required" })
        })
    }

    /// A column that may be there.
    pub(crate) fn find(&self, name: &str) -> Option<Column> {
        self.header.iter().position(|h| h == name).map(Column)
    }

    /// The columns that start with `prefix`, with the rest of their names, in the order of these names.
    pub(crate) fn prefixed(&self, prefix: &str) -> Vec<(String, Column)> {
        let named = self.header.iter().enumerate();
        let mut found: Vec<_> =
            named.filter_map(|(i, h)| Some((h.strip_prefix(prefix)?.to_owned(), Column(i)))).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// The error that a column is missing.
    pub(crate) fn missing(&self, column: &str, hint: &str) -> TraceError {
        TraceError::MissingColumn {
            file: Arc::clone(&self.file),
            column: column.into(),
            header: list(&self.header),
            hint: hint.into(),
        }
    }

    /// The error that a column means nothing.
    pub(crate) fn unknown(&self, column: &str, hint: Box<str>) -> TraceError {
        TraceError::UnknownColumn { file: Arc::clone(&self.file), column: shorten(column.as_bytes()), hint }
    }

    fn check_header(&self, schema: &Schema, other: &Schema) -> Result<(), TraceError> {
        let has_all = |of: &Schema| of.required.iter().all(|name| self.find(name).is_some());
        if !has_all(schema) && has_all(other) {
            let (found, expected) = (other.what, schema.what);
            return Err(TraceError::WrongKind { file: Arc::clone(&self.file), found, expected });
        }
        for name in schema.required {
            self.require(name)?;
        }
        for (i, name) in self.header.iter().enumerate() {
            if self.header[..i].contains(name) {
                let column = shorten(name.as_bytes());
                return Err(TraceError::DuplicateColumn { file: Arc::clone(&self.file), column });
            }
            let known = || schema.required.iter().chain(schema.optional).chain(schema.prefixes).copied();
            let named = schema.required.contains(&name.as_str()) || schema.optional.contains(&name.as_str());
            let prefixed = schema.prefixes.iter().any(|p| name.strip_prefix(p).is_some_and(|rest| !rest.is_empty()));
            if !named && !prefixed && !name.starts_with(FOREIGN) {
                let near = suggest(name, known());
                let hint = format!("{near} A column that shall be ignored starts with `{FOREIGN}`").into();
                return Err(self.unknown(name, hint));
            }
        }
        Ok(())
    }

    /// Reads the next record that is no blank line; whether there is one.
    fn read(&mut self) -> Result<bool, TraceError> {
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(false) => return Ok(false),
                Ok(true) if self.record.len() == 1 && self.field(0).is_empty() => {}
                Ok(true) => return Ok(true),
                Err(error) => {
                    let line = self.reader.position().line();
                    return Err(TraceError::Read { file: Arc::clone(&self.file), line, message: describe(&error) });
                }
            }
        }
    }

    fn field(&self, i: usize) -> &[u8] {
        self.record.get(i).unwrap_or_default().trim_ascii()
    }

    /// The line on which the current record begins. The reader stands behind the record's line feed; the position that
    /// the record itself carries is that before any blank lines.
    fn line(&self) -> u64 {
        let inside = self.record.as_slice().split(|b| *b == b'\n').count() as u64 - 1;
        self.reader.position().line().saturating_sub(1 + inside).max(1)
    }
}

fn describe(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the gzip data ends early, the file is truncated".into()
        }
        csv::ErrorKind::Io(e) => e.to_string(),
        _ => error.to_string(),
    }
}

impl<'a> Row<'a> {
    /// The line on which the row begins.
    pub(crate) fn line(self) -> u64 {
        self.table.line()
    }

    /// The field without spaces around it.
    #[inline]
    pub(crate) fn bytes(self, column: Column) -> &'a [u8] {
        self.table.field(column.0)
    }

    /// The field of a column that may be absent; empty where it is.
    #[inline]
    pub(crate) fn maybe(self, column: Option<Column>) -> &'a [u8] {
        column.map_or(b"", |column| self.bytes(column))
    }

    /// The field as text, possibly empty.
    pub(crate) fn text(self, column: Column) -> Result<&'a str, TraceError> {
        std::str::from_utf8(self.bytes(column)).map_err(|_| self.bad(column, "is not UTF-8", "text in UTF-8"))
    }

    /// The field as text that is not empty.
    pub(crate) fn name(self, column: Column) -> Result<&'a str, TraceError> {
        match self.text(column)? {
            "" => Err(self.bad(column, "is blank", "a name")),
            name => Ok(name),
        }
    }

    /// The field as a whole number, 0 or more.
    pub(crate) fn whole(self, column: Column, what: &str) -> Result<i64, TraceError> {
        number::whole(self.bytes(column)).map_err(|e| self.bad_number(column, e, what))
    }

    /// The field as a whole number from 0 to `most`.
    pub(crate) fn whole_to(self, column: Column, most: i64, what: &str) -> Result<i64, TraceError> {
        let n = self.whole(column, what)?;
        if n > most { Err(self.bad_number(column, NumberError::TooLarge, what)) } else { Ok(n) }
    }

    /// The field as seconds with up to six decimals, in nanoseconds.
    #[inline]
    pub(crate) fn seconds(self, column: Column, what: &str) -> Result<i64, TraceError> {
        number::decimal(self.bytes(column), 6, NANOS)
            .map_err(|e| self.bad_number(column, e, &format!("{what} in seconds, 0 or more, with up to six decimals")))
    }

    /// The field as a share of a request in ten-thousandths, rounded to the nearest.
    pub(crate) fn ten_thousandths(self, column: Column) -> Result<u16, TraceError> {
        let expected = "a part of the request, from 0 to 6.5535, with up to nine decimals";
        let billionths = number::decimal(self.bytes(column), 9, 9).map_err(|e| self.bad_number(column, e, expected))?;
        u16::try_from(billionths / 100_000 + i64::from(billionths % 100_000 >= 50_000))
            .map_err(|_| self.bad_number(column, NumberError::TooLarge, expected))
    }

    /// The error that a field is wrong.
    pub(crate) fn bad(self, column: Column, problem: &'static str, expected: &str) -> TraceError {
        TraceError::Value {
            file: Arc::clone(&self.table.file),
            line: self.line(),
            column: self.table.header[column.0].as_str().into(),
            found: shorten(self.bytes(column)),
            problem,
            expected: expected.into(),
        }
    }

    /// The error that a field is not the number it should be.
    pub(crate) fn bad_number(self, column: Column, error: NumberError, expected: &str) -> TraceError {
        self.bad(column, if self.bytes(column).is_empty() { "is blank" } else { error.problem() }, expected)
    }

    /// The error that this row's time is before that of the row before.
    pub(crate) fn out_of_order(self, column: Column, before: i64) -> TraceError {
        TraceError::Order {
            file: Arc::clone(&self.table.file),
            line: self.line(),
            column: self.table.header[column.0].as_str().into(),
            position: column.0 + 1,
            found: shorten(self.bytes(column)),
            before: towtank_sim::time::Span(before).to_string().into(),
        }
    }
}

//! Tables in text files: rows whose fields are found by the names of their columns and judged with their place.

use crate::error::{self, TraceError, list, shorten, suggest};
use crate::input::InputFile;
use crate::number::{self, NANOS, NumberError};
use crate::record::{FileId, Place};
use crate::repairs::{Repairs, Rule};
use crate::schema::{Header, Schema, Unknown};
use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};
use std::io::Read;
use std::sync::Arc;
use towtank_sim::time::Span;

/// Columns that start with this are nobody's business here.
pub(crate) const FOREIGN: &str = "x-";

/// A column that a file does not have.
const ABSENT: usize = usize::MAX;

/// A table that is read row by row, one file after another. One row is in memory at a time.
pub(crate) struct Table {
    schema: &'static Schema,
    files: Vec<InputFile>,
    /// Which of them is open, and how messages call it.
    current: usize,
    /// The columns that the table has: those of the schema, then those with names of the user's choice.
    columns: Vec<Box<str>>,
    /// Where each of them is in the open file.
    at: Vec<usize>,
    /// The number of fields in each row of the open file.
    fields: usize,
    reader: Reader<Box<dyn Read + Send>>,
    record: ByteRecord,
    /// The record has been read ahead: it was looked at to see whether it is a header.
    ahead: bool,
    /// Whether the open file has a header.
    has_header: bool,
    /// The number of its first file among those of its reader.
    first_file: u32,
}

/// A column of a table; the same in all its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column(usize);

/// The current row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    table: &'a Table,
}

impl Table {
    /// Opens the first of the files, of which there is at least one, and compares its header with `schema`; `others` are the kinds
    /// of file that people confuse it with.
    pub(crate) fn open(
        files: &[InputFile],
        schema: &'static Schema,
        others: &[&'static Schema],
    ) -> Result<Self, TraceError> {
        let mut table = Self {
            schema,
            files: files.to_vec(),
            current: 0,
            columns: schema.required.iter().chain(schema.optional).map(|name| (*name).into()).collect(),
            at: Vec::new(),
            fields: 0,
            reader: rows(schema, Box::new(std::io::empty())),
            record: ByteRecord::new(),
            ahead: false,
            has_header: true,
            first_file: 0,
        };
        table.open_file(0, others)?;
        Ok(table)
    }

    /// The name of one of its files.
    pub(crate) fn file_name(&self, file: FileId) -> &Arc<str> {
        &self.files[(file.0 - self.first_file) as usize].name
    }

    /// Lets the files be counted from here: they follow those of other tables.
    pub(crate) fn count_from(&mut self, first: u32) {
        self.first_file = first;
    }

    /// How many files it has.
    pub(crate) fn file_count(&self) -> u32 {
        self.files.len() as u32
    }

    /// The name of the open file.
    pub(crate) fn file(&self) -> &Arc<str> {
        &self.files[self.current].name
    }

    /// The next row, blank lines passed over.
    #[inline]
    pub(crate) fn next_row(&mut self) -> Result<Option<Row<'_>>, TraceError> {
        while !std::mem::take(&mut self.ahead) && !self.read()? {
            if self.current + 1 == self.files.len() {
                return Ok(None);
            }
            self.open_file(self.current + 1, &[])?;
        }
        let (found, expected) = (self.record.len(), self.fields);
        if self.record.get(found.wrapping_sub(1)).is_some_and(|last| last.ends_with(b"\n")) {
            // The quote swallowed the line feed that was put behind the file, too.
            return Err(TraceError::OpenQuote { file: Arc::clone(self.file()), line: self.line() + 1 });
        }
        if found != expected {
            let like = if self.has_header { "the header" } else { "the first row" };
            return Err(TraceError::RowLength {
                file: Arc::clone(self.file()),
                line: self.line(),
                found,
                expected,
                like,
            });
        }
        Ok(Some(Row { table: self }))
    }

    /// The row that [`Table::next_row`] gave last.
    #[inline]
    pub(crate) fn row(&self) -> Row<'_> {
        Row { table: self }
    }

    /// A column of the schema that must be there.
    pub(crate) fn require(&self, name: &str) -> Result<Column, TraceError> {
        self.find(name).ok_or_else(|| self.missing(name, "it is required"))
    }

    /// A column that may be there.
    pub(crate) fn find(&self, name: &str) -> Option<Column> {
        let column = self.columns.iter().position(|column| **column == *name)?;
        (self.at[column] != ABSENT).then_some(Column(column))
    }

    /// The columns that start with `prefix`, with the rest of their names, in the order of these names.
    pub(crate) fn prefixed(&self, prefix: &str) -> Vec<(String, Column)> {
        let named = self.columns.iter().enumerate();
        let mut found: Vec<_> =
            named.filter_map(|(i, name)| Some((name.strip_prefix(prefix)?.to_owned(), Column(i)))).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// The error that a column is missing.
    pub(crate) fn missing(&self, column: &str, hint: &str) -> TraceError {
        let there: Vec<&str> =
            (0..self.columns.len()).filter(|i| self.at[*i] != ABSENT).map(|i| &*self.columns[i]).collect();
        TraceError::MissingColumn {
            file: Arc::clone(self.file()),
            column: column.into(),
            header: list(&there),
            hint: hint.into(),
        }
    }

    /// The error that a column means nothing.
    pub(crate) fn unknown(&self, column: &str, hint: Box<str>) -> TraceError {
        TraceError::UnknownColumn { file: Arc::clone(self.file()), column: shorten(column.as_bytes()), hint }
    }

    fn open_file(&mut self, number: usize, others: &[&'static Schema]) -> Result<(), TraceError> {
        self.current = number;
        let input = self.files[number].open()?;
        // Every row ends with a line feed, the last one too, so that rows can be counted in lines; see `line`.
        self.reader = rows(self.schema, Box::new(input.reader.chain(b"\n".as_slice())));
        if !self.read()? {
            let what = if self.schema.header == Header::Row { "a header row" } else { "rows" };
            let columns = if self.schema.order.is_empty() { self.schema.required } else { self.schema.order };
            let expected = format!("{what} with the columns {}", list(columns));
            return Err(TraceError::Empty { file: Arc::clone(self.file()), expected });
        }
        let first: Vec<String> =
            (0..self.record.len()).map(|i| String::from_utf8_lossy(self.trimmed(i)).into_owned()).collect();
        let is_header = match self.schema.header {
            Header::Row => true,
            Header::Perhaps => first.iter().any(|name| self.schema.column(name).is_some()),
        };
        self.fields = first.len();
        self.has_header = is_header;
        if is_header { self.by_header(&first, number > 0, others) } else { self.by_order(first.len()) }
    }

    /// Finds the columns by their names.
    fn by_header(&mut self, header: &[String], later: bool, others: &[&'static Schema]) -> Result<(), TraceError> {
        let schema = self.schema;
        let names = || header.iter().map(String::as_str);
        if !schema.is_header(names()) {
            if let Some(other) = others.iter().find(|other| other.is_header(names())) {
                let (file, found, expected) = (Arc::clone(self.file()), other.what, schema.what);
                return Err(TraceError::WrongKind { file, found, expected });
            }
            if let Some(found) = other_separator(schema.separator, header) {
                let (file, expected) = (Arc::clone(self.file()), char::from(schema.separator));
                return Err(TraceError::Separator { file, found, expected });
            }
        }
        let mut at = vec![ABSENT; self.columns.len()];
        for (i, name) in header.iter().enumerate() {
            let known = schema.column(name);
            let named = known.unwrap_or(name);
            if let Some(column) = self.columns.iter().position(|column| **column == *named) {
                if at[column] != ABSENT {
                    let column = shorten(name.as_bytes());
                    return Err(TraceError::DuplicateColumn { file: Arc::clone(self.file()), column });
                }
                at[column] = i;
            } else if schema.is_prefixed(name) && !later {
                self.columns.push(name.as_str().into());
                at.push(i);
            } else if schema.is_prefixed(name) {
                return Err(self.unknown(name, "the first file has no such column".into()));
            } else if known.is_none() && schema.unknown == Unknown::Refused && !name.starts_with(FOREIGN) {
                let near = suggest(name, schema.required.iter().chain(schema.optional).chain(schema.prefixes).copied());
                let hint = format!("{near} A column that shall be ignored starts with `{FOREIGN}`").into();
                // A column that must be there and is not is the first thing to say.
                self.check_required(&at, header)?;
                return Err(self.unknown(name, hint));
            }
        }
        self.check_required(&at, header)?;
        if later && let Some(column) = (0..at.len()).find(|i| (at[*i] == ABSENT) != (self.at[*i] == ABSENT)) {
            let hint = if at[column] == ABSENT { "the first file has it" } else { "the first file does not have it" };
            return Err(self.unknown(&self.columns[column].clone(), hint.into()));
        }
        self.at = at;
        Ok(())
    }

    fn check_required(&self, at: &[usize], header: &[String]) -> Result<(), TraceError> {
        let Some(lacking) = (0..self.schema.required.len()).find(|i| at[*i] == ABSENT) else { return Ok(()) };
        let column: Box<str> = self.schema.required[lacking].into();
        let near = suggest(&column, header.iter().map(String::as_str).filter(|name| !name.is_empty()));
        let hint = if near.starts_with("did") { near } else { "it is required".into() };
        Err(TraceError::MissingColumn { file: Arc::clone(self.file()), column, header: list(header), hint })
    }

    /// Finds the columns by their places: the row at hand is the first one.
    fn by_order(&mut self, fields: usize) -> Result<(), TraceError> {
        let order = self.schema.order;
        let place = |name: &str| order.iter().position(|column| *column == name);
        let least = self.schema.required.iter().filter_map(|name| place(name)).max().map_or(1, |last| last + 1);
        if fields < least || fields > order.len() {
            let first: Vec<String> =
                (0..fields).map(|i| String::from_utf8_lossy(self.trimmed(i)).into_owned()).collect();
            if let Some(found) = other_separator(self.schema.separator, &first) {
                let (file, expected) = (Arc::clone(self.file()), char::from(self.schema.separator));
                return Err(TraceError::Separator { file, found, expected });
            }
            let (file, line, found) = (Arc::clone(self.file()), self.line(), fields);
            return Err(TraceError::FirstRow { file, line, found, columns: list(order), what: self.schema.what });
        }
        self.at = self.columns.iter().map(|name| place(name).filter(|i| *i < fields).unwrap_or(ABSENT)).collect();
        self.ahead = true;
        Ok(())
    }

    /// Reads the next record that is no blank line; whether there is one.
    #[inline]
    fn read(&mut self) -> Result<bool, TraceError> {
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(false) => return Ok(false),
                Ok(true) if self.record.len() == 1 && self.trimmed(0).is_empty() => {}
                Ok(true) => return Ok(true),
                Err(error) => {
                    let line = self.reader.position().line();
                    return Err(TraceError::Read { file: Arc::clone(self.file()), line, message: describe(&error) });
                }
            }
        }
    }

    #[inline]
    fn trimmed(&self, i: usize) -> &[u8] {
        self.record.get(i).unwrap_or_default().trim_ascii()
    }

    /// The line on which the current record begins. The reader stands behind the record's line feed; the position that
    /// the record itself carries is that before any blank lines.
    #[inline]
    fn line(&self) -> u64 {
        let inside = self.record.as_slice().iter().fold(0, |lines, byte| lines + u64::from(*byte == b'\n'));
        self.reader.position().line().saturating_sub(1 + inside).max(1)
    }
}

fn rows(schema: &Schema, reader: Box<dyn Read + Send>) -> Reader<Box<dyn Read + Send>> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(schema.separator)
        .terminator(Terminator::Any(b'\n'))
        .buffer_capacity(1 << 16)
        .from_reader(reader)
}

/// The separator that seems to be used in a row that came out as one field.
fn other_separator(expected: u8, fields: &[String]) -> Option<char> {
    let [field] = fields else { return None };
    [',', ';', '\t', '|'].into_iter().find(|c| *c != char::from(expected) && field.matches(*c).count() >= 2)
}

fn describe(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) => error::io(error),
        _ => error.to_string(),
    }
}

impl<'a> Row<'a> {
    /// The line on which the row begins.
    pub(crate) fn line(self) -> u64 {
        self.table.line()
    }

    /// Where the row is.
    #[inline]
    pub(crate) fn place(self) -> Place {
        Place { file: FileId(self.table.first_file + self.table.current as u32), line: self.table.line() }
    }

    /// The field without spaces around it; empty where the file has no such column.
    #[inline]
    pub(crate) fn bytes(self, column: Column) -> &'a [u8] {
        self.table.trimmed(self.table.at[column.0])
    }

    /// The field of a column that may be absent; empty where it is.
    #[inline]
    pub(crate) fn maybe(self, column: Option<Column>) -> &'a [u8] {
        column.map_or(b"", |column| self.bytes(column))
    }

    /// The field as text, possibly empty.
    #[inline]
    pub(crate) fn text(self, column: Column) -> Result<&'a str, TraceError> {
        std::str::from_utf8(self.bytes(column)).map_err(|_| self.bad(column, "is not UTF-8", "text in UTF-8"))
    }

    /// The field as text that is not empty.
    #[inline]
    pub(crate) fn name(self, column: Column) -> Result<&'a str, TraceError> {
        match self.text(column)? {
            "" => Err(self.bad(column, "is blank", "a name")),
            name => Ok(name),
        }
    }

    /// The field as a whole number, 0 or more.
    #[inline]
    pub(crate) fn whole(self, column: Column, what: &str) -> Result<i64, TraceError> {
        number::whole(self.bytes(column)).map_err(|e| self.bad_number(column, e, what))
    }

    /// The field as a whole number from 0 to `most`.
    #[inline]
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

    /// The field as a run time in seconds; `None` if it is negative, which is [repaired](Rule::NegativeDuration) by leaving the row
    /// out.
    #[inline]
    pub(crate) fn span(self, column: Column, what: &str, repairs: &Repairs) -> Result<Option<Span>, TraceError> {
        let expected = || format!("{what} in seconds, 0 or more, with up to six decimals");
        match number::decimal(self.bytes(column), 6, NANOS) {
            Ok(nanos) => Ok(Some(Span(nanos))),
            Err(NumberError::Negative) => {
                let error = || self.bad_number(column, NumberError::Negative, &expected());
                repairs.repair(Rule::NegativeDuration, error).map(|()| None)
            }
            Err(error) => Err(self.bad_number(column, error, &expected())),
        }
    }

    /// The field as any decimal number, times `factor`, rounded to the nearest whole number.
    #[inline]
    pub(crate) fn times(self, column: Column, factor: i64, what: &str) -> Result<i64, TraceError> {
        number::times(self.bytes(column), factor).map_err(|e| self.bad_number(column, e, what))
    }

    /// The same for an amount, which is 0 or more; `None` where the field is blank.
    #[inline]
    pub(crate) fn amount(self, column: Column, factor: i64, what: &str) -> Result<Option<i64>, TraceError> {
        if self.bytes(column).is_empty() {
            return Ok(None);
        }
        match self.times(column, factor, what)? {
            n if n < 0 => Err(self.bad_number(column, NumberError::Negative, what)),
            n => Ok(Some(n)),
        }
    }

    /// A point in time in units of so many nanoseconds, possibly negative; `None` where the field is blank.
    #[inline]
    pub(crate) fn time(self, column: Column, unit: i64, what: &str) -> Result<Option<i64>, TraceError> {
        if self.bytes(column).is_empty() { Ok(None) } else { self.times(column, unit, what).map(Some) }
    }

    /// The field as a share of a request in ten-thousandths, rounded to the nearest.
    pub(crate) fn ten_thousandths(self, column: Column) -> Result<u16, TraceError> {
        let expected = "a part of the request, from 0 to 6.5535, with up to nine decimals";
        let billionths = number::decimal(self.bytes(column), 9, 9).map_err(|e| self.bad_number(column, e, expected))?;
        u16::try_from(billionths / 100_000 + i64::from(billionths % 100_000 >= 50_000))
            .map_err(|_| self.bad_number(column, NumberError::TooLarge, expected))
    }

    /// The error that a field is wrong.
    #[cold]
    pub(crate) fn bad(self, column: Column, problem: &'static str, expected: &str) -> TraceError {
        TraceError::Value {
            file: Arc::clone(self.table.file()),
            line: self.line(),
            column: self.table.columns[column.0].clone(),
            found: shorten(self.bytes(column)),
            problem,
            expected: expected.into(),
        }
    }

    /// The error that a field is not the number it should be.
    #[cold]
    pub(crate) fn bad_number(self, column: Column, error: NumberError, expected: &str) -> TraceError {
        self.bad(column, if self.bytes(column).is_empty() { "is blank" } else { error.problem() }, expected)
    }
}

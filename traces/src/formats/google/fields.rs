//! Rows of CSV tables and of JSON lines as the same thing: fields by the names of their columns.

use crate::error::{TraceError, shorten};
use crate::input::InputFile;
use crate::lines::Lines;
use crate::number::{self, NumberError};
use crate::record::{FileId, Place};
use crate::schema::Schema;
use crate::table::{Column, Table};
use serde_json::Value;
use std::sync::Arc;

/// A table in either form, one row after another.
pub(super) struct Fields {
    from: From,
    schema: &'static Schema,
    file: Arc<str>,
    place: Place,
    first_file: u32,
    /// The fields of the current row, those of the schema in its order: required ones, then optional ones.
    values: Vec<Vec<u8>>,
}

enum From {
    Table(Box<Table>, Vec<Option<Column>>),
    Lines(Lines),
}

impl Fields {
    /// Opens a table, of at least one file. `first` is the number of its first file among those of the reader.
    pub(super) fn open(files: &[InputFile], schema: &'static Schema, first: u32) -> Result<Self, TraceError> {
        let is_json = files[0].head().trim_ascii_start().starts_with(b"{");
        let from = if is_json {
            From::Lines(Lines::open(files.to_vec())?)
        } else {
            let mut table = Table::open(files, schema, &[])?;
            table.count_from(first);
            let names = schema.required.iter().chain(schema.optional);
            let columns = names.map(|name| table.find(name)).collect();
            From::Table(Box::new(table), columns)
        };
        let count = schema.required.len() + schema.optional.len();
        let file = Arc::clone(&files[0].name);
        let values = vec![Vec::new(); count];
        Ok(Self { from, schema, file, place: Place::default(), first_file: first, values })
    }

    /// Reads the next row; whether there is one.
    pub(super) fn advance(&mut self) -> Result<bool, TraceError> {
        self.values.iter_mut().for_each(Vec::clear);
        match &mut self.from {
            From::Table(table, columns) => {
                let Some(row) = table.next_row()? else { return Ok(false) };
                self.place = row.place();
                for (value, column) in self.values.iter_mut().zip(columns) {
                    value.extend_from_slice(row.maybe(*column));
                }
                self.file = Arc::clone(table.file());
            }
            From::Lines(lines) => {
                if !lines.advance()? {
                    return Ok(false);
                }
                let place = lines.place();
                self.file = Arc::clone(lines.file(place.file));
                self.place = Place { file: FileId(self.first_file + place.file.0), line: place.line };
                let row: Value = serde_json::from_slice(lines.text()).map_err(|error| TraceError::Record {
                    file: Arc::clone(&self.file),
                    line: place.line,
                    problem: format!("{error}: expected a JSON object, {}", self.schema.what),
                })?;
                if !row.is_object() {
                    return Err(self.error(format!("this is no object: expected a JSON object, {}", self.schema.what)));
                }
                for (i, name) in self.schema.required.iter().chain(self.schema.optional).enumerate() {
                    let path = name.split('.');
                    match { path }.try_fold(&row, |value, key| value.get(key)) {
                        None | Some(Value::Null) => {}
                        Some(Value::String(text)) => self.values[i].extend_from_slice(text.as_bytes()),
                        Some(value) => self.values[i].extend_from_slice(value.to_string().as_bytes()),
                    }
                }
            }
        }
        Ok(true)
    }

    /// Where the row is.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// A field of the row, by its place in the schema.
    pub(super) fn bytes(&self, column: usize) -> &[u8] {
        &self.values[column]
    }

    /// A field as text.
    pub(super) fn text(&self, column: usize) -> Result<&str, TraceError> {
        std::str::from_utf8(self.bytes(column)).map_err(|_| self.bad(column, "is not UTF-8", "text in UTF-8"))
    }

    /// A whole number that must be there, with decimals of 0 as spreadsheets write them.
    pub(super) fn whole(&self, column: usize, expected: &str) -> Result<i64, TraceError> {
        self.number(column, 1, expected)
    }

    /// A number times `factor`, rounded to a whole one.
    pub(super) fn number(&self, column: usize, factor: i64, expected: &str) -> Result<i64, TraceError> {
        number::times(self.bytes(column), factor).map_err(|error| {
            let problem = if self.bytes(column).is_empty() { "is blank" } else { error.problem() };
            self.bad(column, problem, expected)
        })
    }

    /// An amount, 0 or more; `None` where the field is blank.
    pub(super) fn amount(&self, column: usize, factor: i64, expected: &str) -> Result<Option<i64>, TraceError> {
        if self.bytes(column).is_empty() {
            return Ok(None);
        }
        match self.number(column, factor, expected)? {
            n if n < 0 => Err(self.bad(column, NumberError::Negative.problem(), expected)),
            n => Ok(Some(n)),
        }
    }

    /// A time in microseconds, as nanoseconds; what cannot be counted in them is after the trace.
    pub(super) fn time(&self, column: usize) -> Result<i64, TraceError> {
        match number::times(self.bytes(column), super::MICROSECOND) {
            Err(NumberError::TooLarge) => Ok(i64::MAX),
            _ => self.number(column, super::MICROSECOND, "a time in microseconds"),
        }
    }

    /// The error that a field is wrong.
    #[cold]
    pub(super) fn bad(&self, column: usize, problem: &'static str, expected: &str) -> TraceError {
        let names = self.schema.required.iter().chain(self.schema.optional);
        TraceError::Value {
            file: Arc::clone(&self.file),
            line: self.place.line,
            column: names.copied().nth(column).unwrap_or_default().into(),
            found: shorten(self.bytes(column)),
            problem,
            expected: expected.into(),
        }
    }

    /// The error that the row is wrong.
    #[cold]
    pub(super) fn error(&self, problem: String) -> TraceError {
        TraceError::Record { file: Arc::clone(&self.file), line: self.place.line, problem }
    }
}

//! Values of JSON documents that know where they are, so that what is wrong with one is said with its place.

use crate::error::{TraceError, shorten};
use crate::input::Input;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Read;
use std::sync::Arc;
use towtank_sim::time::Span;

/// A document: a whole file, or one line of a file of JSON lines.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) file: Arc<str>,
    /// The line from 1, of a file in which each line is a document; 0 else.
    pub(crate) line: u64,
    /// What the values are indices in, for a file of several documents: `document 2`.
    pub(crate) prefix: String,
}

/// A value and the way to it.
#[derive(Clone, Copy)]
pub(crate) struct At<'v> {
    document: &'v Document,
    parent: Option<&'v At<'v>>,
    step: Step<'v>,
    pub(crate) value: &'v Value,
}

#[derive(Clone, Copy)]
enum Step<'v> {
    Root,
    Key(&'v str),
    Index(usize),
}

impl Document {
    /// The document that is this whole file.
    pub(crate) fn whole(file: &Arc<str>) -> Self {
        Self { file: Arc::clone(file), line: 0, prefix: String::new() }
    }

    /// The root.
    pub(crate) fn at<'v>(&'v self, value: &'v Value) -> At<'v> {
        At { document: self, parent: None, step: Step::Root, value }
    }
}

impl<'v> At<'v> {
    /// The value of a key that must be there and not null.
    pub(crate) fn key(&'v self, name: &'v str, expected: &str) -> Result<At<'v>, TraceError> {
        self.find(name)?.ok_or_else(|| self.child(Step::Key(name), &Value::Null).bad("is missing", expected))
    }

    /// The value of a key; `None` where it is absent or null.
    pub(crate) fn find(&'v self, name: &'v str) -> Result<Option<At<'v>>, TraceError> {
        let Value::Object(map) = self.value else { return Err(self.bad("is no object", "an object")) };
        Ok(map.get(name).filter(|value| !value.is_null()).map(|value| self.child(Step::Key(name), value)))
    }

    /// The elements of an array.
    pub(crate) fn items(&'v self) -> Result<impl Iterator<Item = At<'v>>, TraceError> {
        let Value::Array(items) = self.value else { return Err(self.bad("is no list", "a list")) };
        Ok(items.iter().enumerate().map(|(i, value)| self.child(Step::Index(i), value)))
    }

    /// The keys of an object with their values, in the order of the keys.
    pub(crate) fn entries(&'v self) -> Result<impl Iterator<Item = (&'v str, At<'v>)>, TraceError> {
        let Value::Object(map) = self.value else { return Err(self.bad("is no object", "an object")) };
        Ok(map.iter().map(|(key, value)| (key.as_str(), self.child(Step::Key(key), value))))
    }

    /// A text.
    pub(crate) fn text(&self, expected: &str) -> Result<&'v str, TraceError> {
        self.value.as_str().ok_or_else(|| self.bad("is no text", expected))
    }

    /// A text or a whole number, as text: formats are not of one mind about identifiers.
    pub(crate) fn id(&self, expected: &str) -> Result<String, TraceError> {
        match self.value {
            Value::String(text) if !text.is_empty() => Ok(text.clone()),
            Value::Number(number) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
            _ => Err(self.bad("is no identifier", expected)),
        }
    }

    /// A whole number, also one that is written with decimals that are all 0.
    pub(crate) fn whole(&self, expected: &str) -> Result<i64, TraceError> {
        let Value::Number(number) = self.value else { return Err(self.bad("is no number", expected)) };
        let exact = |float: f64| (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64);
        let whole = number.as_i64().or_else(|| number.as_f64().and_then(exact));
        whole.ok_or_else(|| self.bad("is no whole number", expected))
    }

    /// A number.
    pub(crate) fn number(&self, expected: &str) -> Result<f64, TraceError> {
        self.value.as_f64().ok_or_else(|| self.bad("is no number", expected))
    }

    /// Seconds in nanoseconds, rounded to the nearest.
    pub(crate) fn seconds(&self, expected: &str) -> Result<i64, TraceError> {
        if let Some(whole) = self.value.as_i64() {
            return whole.checked_mul(1_000_000_000).ok_or_else(|| self.bad("is too large", expected));
        }
        let seconds = self.number(expected)?;
        let span = Span::try_from_secs_f64(seconds.abs()).ok_or_else(|| self.bad("is too large", expected))?;
        Ok(if seconds < 0.0 { -span.0 } else { span.0 })
    }

    /// The error that this value is wrong.
    pub(crate) fn bad(&self, problem: &'static str, expected: &str) -> TraceError {
        let found = match self.value {
            Value::String(text) => shorten(text.as_bytes()),
            Value::Array(items) => format!("a list of {}", items.len()).into(),
            Value::Object(_) => "an object".into(),
            Value::Null => "".into(),
            other => other.to_string().into(),
        };
        TraceError::Field {
            file: Arc::clone(&self.document.file),
            line: self.document.line,
            path: self.path().into(),
            found,
            problem,
            expected: expected.into(),
        }
    }

    /// The way to it, such as `events[3].ts`.
    pub(crate) fn path(&self) -> String {
        let mut path = match self.parent {
            Some(parent) => parent.path(),
            None => self.document.prefix.clone(),
        };
        match self.step {
            Step::Root => {}
            Step::Index(i) => drop(write!(path, "[{i}]")),
            Step::Key(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
        }
        path
    }

    fn child(&'v self, step: Step<'v>, value: &'v Value) -> At<'v> {
        At { document: self.document, parent: Some(self), step, value }
    }
}

/// The bytes of a file that is needed whole.
pub(crate) fn read_all(input: Input) -> Result<(Arc<str>, Vec<u8>), TraceError> {
    let Input { file, mut reader } = input;
    let mut bytes = Vec::new();
    match reader.read_to_end(&mut bytes) {
        Ok(_) => Ok((file, bytes)),
        Err(error) => {
            let line = bytes.split(|b| *b == b'\n').count() as u64;
            let message = match error.kind() {
                std::io::ErrorKind::UnexpectedEof => "the gzip data ends early, the file is truncated".into(),
                _ => error.to_string(),
            };
            Err(TraceError::Read { file, line, message })
        }
    }
}

/// A file that is one JSON document.
pub(crate) fn read(input: Input, expected: &str) -> Result<(Document, Value), TraceError> {
    let (file, bytes) = read_all(input)?;
    let value = parse(&file, 1, &bytes, expected)?;
    Ok((Document::whole(&file), value))
}

/// A JSON document that begins on this line of its file.
pub(crate) fn parse(file: &Arc<str>, line: u64, bytes: &[u8], expected: &str) -> Result<Value, TraceError> {
    if bytes.trim_ascii().is_empty() {
        return Err(TraceError::EmptyDocument { file: Arc::clone(file), expected: expected.into() });
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let line = line + (error.line() as u64).saturating_sub(1);
        // Line and column stand in front.
        let text = error.to_string();
        let problem = text.split(" at line ").next().unwrap_or_default().into();
        let (column, expected) = (error.column() as u64, expected.into());
        TraceError::Json { file: Arc::clone(file), line, column, problem, expected }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Inputs;

    fn input(text: &str) -> Input {
        Inputs::from_bytes("t.json", text).files()[0].open().unwrap()
    }

    #[test]
    fn what_is_wrong_is_said_with_the_way_to_it() {
        let value = serde_json::json!({"events": [{"ts": 5}, {"ts": "late", "n": 2.0, "id": 7}]});
        let document = Document::whole(&"trace.json".into());
        let root = document.at(&value);
        let events = root.key("events", "events").unwrap();
        let second = events.items().unwrap().nth(1).unwrap();
        let ts = second.key("ts", "a time").unwrap();
        assert_eq!(
            ts.seconds("Unix seconds").unwrap_err().to_string(),
            "trace.json: events[1].ts: `late` is no number: expected Unix seconds"
        );
        assert_eq!(second.key("n", "a count").unwrap().whole("a count").unwrap(), 2);
        assert_eq!(second.key("id", "an id").unwrap().id("an id").unwrap(), "7");
        assert_eq!(
            second.key("applied_objs", "a list of objects").err().unwrap().to_string(),
            "trace.json: events[1].applied_objs: is missing: expected a list of objects"
        );
    }

    #[test]
    fn broken_json_is_found_by_line_and_column() {
        let error = read(input("{\n \"a\": ,\n}"), "a workload").unwrap_err();
        assert_eq!(error.to_string(), "t.json: line 2, column 7: expected value: expected a workload as JSON");
        let error = read(input(" \n"), "a workload").unwrap_err();
        assert_eq!(error.to_string(), "t.json: the file is empty: expected a workload");
    }
}

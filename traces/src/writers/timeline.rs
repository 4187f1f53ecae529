//! What timeline viewers read: slices on lanes of processes.

use serde_json::{Map, Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::io::{Result, Write};

/// A timeline that is being written as Chrome's trace-event JSON, event by event.
pub struct Timeline<'o> {
    out: &'o mut (dyn Write + Send),
    is_first: bool,
}

/// Something that lasts.
#[derive(Clone, Debug)]
pub struct Slice<'n> {
    /// What is written on it.
    pub name: &'n str,
    /// What can be searched for.
    pub category: &'n str,
    /// When it begins, in nanoseconds.
    pub start: i64,
    /// How long it lasts, in nanoseconds.
    pub length: i64,
    /// The process.
    pub process: u64,
    /// The lane in the process.
    pub lane: u64,
    /// What is shown when it is selected.
    pub arguments: Map<String, Value>,
}

impl<'o> Timeline<'o> {
    /// Begins a timeline.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn begin(out: &'o mut (dyn Write + Send)) -> Result<Self> {
        out.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")?;
        Ok(Self { out, is_first: true })
    }

    /// Names a process.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn process(&mut self, process: u64, name: &str) -> Result<()> {
        self.event(&json!({"name": "process_name", "ph": "M", "pid": process, "tid": 0, "args": {"name": name}}))
    }

    /// Writes a slice.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn slice(&mut self, slice: Slice<'_>) -> Result<()> {
        let Slice { name, category, start, length, process, lane, arguments } = slice;
        // Microseconds with three decimals hold nanoseconds exactly; viewers take both.
        let micros = |nanos: i64| if nanos % 1000 == 0 { json!(nanos / 1000) } else { json!(nanos as f64 / 1e3) };
        self.event(&json!({
            "name": name, "cat": category, "ph": "X", "ts": micros(start), "dur": micros(length), "pid": process, "tid": lane,
            "args": arguments,
        }))
    }

    /// Ends it.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn end(&mut self) -> Result<()> {
        self.out.write_all(b"\n]}\n")
    }

    fn event(&mut self, event: &Value) -> Result<()> {
        let comma = if std::mem::take(&mut self.is_first) { "" } else { "," };
        write!(self.out, "{comma}\n{event}")
    }
}

/// Which lanes are taken, and until when: slices of one lane do not overlap. Starts are handed in in order of time, or nearly.
#[derive(Debug, Default)]
pub struct Lanes {
    /// The ends of what is on the lanes, with the lane.
    busy: BinaryHeap<Reverse<(i64, u64)>>,
    free: BTreeSet<u64>,
    count: u64,
}

impl Lanes {
    /// The first lane that is free from `start` on; it is taken until `end`.
    pub fn take(&mut self, start: i64, end: i64) -> u64 {
        while let Some(Reverse((until, lane))) = self.busy.peek().copied() {
            if until > start {
                break;
            }
            self.busy.pop();
            self.free.insert(lane);
        }
        let lane = self.free.pop_first().unwrap_or_else(|| {
            self.count += 1;
            self.count
        });
        self.busy.push(Reverse((end.max(start), lane)));
        lane
    }
}

//! Tasks with what they use.

use super::{FRAGMENTS, TASKS};
use crate::error::TraceError;
use crate::format::{Context, deal, no_table};
use crate::input::{InputFile, Inputs};
use crate::number::{self, NumberError};
use crate::options::MemoryUnit;
use crate::reader::{Origin, Reader, Timeline};
use crate::record::{Event, FileId, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::shapes::{Shape, Shapes};
use crate::table::{Column, Row, Table};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use towtank_sim::model::pod::{PodSpec, RestartPolicy, Run, Usage};
use towtank_sim::model::quantity::Quantity;
use towtank_sim::time::Span;

pub(super) fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let dealt = deal(inputs, &[&TASKS, &FRAGMENTS])?;
    if dealt[0].is_empty() {
        return Err(no_table(inputs, &TASKS));
    }
    let used = if dealt[1].is_empty() { FxHashMap::default() } else { used(&dealt[1])? };
    let table = Table::open(&dealt[0], &TASKS, &[&FRAGMENTS])?;
    Ok(Box::new(Tasks {
        id: table.require("id")?,
        submission: table.require("submission_time")?,
        duration: table.require("duration")?,
        cpus: table.require("cpu_count")?,
        memory: table.require("mem_capacity")?,
        clock: table.find("cpu_capacity"),
        unit: context.options.memory_unit,
        used,
        repairs: context.repairs.clone(),
        shapes: Shapes::default(),
        table,
    }))
}

struct Tasks {
    table: Table,
    id: Column,
    submission: Column,
    duration: Column,
    cpus: Column,
    memory: Column,
    clock: Option<Column>,
    unit: MemoryUnit,
    /// The mean use of the tasks that have fragments, in MHz.
    used: FxHashMap<Box<[u8]>, f64>,
    repairs: Repairs,
    shapes: Shapes,
}

impl Reader for Tasks {
    fn file(&self, file: FileId) -> &Arc<str> {
        self.table.file_name(file)
    }

    fn timeline(&self) -> Timeline {
        Timeline { sorted: false, origin: Origin::First }
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        while let Some(row) = self.table.next_row()? {
            let at = millis(row, self.submission)
                .map_err(|error| row.bad_number(self.submission, error, "milliseconds since 1970"))?;
            let expected = "a run time in milliseconds";
            let length = match millis(row, self.duration) {
                Ok(length) => length,
                Err(NumberError::Negative) => {
                    let error = || row.bad_number(self.duration, NumberError::Negative, expected);
                    self.repairs.repair(Rule::NegativeDuration, error)?;
                    continue;
                }
                Err(error) => return Err(row.bad_number(self.duration, error, expected)),
            };
            let cpus = row.whole_to(self.cpus, 10_000_000, "a number of CPUs, at most 10 million")?;
            let memory = row.whole_to(self.memory, i64::MAX / self.unit.bytes(), "a size of memory below 8 EiB")?;
            let memory = memory * self.unit.bytes();
            let shape = self.shapes.of([row.bytes(self.cpus), row.bytes(self.memory)], || {
                let amounts = [("cpu", cpus), ("memory", memory)];
                let requests = amounts.map(|(name, amount)| (name.to_owned(), Quantity::from_units(amount)));
                let spec = PodSpec::with_requests(requests.into());
                Ok(Shape { spec: PodSpec { restart_policy: RestartPolicy::Never, ..spec } })
            })?;
            let mut usage = Usage::default();
            if let (Some(used), Some(clock)) = (self.used.get(row.bytes(self.id)), self.clock) {
                let capacity = decimal(row, clock)?;
                if capacity > 0.0 {
                    let share = used / capacity * 10_000.0 + 0.5;
                    if share >= f64::from(u16::MAX) {
                        let error = || row.bad(clock, "is far less than what is used", "at least a sixth of it");
                        self.repairs.repair(Rule::Clipped, error)?;
                    }
                    usage.cpu = share as u16;
                }
            }
            let mut pod = Submitted::pod(row.name(self.id)?, shape, Run::Succeeds(Span(length)));
            pod.usage = usage;
            return Ok(Some(Record { at, place: row.place(), event: Event::Submitted(pod) }));
        }
        Ok(None)
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

/// The mean use in MHz of each task over the time of its fragments. Memory follows the number of tasks.
fn used(files: &[InputFile]) -> Result<FxHashMap<Box<[u8]>, f64>, TraceError> {
    let mut table = Table::open(files, &FRAGMENTS, &[&TASKS])?;
    let (id, duration, usage) = (table.require("id")?, table.require("duration")?, table.require("cpu_usage")?);
    let mut sums: FxHashMap<Box<[u8]>, (f64, f64)> = FxHashMap::default();
    while let Some(row) = table.next_row()? {
        let length = row.whole(duration, "a time in milliseconds")? as f64;
        let level = decimal(row, usage)?;
        let name = row.bytes(id);
        let sum = match sums.get_mut(name) {
            Some(sum) => sum,
            None => sums.entry(name.into()).or_default(),
        };
        *sum = (sum.0 + length * level, sum.1 + length);
    }
    Ok(sums.into_iter().filter(|(_, (_, time))| *time > 0.0).map(|(id, (area, time))| (id, area / time)).collect())
}

/// Milliseconds in nanoseconds.
fn millis(row: Row<'_>, column: Column) -> Result<i64, NumberError> {
    number::decimal(row.bytes(column), 6, 6)
}

/// A number of 0 or more with any decimals.
fn decimal(row: Row<'_>, column: Column) -> Result<f64, TraceError> {
    let text = std::str::from_utf8(row.bytes(column)).unwrap_or_default();
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| row.bad(column, "is no such number", "MHz, 0 or more"))
}

//! The batch tasks of Alibaba's co-located clusters of 2017 and 2018: so many equal pods, with what each requests, and a status.

use crate::error::TraceError;
use crate::format::Context;
use crate::options::GpuMode;
use crate::parts::Out;
use crate::repairs::{Repairs, Rule};
use crate::shapes::{Shape, ShapeId};
use crate::spec::{Asks, SECOND};
use crate::table::{Column, Row, Table};
use towtank_sim::model::pod::Run;
use towtank_sim::time::Span;

/// How a trace words its tasks.
pub(crate) struct Dialect {
    /// The columns of when a task ended, and of how many pods it has.
    pub(crate) ended: &'static str,
    pub(crate) instances: &'static str,
    /// The statuses of tasks that never ran to an end.
    pub(crate) unfinished: &'static [&'static str],
    /// All statuses, as the end of a sentence.
    pub(crate) statuses: &'static str,
    /// What is wrong with an end that comes before the task began, and what is expected instead.
    pub(crate) too_early: [&'static str; 2],
    /// What memory is counted in.
    pub(crate) memory: &'static str,
}

/// What a row says of the pods of a task.
pub(crate) struct Task {
    ended: Column,
    instances: Column,
    status: Column,
    cpu: Column,
    memory: Column,
    /// Bytes.
    memory_unit: i64,
    dialect: &'static Dialect,
    repairs: Repairs,
}

const COUNT: &str = "a whole number of instances from 1 to 1000000";

impl Task {
    /// The tasks of a table, whose memory is counted in so many bytes.
    ///
    /// # Errors
    /// A column is missing.
    pub(crate) fn new(
        table: &Table,
        dialect: &'static Dialect,
        memory_unit: i64,
        context: &Context,
    ) -> Result<Self, TraceError> {
        Ok(Self {
            ended: table.require(dialect.ended)?,
            instances: table.require(dialect.instances)?,
            status: table.require("status")?,
            cpu: table.require("plan_cpu")?,
            memory: table.require("plan_mem")?,
            memory_unit,
            dialect,
            repairs: context.repairs.clone(),
        })
    }

    /// The shape of a task's pods, how they run, and how many they are; nothing if the task is left out. It began at `began`.
    pub(crate) fn pods(
        &self,
        row: Row<'_>,
        began: i64,
        out: &mut Out<'_>,
    ) -> Result<Option<(ShapeId, Run, u32)>, TraceError> {
        let Some(run) = self.run(row, began)? else { return Ok(None) };
        let pods = row.times(self.instances, 1, COUNT)?;
        if !(1..=1_000_000).contains(&pods) {
            return Err(row.bad(self.instances, "is out of range", COUNT));
        }
        if row.bytes(self.cpu).is_empty() || row.bytes(self.memory).is_empty() {
            let error = || row.bad(self.cpu, "is blank, or the memory is", "both requests");
            self.repairs.repair(Rule::MissingRequest, error)?;
        }
        let ends: &[u8] = if run == Run::Forever { b"task" } else { b"task that ends" };
        let shape = out.shapes.of([ends, row.bytes(self.cpu), row.bytes(self.memory)], || {
            let asks = Asks {
                cpu_milli: row.amount(self.cpu, 10, "hundredths of a core, 0 or more")?,
                memory_bytes: row.amount(self.memory, self.memory_unit, self.dialect.memory)?,
                labels: vec![("kind", "batch")],
                ..Asks::default()
            };
            Ok(Shape { spec: asks.spec(run, GpuMode::Share) })
        })?;
        Ok(Some((shape, run, pods as u32)))
    }

    /// How a task that began at `began` runs; nothing if it is left out.
    fn run(&self, row: Row<'_>, began: i64) -> Result<Option<Run>, TraceError> {
        let Dialect { unfinished, statuses, too_early: [too_early, expected], .. } = self.dialect;
        let failed = match row.bytes(self.status) {
            b"Terminated" => false,
            b"Failed" => true,
            b"Running" => return Ok(Some(Run::Forever)),
            other if unfinished.iter().any(|status| status.as_bytes() == other) => {
                let error =
                    || row.bad(self.status, "never ran to an end", "a task that ran, so that it has a run time");
                return self.repairs.repair(Rule::MissingDuration, error).map(|()| None);
            }
            _ => return Err(row.bad(self.status, "is no status of a task", statuses)),
        };
        let ended = row.times(self.ended, SECOND, "a time in seconds")?;
        if ended < began {
            let error = || row.bad(self.ended, too_early, expected);
            return self.repairs.repair(Rule::NegativeDuration, error).map(|()| None);
        }
        let span = Span(ended.saturating_sub(began));
        Ok(Some(if failed { Run::Fails(span) } else { Run::Succeeds(span) }))
    }
}

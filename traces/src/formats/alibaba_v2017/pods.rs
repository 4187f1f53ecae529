//! Containers of online services, and tasks of batch jobs.

use super::{CONTAINERS, DISK_BYTES, PART, SERVERS, TASKS, memory_of};
use crate::error::TraceError;
use crate::format::{Context, deal, no_table};
use crate::input::Inputs;
use crate::options::GpuMode;
use crate::parts::{Out, Parts, Rows};
use crate::reader::{Reader, Timeline};
use crate::record::{Event, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::shapes::Shape;
use crate::spec::{Asks, DISK, SECOND};
use crate::table::{Column, Row, Table};
use towtank_sim::model::pod::Run;
use towtank_sim::time::Span;

pub(super) fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let dealt = deal(inputs, &[&SERVERS, &CONTAINERS, &TASKS])?;
    let mut parts = Parts::new(Timeline::UNSORTED);
    if !dealt[1].is_empty() {
        let table = Table::open(&dealt[1], &CONTAINERS, &[&SERVERS, &TASKS])?;
        let rows = Containers::new(&table, context)?;
        parts = parts.and(table, rows);
    }
    if !dealt[2].is_empty() {
        let table = Table::open(&dealt[2], &TASKS, &[&SERVERS, &CONTAINERS])?;
        let rows = Tasks::new(&table, context)?;
        parts = parts.and(table, rows);
    }
    if dealt[1].is_empty() && dealt[2].is_empty() {
        return Err(no_table(inputs, &TASKS));
    }
    Ok(Box::new(parts))
}

struct Containers {
    timestamp: Column,
    event: Column,
    instance: Column,
    cpu: Column,
    memory: Column,
    disk: Column,
    memory_bytes: i64,
}

impl Containers {
    fn new(table: &Table, context: &Context) -> Result<Self, TraceError> {
        Ok(Self {
            timestamp: table.require("timestamp")?,
            event: table.require("event")?,
            instance: table.require("instance")?,
            cpu: table.require("plan_cpu")?,
            memory: table.require("plan_mem")?,
            disk: table.require("plan_disk")?,
            memory_bytes: memory_of(context),
        })
    }
}

impl Rows for Containers {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let at = row.times(self.timestamp, SECOND, "a time in seconds")?;
        let name = format!("container-{}", row.name(self.instance)?);
        let event = match row.bytes(self.event) {
            b"Create" => {
                let fields = [b"container", row.bytes(self.cpu), row.bytes(self.memory), row.bytes(self.disk)];
                let shape = out.shapes.of(fields, || {
                    let asks = Asks {
                        cpu_milli: row.amount(self.cpu, 1000, "a number of cores, 0 or more")?,
                        memory_bytes: row.amount(self.memory, self.memory_bytes, PART)?,
                        others: vec![(DISK, row.amount(self.disk, DISK_BYTES, PART)?.unwrap_or(0))],
                        labels: vec![("kind", "container")],
                        ..Asks::default()
                    };
                    Ok(Shape { spec: asks.spec(Run::Forever, GpuMode::Share) })
                })?;
                Event::Submitted(Submitted::pod(name.as_str(), shape, Run::Forever))
            }
            b"Remove" => Event::Killed { namespace: "default".into(), name: name.as_str().into() },
            _ => return Err(row.bad(self.event, "is no event of a container", "Create or Remove")),
        };
        out.push(Record { at, place: row.place(), event });
        Ok(())
    }
}

struct Tasks {
    created: Column,
    ended: Column,
    job: Column,
    task: Column,
    instances: Column,
    status: Column,
    cpu: Column,
    memory: Column,
    memory_bytes: i64,
    repairs: Repairs,
}

impl Tasks {
    fn new(table: &Table, context: &Context) -> Result<Self, TraceError> {
        Ok(Self {
            created: table.require("create_time")?,
            ended: table.require("end_time")?,
            job: table.require("job_id")?,
            task: table.require("task_id")?,
            instances: table.require("instances")?,
            status: table.require("status")?,
            cpu: table.require("plan_cpu")?,
            memory: table.require("plan_mem")?,
            memory_bytes: memory_of(context),
            repairs: context.repairs.clone(),
        })
    }

    /// How the task runs; nothing if it is left out.
    fn run(&self, row: Row<'_>, created: i64) -> Result<Option<Run>, TraceError> {
        let failed = match row.bytes(self.status) {
            b"Terminated" => false,
            b"Failed" => true,
            b"Running" => return Ok(Some(Run::Forever)),
            b"Waiting" | b"Ready" | b"Cancelled" => {
                let error = || row.bad(self.status, "never ran", "a task that ran, so that it has a run time");
                return self.repairs.repair(Rule::MissingDuration, error).map(|()| None);
            }
            _ => {
                let expected = "Terminated, Failed, Running, Waiting, Ready or Cancelled";
                return Err(row.bad(self.status, "is no status of a task", expected));
            }
        };
        let ended = row.times(self.ended, SECOND, "a time in seconds")?;
        if ended < created {
            let error = || row.bad(self.ended, "is before the task's creation", "an end after the creation");
            return self.repairs.repair(Rule::NegativeDuration, error).map(|()| None);
        }
        let span = Span(ended.saturating_sub(created));
        Ok(Some(if failed { Run::Fails(span) } else { Run::Succeeds(span) }))
    }
}

impl Rows for Tasks {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let created = row.times(self.created, SECOND, "a time in seconds")?;
        let Some(run) = self.run(row, created)? else { return Ok(()) };
        let expected = "a whole number of instances from 1 to 1000000";
        let pods = row.whole_to(self.instances, 1_000_000, expected)?;
        if pods == 0 {
            return Err(row.bad(self.instances, "is no instance at all", expected));
        }
        if row.bytes(self.cpu).is_empty() || row.bytes(self.memory).is_empty() {
            self.repairs
                .repair(Rule::MissingRequest, || row.bad(self.cpu, "is blank, or the memory is", "both requests"))?;
        }
        let ends: &[u8] = if run == Run::Forever { b"task" } else { b"task that ends" };
        let shape = out.shapes.of([ends, row.bytes(self.cpu), row.bytes(self.memory)], || {
            let asks = Asks {
                cpu_milli: row.amount(self.cpu, 10, "hundredths of a core, 0 or more")?,
                memory_bytes: row.amount(self.memory, self.memory_bytes, PART)?,
                labels: vec![("kind", "batch")],
                ..Asks::default()
            };
            Ok(Shape { spec: asks.spec(run, GpuMode::Share) })
        })?;
        let group = Some(row.name(self.job)?.into());
        let name = format!("task-{}", row.name(self.task)?);
        let job = Submitted { group, pods: pods as u32, ..Submitted::pod(name.as_str(), shape, run) };
        out.push(Record { at: created, place: row.place(), event: Event::Submitted(job) });
        Ok(())
    }
}

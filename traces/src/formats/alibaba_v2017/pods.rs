//! Containers of online services, and tasks of batch jobs.

use super::{CONTAINERS, DISK_BYTES, PART, SERVERS, TASKS, memory_of};
use crate::alibaba_task::{Dialect, Task};
use crate::error::TraceError;
use crate::format::{Context, deal, no_table};
use crate::input::Inputs;
use crate::options::GpuMode;
use crate::parts::{Out, Parts, Rows};
use crate::reader::{Reader, Timeline};
use crate::record::{Event, Record, Submitted};
use crate::shapes::Shape;
use crate::spec::{Asks, DISK, SECOND};
use crate::table::{Column, Row, Table};
use towtank_sim::model::pod::Run;

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
    job: Column,
    name: Column,
    task: Task,
}

static DIALECT: Dialect = Dialect {
    ended: "end_time",
    instances: "instances",
    unfinished: &["Waiting", "Ready", "Cancelled"],
    statuses: "Terminated, Failed, Running, Waiting, Ready or Cancelled",
    too_early: ["is before the task's creation", "an end after the creation"],
    memory: PART,
};

impl Tasks {
    fn new(table: &Table, context: &Context) -> Result<Self, TraceError> {
        Ok(Self {
            created: table.require("create_time")?,
            job: table.require("job_id")?,
            name: table.require("task_id")?,
            task: Task::new(table, &DIALECT, memory_of(context), context)?,
        })
    }
}

impl Rows for Tasks {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let created = row.times(self.created, SECOND, "a time in seconds")?;
        let Some((shape, run, pods)) = self.task.pods(row, created, out)? else { return Ok(()) };
        let group = Some(row.name(self.job)?.into());
        let name = format!("task-{}", row.name(self.name)?);
        let job = Submitted { group, pods, ..Submitted::pod(name.as_str(), shape, run) };
        out.push(Record { at: created, place: row.place(), event: Event::Submitted(job) });
        Ok(())
    }
}

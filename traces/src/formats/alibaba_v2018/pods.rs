//! Containers of online services, and tasks of batch jobs.

use super::{CONTAINERS, MACHINES, PERCENT, TASKS, memory_percent};
use crate::alibaba_task::{Dialect, Task};
use crate::error::TraceError;
use crate::format::{Context, deal, no_table};
use crate::input::Inputs;
use crate::options::GpuMode;
use crate::parts::{Out, Parts, Rows};
use crate::reader::{Reader, Timeline};
use crate::record::{Event, Record, Submitted};
use crate::shapes::Shape;
use crate::spec::{Asks, SECOND};
use crate::table::{Column, Row, Table};
use std::collections::BTreeSet;
use towtank_sim::model::pod::Run;

pub(super) fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let dealt = deal(inputs, &[&MACHINES, &CONTAINERS, &TASKS])?;
    let mut parts = Parts::new(Timeline::UNSORTED);
    if !dealt[1].is_empty() {
        let table = Table::open(&dealt[1], &CONTAINERS, &[&MACHINES, &TASKS])?;
        let rows = Containers::new(&table, context)?;
        parts = parts.and(table, rows);
    }
    if !dealt[2].is_empty() {
        let table = Table::open(&dealt[2], &TASKS, &[&MACHINES, &CONTAINERS])?;
        let rows = Tasks::new(&table, context)?;
        parts = parts.and(table, rows);
    }
    if dealt[1].is_empty() && dealt[2].is_empty() {
        return Err(no_table(inputs, &TASKS));
    }
    Ok(Box::new(parts))
}

struct Containers {
    id: Column,
    time: Column,
    app: Column,
    status: Column,
    cpu: Column,
    memory: Column,
    percent: i64,
    labels: bool,
    /// The containers that are there.
    there: BTreeSet<Vec<u8>>,
}

impl Containers {
    fn new(table: &Table, context: &Context) -> Result<Self, TraceError> {
        Ok(Self {
            id: table.require("container_id")?,
            time: table.require("time_stamp")?,
            app: table.require("app_du")?,
            status: table.require("status")?,
            cpu: table.require("cpu_request")?,
            memory: table.require("mem_size")?,
            percent: memory_percent(context),
            labels: context.options.identity_labels,
            there: BTreeSet::new(),
        })
    }
}

impl Rows for Containers {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let at = row.times(self.time, SECOND, "a time in seconds")?;
        let name = row.name(self.id)?;
        if row.bytes(self.status) == b"stopped" {
            if self.there.remove(name.as_bytes()) {
                let event = Event::Killed { namespace: "default".into(), name: name.into() };
                out.push(Record { at, place: row.place(), event });
            }
            return Ok(());
        }
        if !self.there.insert(name.as_bytes().to_owned()) {
            return Ok(());
        }
        let app = row.text(self.app)?;
        let label = if self.labels { app } else { "" };
        let fields = [b"container", row.bytes(self.cpu), row.bytes(self.memory), label.as_bytes()];
        let shape = out.shapes.of(fields, || {
            let asks = Asks {
                cpu_milli: row.amount(self.cpu, 10, "hundredths of a core, 0 or more")?,
                memory_bytes: row.amount(self.memory, self.percent, PERCENT)?,
                labels: vec![("kind", "container"), ("app", label)],
                ..Asks::default()
            };
            Ok(Shape { spec: asks.spec(Run::Forever, GpuMode::Share) })
        })?;
        let user = out.shapes.name(app);
        let pod = Submitted { user, ..Submitted::pod(name, shape, Run::Forever) };
        out.push(Record { at, place: row.place(), event: Event::Submitted(pod) });
        Ok(())
    }
}

struct Tasks {
    started: Column,
    job: Column,
    name: Column,
    task: Task,
}

static DIALECT: Dialect = Dialect {
    ended: "end_time",
    instances: "instance_num",
    unfinished: &["Waiting", "Ready", "Cancelled", "Interrupted"],
    statuses: "Terminated, Failed, Running, Waiting, Ready, Cancelled or Interrupted",
    too_early: ["is before the task's start", "an end after the start"],
    memory: PERCENT,
};

impl Tasks {
    fn new(table: &Table, context: &Context) -> Result<Self, TraceError> {
        Ok(Self {
            started: table.require("start_time")?,
            job: table.require("job_name")?,
            name: table.require("task_name")?,
            task: Task::new(table, &DIALECT, memory_percent(context), context)?,
        })
    }
}

impl Rows for Tasks {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let started = row.times(self.started, SECOND, "a time in seconds")?;
        let Some((shape, run, pods)) = self.task.pods(row, started, out)? else { return Ok(()) };
        let job = row.name(self.job)?;
        let name = format!("{job}-{}", row.name(self.name)?);
        let job = Submitted { group: Some(job.into()), pods, ..Submitted::pod(name.as_str(), shape, run) };
        out.push(Record { at: started, place: row.place(), event: Event::Submitted(job) });
        Ok(())
    }
}

//! Containers of online services, and tasks of batch jobs.

use super::{CONTAINERS, MACHINES, PERCENT, TASKS, memory_percent};
use crate::error::TraceError;
use crate::format::{Context, deal, no_table};
use crate::input::Inputs;
use crate::options::GpuMode;
use crate::parts::{Out, Parts, Rows};
use crate::reader::{Reader, Timeline};
use crate::record::{Event, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::shapes::Shape;
use crate::spec::{Asks, SECOND};
use crate::table::{Column, Row, Table};
use std::collections::BTreeSet;
use towtank_sim::model::pod::Run;
use towtank_sim::time::Span;

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
    task: Column,
    instances: Column,
    job: Column,
    status: Column,
    started: Column,
    ended: Column,
    cpu: Column,
    memory: Column,
    percent: i64,
    repairs: Repairs,
}

impl Tasks {
    fn new(table: &Table, context: &Context) -> Result<Self, TraceError> {
        Ok(Self {
            task: table.require("task_name")?,
            instances: table.require("instance_num")?,
            job: table.require("job_name")?,
            status: table.require("status")?,
            started: table.require("start_time")?,
            ended: table.require("end_time")?,
            cpu: table.require("plan_cpu")?,
            memory: table.require("plan_mem")?,
            percent: memory_percent(context),
            repairs: context.repairs.clone(),
        })
    }

    /// How the task runs; nothing if it is left out.
    fn run(&self, row: Row<'_>, started: i64) -> Result<Option<Run>, TraceError> {
        let failed = match row.bytes(self.status) {
            b"Terminated" => false,
            b"Failed" => true,
            b"Running" => return Ok(Some(Run::Forever)),
            b"Waiting" | b"Ready" | b"Cancelled" | b"Interrupted" => {
                let error =
                    || row.bad(self.status, "never ran to an end", "a task that ran, so that it has a run time");
                return self.repairs.repair(Rule::MissingDuration, error).map(|()| None);
            }
            _ => {
                let expected = "Terminated, Failed, Running, Waiting, Ready, Cancelled or Interrupted";
                return Err(row.bad(self.status, "is no status of a task", expected));
            }
        };
        let ended = row.times(self.ended, SECOND, "a time in seconds")?;
        if ended < started {
            let error = || row.bad(self.ended, "is before the task's start", "an end after the start");
            return self.repairs.repair(Rule::NegativeDuration, error).map(|()| None);
        }
        let span = Span(ended.saturating_sub(started));
        Ok(Some(if failed { Run::Fails(span) } else { Run::Succeeds(span) }))
    }
}

impl Rows for Tasks {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let started = row.times(self.started, SECOND, "a time in seconds")?;
        let Some(run) = self.run(row, started)? else { return Ok(()) };
        let expected = "a number of instances from 1 to 1000000";
        let pods = row.times(self.instances, 1, expected)?;
        if !(1..=1_000_000).contains(&pods) {
            return Err(row.bad(self.instances, "is out of range", expected));
        }
        if row.bytes(self.cpu).is_empty() || row.bytes(self.memory).is_empty() {
            self.repairs
                .repair(Rule::MissingRequest, || row.bad(self.cpu, "is blank, or the memory is", "both requests"))?;
        }
        let ends: &[u8] = if run == Run::Forever { b"task" } else { b"task that ends" };
        let shape = out.shapes.of([ends, row.bytes(self.cpu), row.bytes(self.memory)], || {
            let asks = Asks {
                cpu_milli: row.amount(self.cpu, 10, "hundredths of a core, 0 or more")?,
                memory_bytes: row.amount(self.memory, self.percent, PERCENT)?,
                labels: vec![("kind", "batch")],
                ..Asks::default()
            };
            Ok(Shape { spec: asks.spec(run, GpuMode::Share) })
        })?;
        let job = row.name(self.job)?;
        let name = format!("{job}-{}", row.name(self.task)?);
        let job = Submitted { group: Some(job.into()), pods: pods as u32, ..Submitted::pod(name.as_str(), shape, run) };
        out.push(Record { at: started, place: row.place(), event: Event::Submitted(job) });
        Ok(())
    }
}

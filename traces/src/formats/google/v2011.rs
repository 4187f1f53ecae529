//! The tables of 2011.

use super::fields::Fields;
use super::join::{Item, Joined, PARTS, Request, Task, TaskEvent, Told, What};
use super::machines::{MachineEvent, Machines};
use super::{PART, machine};
use crate::error::TraceError;
use crate::format::{Context, Head, deal, no_table};
use crate::input::{InputFile, Inputs};
use crate::reader::Reader;
use crate::schema::{Header, Schema};

static MACHINES: Schema = Schema {
    what: "a table of machine events",
    files: &["machine_events"],
    header: Header::Perhaps,
    required: &["time", "machine ID", "event type", "platform ID", "CPUs", "memory"],
    order: &["time", "machine ID", "event type", "platform ID", "CPUs", "memory"],
    aliases: &[("time stamp", "time"), ("timestamp", "time"), ("capacity:cpu", "CPUs"), ("capacity:memory", "memory")],
    ..Schema::CSV
};

static TASKS: Schema = Schema {
    what: "a table of task events",
    files: &["task_events"],
    header: Header::Perhaps,
    required: &[
        "time",
        "job ID",
        "task index",
        "event type",
        "user",
        "scheduling class",
        "priority",
        "CPU request",
        "memory request",
        "disk space request",
        "different machines restriction",
    ],
    order: &[
        "time",
        "missing info",
        "job ID",
        "task index",
        "machine ID",
        "event type",
        "user",
        "scheduling class",
        "priority",
        "CPU request",
        "memory request",
        "disk space request",
        "different machines restriction",
    ],
    aliases: &[
        ("time stamp", "time"),
        ("timestamp", "time"),
        ("jobid", "job ID"),
        ("task index  within the job", "task index"),
        ("task index within the job", "task index"),
        ("username", "user"),
        ("user name", "user"),
        ("resource request for cpu cores", "CPU request"),
        ("resource request for ram", "memory request"),
        ("resource request for local disk space", "disk space request"),
        ("different-machine constraint", "different machines restriction"),
    ],
    ..Schema::CSV
};

static USAGE: Schema = Schema {
    what: "a table of task usage",
    files: &["task_usage"],
    header: Header::Perhaps,
    required: &["start time", "end time", "job ID", "task index", "CPU rate", "canonical memory usage"],
    order: &[
        "start time",
        "end time",
        "job ID",
        "task index",
        "machine ID",
        "CPU rate",
        "canonical memory usage",
        "assigned memory usage",
        "unmapped page cache",
        "total page cache",
        "maximum memory usage",
        "disk I/O time",
        "local disk space usage",
        "maximum CPU rate",
        "maximum disk IO time",
        "cycles per instruction",
        "memory accesses per instruction",
        "sample portion",
        "aggregation type",
        "sampled CPU usage",
    ],
    aliases: &[
        ("start time of the measurement period", "start time"),
        ("end time of the measurement period", "end time"),
        ("jobid", "job ID"),
        ("mean cpu usage rate", "CPU rate"),
    ],
    ..Schema::CSV
};

static JOBS: Schema = Schema {
    what: "a table of job events",
    files: &["job_events"],
    header: Header::Perhaps,
    required: &["time", "job ID", "event type", "user"],
    order: &[
        "time",
        "missing info",
        "job ID",
        "event type",
        "user",
        "scheduling class",
        "job name",
        "logical job name",
    ],
    aliases: &[
        ("time stamp", "time"),
        ("timestamp", "time"),
        ("jobid", "job ID"),
        ("username", "user"),
        ("user name", "user"),
    ],
    ..Schema::CSV
};

/// Attributes of machines: passed over.
static ATTRIBUTES: Schema = Schema {
    what: "a table of machine attributes",
    files: &["machine_attributes", "task_constraints"],
    header: Header::Perhaps,
    required: &["time", "machine ID", "attribute name"],
    order: &["time", "machine ID", "attribute name", "attribute value", "attribute deleted"],
    aliases: &[("time stamp", "time"), ("timestamp", "time")],
    ..Schema::CSV
};

const TABLES: [&Schema; 5] = [&MACHINES, &TASKS, &USAGE, &JOBS, &ATTRIBUTES];

/// A table of either year may be called like this; that of 2011 is of numbers and has no header, or one with its own names.
pub(super) fn detect(head: &Head<'_>) -> bool {
    let fields: Vec<&str> = head.first_row(b',').collect();
    let number = |i: usize| fields.get(i).is_some_and(|field| field.parse::<u64>().is_ok());
    TABLES[..4].iter().any(|table| {
        head.is_table(table) || (table.is_named(head.name) && number(0) && fields.len() == table.order.len())
    })
}

pub(super) fn open_nodes(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let mut dealt = deal(inputs, &TABLES)?;
    if dealt[0].is_empty() {
        return Err(no_table(inputs, &MACHINES));
    }
    let events = |number: &[u8]| match number {
        b"0" | b"2" => Some(MachineEvent::There),
        b"1" => Some(MachineEvent::Gone),
        _ => None,
    };
    Machines::open(dealt.swap_remove(0), &MACHINES, events, machine(context))
}

pub(super) fn open_pods(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let mut dealt = deal(inputs, &TABLES)?;
    let [tasks, usage, jobs] = [1, 2, 3].map(|table| std::mem::take(&mut dealt[table]));
    if tasks.is_empty() {
        return Err(no_table(inputs, &TASKS));
    }
    let mut files: Vec<InputFile> = Vec::new();
    let mut streams: Vec<Box<dyn Told>> = Vec::new();
    let mut open = |table: Vec<InputFile>, schema| {
        let fields = Fields::open(&table, schema, files.len() as u32);
        files.extend(table);
        fields
    };
    // A job's user is told before its tasks.
    if !jobs.is_empty() {
        streams.push(Box::new(Jobs(open(jobs, &JOBS)?)));
    }
    streams.push(Box::new(Tasks(open(tasks, &TASKS)?)));
    if !usage.is_empty() {
        // Use of a span that begins with the task's end belongs to nobody, and with its beginning to it.
        streams.push(Box::new(Use(open(usage, &USAGE)?)));
    }
    Ok(Box::new(Joined::new(files, streams, machine(context), context.repairs.clone())?))
}

/// Jobs say who submitted them; how their tasks fare is told by these.
struct Jobs(Fields);

impl Told for Jobs {
    fn next(&mut self) -> Result<Option<Item>, TraceError> {
        while self.0.advance()? {
            let row = &self.0;
            let job = row.whole(1, "the number of a job")?;
            let what = match row.whole(2, EVENT)? {
                0 => What::Job { job, user: row.text(3)?.to_owned() },
                3..=6 => What::JobOver { job },
                1 | 2 | 7 | 8 => continue,
                _ => return Err(row.bad(2, "is no event of a job", EVENT)),
            };
            return Ok(Some(Item { at: row.time(0)?, place: row.place(), what }));
        }
        Ok(None)
    }
}

const EVENT: &str = "the number of an event, 0 to 8";

struct Tasks(Fields);

impl Told for Tasks {
    fn next(&mut self) -> Result<Option<Item>, TraceError> {
        while self.0.advance()? {
            let row = &self.0;
            let task = Task { job: row.whole(1, "the number of a job")?, index: row.whole(2, "the index of a task")? };
            let event = match row.whole(3, EVENT)? {
                0 => TaskEvent::Submit(Box::new(request(row)?)),
                1 => TaskEvent::Schedule,
                2 => TaskEvent::Evict,
                3 | 6 => TaskEvent::End { failed: true },
                4 => TaskEvent::End { failed: false },
                5 => TaskEvent::Kill,
                7 => TaskEvent::Update(Box::new(request(row)?)),
                8 => continue,
                _ => return Err(row.bad(3, "is no event of a task", "a number from 0 to 8")),
            };
            return Ok(Some(Item { at: row.time(0)?, place: row.place(), what: What::Task { task, event } }));
        }
        Ok(None)
    }
}

fn request(row: &Fields) -> Result<Request, TraceError> {
    Ok(Request {
        cpu: row.amount(7, PARTS, PART)?,
        memory: row.amount(8, PARTS, PART)?,
        disk: row.amount(9, PARTS, PART)?,
        priority: row.amount(6, 1, "a priority, 0 or more")?.map(|n| n.min(i64::from(i32::MAX)) as i32),
        class: row.text(5)?.to_owned(),
        user: row.text(4)?.to_owned(),
        apart: row.amount(10, 1, "1 or 0")?.unwrap_or(0) == 1,
    })
}

struct Use(Fields);

impl Told for Use {
    fn next(&mut self) -> Result<Option<Item>, TraceError> {
        if !self.0.advance()? {
            return Ok(None);
        }
        let row = &self.0;
        let (at, end) = (row.time(0)?, row.time(1)?);
        let task = Task { job: row.whole(2, "the number of a job")?, index: row.whole(3, "the index of a task")? };
        let cpu = row.amount(4, PARTS, PART)?.unwrap_or(0);
        let memory = row.amount(5, PARTS, PART)?.unwrap_or(0);
        let span = end.saturating_sub(at).max(0);
        Ok(Some(Item { at, place: row.place(), what: What::Used { task, cpu, memory, span } }))
    }
}

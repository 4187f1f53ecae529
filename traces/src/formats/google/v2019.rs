//! The tables of 2019.

use super::fields::Fields;
use super::join::{Item, Joined, PARTS, Request, Task, TaskEvent, Told, What};
use super::machines::{MachineEvent, Machines};
use super::{PART, machine};
use crate::error::TraceError;
use crate::format::{Context, Head, no_table};
use crate::input::{InputFile, Inputs};
use crate::reader::Reader;
use crate::schema::Schema;

static MACHINES: Schema = Schema {
    what: "a table of machine events",
    files: &["machine_events"],
    required: &["time", "machine_id", "type", "platform_id", "capacity.cpus", "capacity.memory"],
    aliases: &[("capacity_cpus", "capacity.cpus"), ("capacity_memory", "capacity.memory")],
    ..Schema::CSV
};

static INSTANCES: Schema = Schema {
    what: "a table of instance events",
    files: &["instance_events"],
    required: &[
        "time",
        "type",
        "collection_id",
        "instance_index",
        "priority",
        "resource_request.cpus",
        "resource_request.memory",
    ],
    optional: &["scheduling_class", "collection_type"],
    aliases: &[
        ("resource_request_cpus", "resource_request.cpus"),
        ("resource_request_memory", "resource_request.memory"),
    ],
    ..Schema::CSV
};

static COLLECTIONS: Schema = Schema {
    what: "a table of collection events",
    files: &["collection_events"],
    required: &["time", "type", "collection_id", "user"],
    ..Schema::CSV
};

static USAGE: Schema = Schema {
    what: "a table of instance usage",
    files: &["instance_usage"],
    required: &[
        "start_time",
        "end_time",
        "collection_id",
        "instance_index",
        "average_usage.cpus",
        "average_usage.memory",
    ],
    aliases: &[("average_usage_cpus", "average_usage.cpus"), ("average_usage_memory", "average_usage.memory")],
    ..Schema::CSV
};

const TABLES: [&Schema; 4] = [&MACHINES, &INSTANCES, &COLLECTIONS, &USAGE];

pub(super) fn detect(head: &Head<'_>) -> bool {
    TABLES.iter().any(|table| head.is_table(table) || is_json(head, table))
}

/// Whether a file's first line is an object with the table's keys.
fn is_json(head: &Head<'_>, table: &Schema) -> bool {
    let first = head.bytes.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
    if !first.starts_with(b"{") {
        return false;
    }
    let Ok(serde_json::Value::Object(row)) = serde_json::from_slice(first) else { return false };
    table.required.iter().all(|name| row.contains_key(name.split('.').next().unwrap_or_default()) || *name == "user")
        && row.contains_key(table.required[2])
}

/// Deals files out by name, or where the name does not tell by header or by keys.
fn deal(inputs: &Inputs) -> Result<[Vec<InputFile>; 4], TraceError> {
    let mut dealt: [Vec<InputFile>; 4] = std::array::from_fn(|_| Vec::new());
    for file in inputs.files() {
        let by_name = TABLES.iter().position(|table| table.is_named(&file.name));
        let table = by_name.or_else(|| {
            let bytes = file.head();
            let head = Head { name: &file.name, bytes: &bytes };
            TABLES.iter().position(|table| head.is_table(table) || is_json(&head, table))
        });
        match table {
            Some(table) => dealt[table].push(file.clone()),
            None if file.named => {
                let expected = TABLES.map(|table| table.what).join(", ");
                return Err(TraceError::UnknownTable { file: file.name.clone(), expected });
            }
            None => {}
        }
    }
    Ok(dealt)
}

pub(super) fn open_nodes(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let [machines, ..] = deal(inputs)?;
    if machines.is_empty() {
        return Err(no_table(inputs, &MACHINES));
    }
    let events = |text: &[u8]| match text {
        b"1" | b"3" | b"ADD" | b"UPDATE" => Some(MachineEvent::There),
        b"2" | b"REMOVE" => Some(MachineEvent::Gone),
        _ => None,
    };
    Machines::open(machines, &MACHINES, events, machine(context))
}

pub(super) fn open_pods(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let [_, instances, collections, usage] = deal(inputs)?;
    if instances.is_empty() {
        return Err(no_table(inputs, &INSTANCES));
    }
    let mut files: Vec<InputFile> = Vec::new();
    let mut streams: Vec<Box<dyn Told>> = Vec::new();
    let mut open = |table: Vec<InputFile>, schema| {
        let fields = Fields::open(&table, schema, files.len() as u32);
        files.extend(table);
        fields
    };
    // A job's user is told before its tasks, and it is over after them.
    if !collections.is_empty() {
        streams.push(Box::new(Collections(open(collections, &COLLECTIONS)?)));
    }
    streams.push(Box::new(Instances(open(instances, &INSTANCES)?)));
    if !usage.is_empty() {
        streams.push(Box::new(Use(open(usage, &USAGE)?)));
    }
    Ok(Box::new(Joined::new(files, streams, machine(context), context.repairs.clone())?))
}

/// The number of an event, by its number or its name.
fn event(text: &[u8]) -> Option<u8> {
    const NAMES: [&str; 11] = [
        "SUBMIT",
        "QUEUE",
        "ENABLE",
        "SCHEDULE",
        "EVICT",
        "FAIL",
        "FINISH",
        "KILL",
        "LOST",
        "UPDATE_PENDING",
        "UPDATE_RUNNING",
    ];
    let named = NAMES.iter().position(|name| name.as_bytes() == text);
    let number = || std::str::from_utf8(text).ok()?.parse().ok().filter(|number| *number < NAMES.len());
    named.or_else(number).map(|number| number as u8)
}

const EVENT: &str = "an event from 0 (SUBMIT) to 10 (UPDATE_RUNNING), by number or by name";

struct Instances(Fields);

impl Told for Instances {
    fn next(&mut self) -> Result<Option<Item>, TraceError> {
        while self.0.advance()? {
            let row = &self.0;
            // An instance of an alloc set is a reservation.
            if matches!(row.bytes(8), b"1" | b"ALLOC_SET") {
                continue;
            }
            let task = Task {
                job: row.whole(2, "the number of a collection")?,
                index: row.whole(3, "the index of an instance")?,
            };
            let event = match event(row.bytes(1)) {
                Some(0) => TaskEvent::Submit(Box::new(request(row)?)),
                Some(3) => TaskEvent::Schedule,
                Some(4) => TaskEvent::Evict,
                Some(5 | 8) => TaskEvent::End { failed: true },
                Some(6) => TaskEvent::End { failed: false },
                Some(7) => TaskEvent::Kill,
                Some(9) => TaskEvent::Update(Box::new(request(row)?)),
                Some(_) => continue,
                None => return Err(row.bad(1, "is no event of an instance", EVENT)),
            };
            return Ok(Some(Item { at: row.time(0)?, place: row.place(), what: What::Task { task, event } }));
        }
        Ok(None)
    }
}

fn request(row: &Fields) -> Result<Request, TraceError> {
    Ok(Request {
        cpu: row.amount(5, PARTS, PART)?,
        memory: row.amount(6, PARTS, PART)?,
        disk: None,
        priority: row.amount(4, 1, "a priority, 0 or more")?.map(|n| n.min(i64::from(i32::MAX)) as i32),
        class: row.text(7)?.to_owned(),
        user: String::new(),
        apart: false,
    })
}

struct Collections(Fields);

impl Told for Collections {
    fn next(&mut self) -> Result<Option<Item>, TraceError> {
        while self.0.advance()? {
            let row = &self.0;
            let job = row.whole(2, "the number of a collection")?;
            let what = match event(row.bytes(1)) {
                Some(0) => What::Job { job, user: row.text(3)?.to_owned() },
                Some(5..=8) => What::JobOver { job },
                Some(_) => continue,
                None => return Err(row.bad(1, "is no event of a collection", EVENT)),
            };
            return Ok(Some(Item { at: row.time(0)?, place: row.place(), what }));
        }
        Ok(None)
    }
}

struct Use(Fields);

impl Told for Use {
    fn next(&mut self) -> Result<Option<Item>, TraceError> {
        if !self.0.advance()? {
            return Ok(None);
        }
        let row = &self.0;
        let (at, end) = (row.time(0)?, row.time(1)?);
        let task =
            Task { job: row.whole(2, "the number of a collection")?, index: row.whole(3, "the index of an instance")? };
        let cpu = row.amount(4, PARTS, PART)?.unwrap_or(0);
        let memory = row.amount(5, PARTS, PART)?.unwrap_or(0);
        let span = end.saturating_sub(at).max(0);
        Ok(Some(Item { at, place: row.place(), what: What::Used { task, cpu, memory, span } }))
    }
}

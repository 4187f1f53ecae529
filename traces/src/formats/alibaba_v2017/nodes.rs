//! Servers: added at the start, and out of use after an error.

use super::{DISK_BYTES, PART, SERVERS, memory_of};
use crate::error::TraceError;
use crate::format::{Context, deal, no_table};
use crate::input::Inputs;
use crate::parts::{Out, Parts, Rows};
use crate::reader::{Reader, Timeline};
use crate::record::{Event, Record};
use crate::spec::{DISK, SECOND, node};
use crate::table::{Column, Row, Table};
use std::collections::BTreeMap;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::quantity::Quantity;

pub(super) fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let dealt = deal(inputs, &[&SERVERS, &super::CONTAINERS, &super::TASKS])?;
    if dealt[0].is_empty() {
        return Err(no_table(inputs, &SERVERS));
    }
    let table = Table::open(&dealt[0], &SERVERS, &[&super::CONTAINERS, &super::TASKS])?;
    let rows = Servers {
        timestamp: table.require("timestamp")?,
        machine: table.require("machine")?,
        event: table.require("event")?,
        cpus: table.require("cpus")?,
        memory: table.require("memory")?,
        disk: table.require("disk")?,
        memory_bytes: memory_of(context),
        known: BTreeMap::new(),
    };
    Ok(Parts::one(Timeline::UNSORTED, table, rows))
}

struct Servers {
    timestamp: Column,
    machine: Column,
    event: Column,
    cpus: Column,
    memory: Column,
    disk: Column,
    memory_bytes: i64,
    /// The servers so far: an error does not repeat what they have.
    known: BTreeMap<Vec<u8>, NodeSpec>,
}

impl Rows for Servers {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let at = row.times(self.timestamp, SECOND, "a time in seconds")?;
        let id = row.name(self.machine)?;
        let event = match row.bytes(self.event) {
            b"add" => {
                let part = |column, whole| Ok(row.amount(column, whole, PART)?.unwrap_or(0));
                let cpu = row.amount(self.cpus, 1000, "a number of cores, 0 or more")?.unwrap_or(0);
                let mut spec = node(&format!("machine-{id}"), cpu, part(self.memory, self.memory_bytes)?);
                spec.allocatable.insert(DISK, Quantity::from_units(part(self.disk, DISK_BYTES)?));
                self.known.insert(id.as_bytes().to_owned(), spec.clone());
                Event::NodeAdded(Box::new(spec))
            }
            b"softerror" | b"harderror" => {
                let Some(spec) = self.known.get_mut(id.as_bytes()) else {
                    return Err(row.bad(
                        self.machine,
                        "has an error and was never added",
                        "a server that is added before",
                    ));
                };
                spec.unschedulable = true;
                Event::NodeChanged(Box::new(spec.clone()))
            }
            _ => return Err(row.bad(self.event, "is no event of a server", "add, softerror or harderror")),
        };
        out.push(Record { at, place: row.place(), event });
        Ok(())
    }
}

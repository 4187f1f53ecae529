//! Machines that come, change and go: the same in both traces but for the names of columns and the numbers of events.

use super::fields::Fields;
use super::{DISK_BYTES, MICROSECOND, PART};
use crate::error::TraceError;
use crate::input::InputFile;
use crate::options::Machine;
use crate::reader::{Reader, Timeline};
use crate::record::{Event, FileId, Record};
use crate::schema::Schema;
use crate::shapes::Shapes;
use crate::spec::{DISK, node};
use std::sync::Arc;
use towtank_sim::model::quantity::Quantity;

/// Which event has which numbers and names.
pub(super) type Events = fn(&[u8]) -> Option<MachineEvent>;

/// What happens to a machine.
#[derive(Clone, Copy, Debug)]
pub(super) enum MachineEvent {
    /// It is there, like this.
    There,
    Gone,
}

/// Reads machines. The schema's columns are: time, machine, event, platform, CPU, memory, and perhaps a switch.
pub(super) struct Machines {
    files: Vec<InputFile>,
    fields: Fields,
    events: Events,
    machine: Machine,
    shapes: Shapes,
}

impl Machines {
    pub(super) fn open(
        files: Vec<InputFile>,
        schema: &'static Schema,
        events: Events,
        machine: Machine,
    ) -> Result<Box<dyn Reader>, TraceError> {
        let fields = Fields::open(&files, schema, 0)?;
        Ok(Box::new(Self { files, fields, events, machine, shapes: Shapes::default() }))
    }
}

impl Reader for Machines {
    fn file(&self, file: FileId) -> &Arc<str> {
        &self.files[file.0 as usize].name
    }

    fn timeline(&self) -> Timeline {
        Timeline::SORTED
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        if !self.fields.advance()? {
            return Ok(None);
        }
        let row = &self.fields;
        let at = row.number(0, MICROSECOND, "a time in microseconds")?;
        let name = match row.text(1)? {
            "" => return Err(row.bad(1, "is blank", "the number of a machine")),
            id => format!("machine-{id}"),
        };
        let event = match (self.events)(row.bytes(2)) {
            None => return Err(row.bad(2, "is no event of a machine", "add, remove or update, by number or by name")),
            Some(MachineEvent::Gone) => Event::NodeRemoved(name.into()),
            Some(MachineEvent::There) => {
                let cpu = row.amount(4, self.machine.cpu_milli, PART)?.unwrap_or(0);
                let memory = row.amount(5, self.machine.memory_bytes, PART)?.unwrap_or(0);
                let mut spec = node(&name, cpu, memory);
                // The disk of a machine is not told; tasks of 2011 ask for parts of one.
                spec.allocatable.insert(DISK, Quantity::from_units(DISK_BYTES));
                let platform = row.text(3)?;
                if !platform.is_empty() {
                    spec.labels.insert("platform", platform.to_owned());
                }
                // Whoever plays the records sees whether it is there already.
                Event::NodeChanged(Box::new(spec))
            }
        };
        Ok(Some(Record { at, place: row.place(), event }))
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

//! The reduced table of jobs, and the list of machines.

use super::{JOBS, MACHINES, MOST_GPUS, shape, split};
use crate::error::TraceError;
use crate::format::Context;
use crate::input::InputFile;
use crate::number::date_nanos;
use crate::options::{GpuMode, Machine};
use crate::parts::{Out, Parts, Rows};
use crate::reader::{Origin, Reader, Timeline};
use crate::record::{Event, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::spec::{GIBIBYTE, SECOND, node, put_gpus};
use crate::table::{Column, Row, Table};
use towtank_sim::model::Name;
use towtank_sim::model::pod::Run;
use towtank_sim::time::Span;

/// Opens reduced tables of jobs.
pub(super) fn open_jobs(files: &[InputFile], context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let table = Table::open(files, &JOBS, &[&MACHINES])?;
    let rows = Jobs {
        timestamp: table.require("timestamp")?,
        duration: table.require("duration")?,
        gpus: table.require("num_gpus")?,
        cluster: table.require("cluster")?,
        mode: context.options.gpu,
        repairs: context.repairs.clone(),
    };
    Ok(Parts::one(Timeline { sorted: false, origin: Origin::First }, table, rows))
}

struct Jobs {
    timestamp: Column,
    duration: Column,
    gpus: Column,
    cluster: Column,
    mode: GpuMode,
    repairs: Repairs,
}

impl Rows for Jobs {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let at = date_nanos(row.text(self.timestamp)?)
            .ok_or_else(|| row.bad(self.timestamp, "is no date", "a date such as 2017-10-09 07:01:55"))?;
        let nanos = row.times(self.duration, SECOND, "a run time in seconds, 0 or more")?;
        if nanos < 0 {
            let error = || row.bad(self.duration, "is negative", "a run time in seconds, 0 or more");
            return self.repairs.repair(Rule::NegativeDuration, error);
        }
        let run = Run::Succeeds(Span(nanos));
        let (pods, gpus) = split(row.whole_to(self.gpus, MOST_GPUS, "a whole number of GPUs, 0 or more")?);
        let shape = shape(out.shapes, gpus, run, self.mode)?;
        let queue = out.shapes.name(row.text(self.cluster)?);
        let name = Name::numbered("job", row.line());
        let job = Submitted { queue, pods, gang: pods > 1, ..Submitted::pod(name, shape, run) };
        out.push(Record { at, place: row.place(), event: Event::Submitted(job) });
        Ok(())
    }
}

/// Opens the list of machines.
pub(super) fn open_machines(files: &[InputFile], context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let table = Table::open(files, &MACHINES, &[&JOBS])?;
    let machine = Machine { cpu_milli: 64_000, memory_bytes: 512 * GIBIBYTE };
    let rows = Machines {
        name: table.require("machineId")?,
        gpus: table.require("number of GPUs")?,
        machine: context.options.machine.unwrap_or(machine),
        mode: context.options.gpu,
    };
    Ok(Parts::one(Timeline::UNSORTED, table, rows))
}

struct Machines {
    name: Column,
    gpus: Column,
    machine: Machine,
    mode: GpuMode,
}

impl Rows for Machines {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let mut spec = node(row.name(self.name)?, self.machine.cpu_milli, self.machine.memory_bytes);
        let gpus = row.whole_to(self.gpus, 1000, "a whole number of GPUs, 0 or more")?;
        put_gpus(&mut spec, gpus, "", self.mode);
        out.push(Record { at: 0, place: row.place(), event: Event::NodeAdded(Box::new(spec)) });
        Ok(())
    }
}

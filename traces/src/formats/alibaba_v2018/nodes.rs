//! Machines and what changes of them.

use super::{CONTAINERS, MACHINES, PERCENT, TASKS, memory_percent};
use crate::error::TraceError;
use crate::format::{Context, deal, no_table};
use crate::input::Inputs;
use crate::parts::{Out, Parts, Rows};
use crate::reader::{Reader, Timeline};
use crate::record::{Event, Record};
use crate::spec::{SECOND, node};
use crate::table::{Column, Row, Table};
use towtank_sim::model::node::ZONE_LABEL;

pub(super) fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let dealt = deal(inputs, &[&MACHINES, &CONTAINERS, &TASKS])?;
    if dealt[0].is_empty() {
        return Err(no_table(inputs, &MACHINES));
    }
    let table = Table::open(&dealt[0], &MACHINES, &[&CONTAINERS, &TASKS])?;
    let rows = Machines {
        id: table.require("machine_id")?,
        time: table.require("time_stamp")?,
        domains: [table.require("failure_domain_1")?, table.require("failure_domain_2")?],
        cpus: table.require("cpu_num")?,
        memory: table.require("mem_size")?,
        status: table.require("status")?,
        percent: memory_percent(context),
    };
    Ok(Parts::one(Timeline::UNSORTED, table, rows))
}

struct Machines {
    id: Column,
    time: Column,
    domains: [Column; 2],
    cpus: Column,
    memory: Column,
    status: Column,
    /// A hundredth of the largest memory.
    percent: i64,
}

impl Rows for Machines {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let at = row.times(self.time, SECOND, "a time in seconds")?;
        let cpu = row.amount(self.cpus, 1000, "a number of cores, 0 or more")?.unwrap_or(0);
        let memory = row.amount(self.memory, self.percent, PERCENT)?.unwrap_or(0);
        let mut spec = node(row.name(self.id)?, cpu, memory);
        for (key, column) in [ZONE_LABEL, "failure-domain-2"].iter().zip(self.domains) {
            let value = row.text(column)?;
            if !value.is_empty() {
                spec.labels.insert(*key, value.to_owned());
            }
        }
        spec.unschedulable = row.bytes(self.status) != b"USING";
        // Whoever plays the records sees whether it is there already.
        out.push(Record { at, place: row.place(), event: Event::NodeChanged(Box::new(spec)) });
        Ok(())
    }
}

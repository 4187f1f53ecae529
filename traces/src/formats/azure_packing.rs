//! Azure's trace for packing of 2020: requests for virtual machines in one zone, whose types are parts of machines.
//!
//! Source: <https://github.com/Azure/AzurePublicDataset>, `AzureTracesForPacking2020.md`; Hadary et al., "Protean: VM Allocation Service at
//! Scale", OSDI 2020. Published as a SQLite database; read here is the CSV export of its tables with a header, one file each:
//! `sqlite3 -header -csv packing_trace_zone_a_v1.sqlite 'select * from vm' > vm.csv`, and likewise `vmType`. Times are in days, not in
//! order, and negative for what was there when the collection began.
//!
//! - `vm`: a pod, whose user is its tenant. It runs from `starttime` to `endtime`, or for ever where that is blank (`NULL`): after 90 days.
//!   Priority 0 is the higher one: it becomes 1000, priority 1 becomes 0.
//! - `vmType`: what a type takes of a machine: parts of its CPU, memory, disks and network. A type has a row for each kind of machine
//!   on which it can run; read are the rows of one kind of machine, that on which the most types can run (of several the first). 1
//!   stands for 64 cores, 256 GiB of memory and 1 TiB of SSD, unless `machine` says otherwise; the HDD is passed over, the network is the
//!   resource `towtank.dev/nic`, 1000 for a machine. Requests of types that cannot run there are left out (`missing-request`).
//!
//! No machines are listed; a machine of this kind has all of 1 for each resource.

use crate::error::TraceError;
use crate::format::{Context, Format, Gives, TableInfo, TestedOn, deal, no_table};
use crate::input::{InputFile, Inputs};
use crate::options::{GpuMode, Machine};
use crate::parts::{Out, Parts, Rows};
use crate::reader::{Reader, Timeline};
use crate::record::{Event, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::schema::Schema;
use crate::shapes::Shape;
use crate::spec::{Asks, DISK, GIBIBYTE, SECOND};
use crate::table::{Column, Row, Table};
use std::collections::BTreeMap;
use towtank_sim::model::pod::Run;
use towtank_sim::time::Span;

/// The registry's line.
pub(crate) const FORMAT: Format = Format {
    name: "azure-packing",
    module: "azure_packing",
    about: "Azure 2020: virtual machines of a zone in 14 days, whose types are parts of a machine",
    tables: &[
        TableInfo {
            name: "vm.csv",
            gives: Gives::Pods,
            columns: "vmId, tenantId, vmTypeId, priority, starttime, endtime",
            sorted: false,
        },
        TableInfo {
            name: "vmType.csv",
            gives: Gives::Pods,
            columns: "vmTypeId, machineId, core, memory, ssd, nic",
            sorted: false,
        },
    ],
    tested_on: TestedOn::SchemaRows,
    detect: |head| head.is_table(&VMS) || head.is_table(&TYPES),
    nodes: None,
    pods: Some(open),
};

static VMS: Schema = Schema {
    what: "a table of requests for virtual machines",
    files: &["vm.csv"],
    required: &["vmId", "tenantId", "vmTypeId", "priority", "starttime", "endtime"],
    ..Schema::CSV
};

static TYPES: Schema = Schema {
    what: "a table of types of virtual machines",
    files: &["vmtype"],
    required: &["vmTypeId", "machineId", "core", "memory", "ssd", "nic"],
    ..Schema::CSV
};

const DAY: i64 = 86_400 * SECOND;
const DISK_BYTES: i64 = 1 << 40;
const NIC: &str = "towtank.dev/nic";
const PART: &str = "a part of a machine, 0 or more";

fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let dealt = deal(inputs, &[&VMS, &TYPES])?;
    for (table, schema) in dealt.iter().zip([&VMS, &TYPES]) {
        if table.is_empty() {
            return Err(no_table(inputs, schema));
        }
    }
    let whole = context.options.machine.unwrap_or(Machine { cpu_milli: 64_000, memory_bytes: 256 * GIBIBYTE });
    let types = Types::read(&dealt[1], whole)?;
    let table = Table::open(&dealt[0], &VMS, &[&TYPES])?;
    let rows = Vms {
        id: table.require("vmId")?,
        tenant: table.require("tenantId")?,
        kind: table.require("vmTypeId")?,
        priority: table.require("priority")?,
        started: table.require("starttime")?,
        ended: table.require("endtime")?,
        types,
        repairs: context.repairs.clone(),
    };
    Ok(Parts::one(Timeline::UNSORTED, table, rows))
}

/// What a type takes: milli-CPU, bytes of memory and of SSD, thousandths of the network.
#[derive(Clone, Copy)]
struct Takes {
    cpu: i64,
    memory: i64,
    disk: i64,
    nic: i64,
}

/// The types of one kind of machine.
struct Types(BTreeMap<Vec<u8>, Takes>);

impl Types {
    fn read(files: &[InputFile], whole: Machine) -> Result<Self, TraceError> {
        let mut table = Table::open(files, &TYPES, &[&VMS])?;
        let (kind, machine) = (table.require("vmTypeId")?, table.require("machineId")?);
        let [core, memory, ssd, nic] = ["core", "memory", "ssd", "nic"].map(|name| table.require(name));
        let (core, memory, ssd, nic) = (core?, memory?, ssd?, nic?);
        // By machine, in the order in which the file names them.
        let mut machines: Vec<(Vec<u8>, Self)> = Vec::new();
        while let Some(row) = table.next_row()? {
            let part = |column, whole| Ok::<_, TraceError>(row.amount(column, whole, PART)?.unwrap_or(0));
            let takes = Takes {
                cpu: part(core, whole.cpu_milli)?,
                memory: part(memory, whole.memory_bytes)?,
                disk: part(ssd, DISK_BYTES)?,
                nic: part(nic, 1000)?,
            };
            let name = row.bytes(machine);
            let place = machines.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
                machines.push((name.to_owned(), Self(BTreeMap::new())));
                machines.len() - 1
            });
            machines[place].1.0.insert(row.bytes(kind).to_owned(), takes);
        }
        let most = machines.iter().map(|(_, types)| types.0.len()).max().unwrap_or(0);
        let widest = machines.into_iter().find(|(_, types)| types.0.len() == most);
        Ok(widest.map_or_else(|| Self(BTreeMap::new()), |(_, types)| types))
    }
}

struct Vms {
    id: Column,
    tenant: Column,
    kind: Column,
    priority: Column,
    started: Column,
    ended: Column,
    types: Types,
    repairs: Repairs,
}

impl Rows for Vms {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let at = row.times(self.started, DAY, "a time in days")?;
        let ended = match row.bytes(self.ended) {
            b"" | b"NULL" | b"null" => None,
            _ => Some(row.times(self.ended, DAY, "a time in days, or nothing")?),
        };
        let run = match ended {
            None => Run::Forever,
            Some(end) if end >= at => Run::Succeeds(Span(end.saturating_sub(at))),
            Some(_) => {
                let error = || row.bad(self.ended, "is before `starttime`", "an end after the start");
                return self.repairs.repair(Rule::NegativeDuration, error);
            }
        };
        let Some(takes) = self.types.0.get(row.bytes(self.kind)).copied() else {
            let error =
                || row.bad(self.kind, "cannot run on the kind of machine that is read", "a type of that machine");
            return self.repairs.repair(Rule::MissingRequest, error);
        };
        let ends: &[u8] = if run == Run::Forever { b"" } else { b"ends" };
        let shape = out.shapes.of([row.bytes(self.kind), row.bytes(self.priority), ends], || {
            let priority = match row.whole_to(self.priority, 1, "0 (high) or 1 (low)")? {
                0 => 1000,
                _ => 0,
            };
            let asks = Asks {
                cpu_milli: Some(takes.cpu),
                memory_bytes: Some(takes.memory),
                others: vec![(DISK, takes.disk), (NIC, takes.nic)],
                priority: Some(priority),
                ..Asks::default()
            };
            Ok(Shape { spec: asks.spec(run, GpuMode::Share) })
        })?;
        let user = out.shapes.name(row.text(self.tenant)?);
        let name = format!("vm-{}", row.name(self.id)?);
        let pod = Submitted { user, ..Submitted::pod(name.as_str(), shape, run) };
        out.push(Record { at, place: row.place(), event: Event::Submitted(pod) });
        Ok(())
    }
}

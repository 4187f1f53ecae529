//! Azure's virtual machines of 2017 and 2019: a region's own workload over 30 days.
//!
//! Source: <https://github.com/Azure/AzurePublicDataset>, `AzurePublicDatasetV1.md` and `V2.md`; Cortez et al., "Resource Central:
//! Understanding and Predicting Workloads for Improved Resource Management in Large Cloud Platforms", SOSP 2017. Read is `vmtable`, a
//! table without a header, though copies may have one; not in order of time, which is in seconds from the trace's start.
//!
//! A row is a pod, whose user is its subscription; a sample takes all machines of a deployment or none. It runs from creation to
//! deletion, and for ever where it was deleted at the end of the trace or later (30 days): those are cut off there. CPU is in cores
//! and memory in GiB; the buckets of the second version that have no upper end (`>24`, `>64`) are 30 cores and 70 GiB, as in the
//! publishers' own analysis. What it uses is its average CPU; its memory is not known and taken to be all. The category
//! (`Delay-insensitive`, `Interactive`, `Unknown`) is its label `category`. Machines are not listed; the table of readings is not read.

use crate::error::TraceError;
use crate::format::{Context, Format, Gives, TableInfo, TestedOn};
use crate::input::Inputs;
use crate::options::GpuMode;
use crate::parts::{Out, Parts, Rows};
use crate::reader::{Reader, Timeline};
use crate::record::{Event, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::schema::{Header, Schema};
use crate::shapes::Shape;
use crate::spec::{Asks, GIBIBYTE, SECOND};
use crate::table::{Column, Row, Table};
use towtank_sim::model::pod::{Run, Usage};
use towtank_sim::time::Span;

/// The registry's line.
pub(crate) const FORMAT: Format = Format {
    name: "azure-vm",
    module: "azure_vm",
    about: "Azure 2017 and 2019: two million virtual machines of a region in 30 days each",
    tables: &[TableInfo {
        name: "vmtable.csv",
        gives: Gives::Pods,
        columns: "vmid, subscriptionid, deploymentid, vmcreated, vmdeleted, maxcpu, avgcpu, p95maxcpu, vmcategory, \
                  vmcorecount (or its bucket), vmmemory (or its bucket)",
        sorted: false,
    }],
    tested_on: TestedOn::SchemaRows,
    detect: |head| {
        let fields = head.first_row(b',').count();
        head.is_table(&VMS) || (VMS.is_named(head.name) && fields == VMS.order.len())
    },
    nodes: None,
    pods: Some(open),
};

static VMS: Schema = Schema {
    what: "a table of virtual machines",
    files: &["vmtable"],
    header: Header::Perhaps,
    required: &[
        "vmid",
        "subscriptionid",
        "deploymentid",
        "vmcreated",
        "vmdeleted",
        "avgcpu",
        "vmcategory",
        "vmcorecount",
        "vmmemory",
    ],
    order: &[
        "vmid",
        "subscriptionid",
        "deploymentid",
        "vmcreated",
        "vmdeleted",
        "maxcpu",
        "avgcpu",
        "p95maxcpu",
        "vmcategory",
        "vmcorecount",
        "vmmemory",
    ],
    aliases: &[("vmcorecountbucket", "vmcorecount"), ("vmmemorybucket", "vmmemory")],
    ..Schema::CSV
};

/// The trace's end: 30 days.
const END: i64 = 30 * 86_400 * SECOND;

fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let files: Vec<_> = inputs.files().iter().filter(|file| file.named || VMS.is_named(&file.name)).cloned().collect();
    if files.is_empty() {
        return Err(crate::format::no_table(inputs, &VMS));
    }
    let table = Table::open(&files, &VMS, &[])?;
    let columns = VMS.required.iter().map(|name| table.require(name)).collect::<Result<Vec<_>, _>>()?;
    let columns = columns.try_into().expect("as many as there are names");
    Ok(Parts::one(Timeline::UNSORTED, table, Vms { columns, repairs: context.repairs.clone() }))
}

struct Vms {
    /// In the order of the schema's required columns.
    columns: [Column; 9],
    repairs: Repairs,
}

impl Rows for Vms {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let [id, subscription, deployment, created, deleted, average, category, cores, memory] = self.columns;
        let at = row.times(created, SECOND, "a time in seconds")?;
        let end = row.times(deleted, SECOND, "a time in seconds")?;
        if end < at {
            let error = || row.bad(deleted, "is before `vmcreated`", "a deletion after the creation");
            return self.repairs.repair(Rule::NegativeDuration, error);
        }
        let run = if end >= END { Run::Forever } else { Run::Succeeds(Span(end.saturating_sub(at))) };
        let ends: &[u8] = if run == Run::Forever { b"" } else { b"ends" };
        let fields = [row.bytes(cores), row.bytes(memory), row.bytes(category), ends];
        let shape = out.shapes.of(fields, || {
            let cpu_milli = match row.bytes(cores) {
                b">24" => 30_000,
                _ => row.times(cores, 1000, "a number of cores, or >24")?,
            };
            let memory_bytes = match row.bytes(memory) {
                b">64" => 70 * GIBIBYTE,
                _ => row.times(memory, GIBIBYTE, "an amount of memory in GiB, or >64")?,
            };
            if cpu_milli < 0 || memory_bytes < 0 {
                return Err(row.bad(cores, "or the memory is negative", "amounts of 0 or more"));
            }
            let asks = Asks {
                cpu_milli: Some(cpu_milli),
                memory_bytes: Some(memory_bytes),
                labels: vec![("category", row.text(category)?)],
                ..Asks::default()
            };
            Ok(Shape { spec: asks.spec(run, GpuMode::Share) })
        })?;
        let percent = row.amount(average, 100, "percent of its CPU, 0 or more")?;
        let mut usage = Usage::default();
        if let Some(share) = percent {
            if share > i64::from(u16::MAX) {
                let error = || row.bad(average, "is more than can be counted", "at most 655 percent");
                self.repairs.repair(Rule::Clipped, error)?;
            }
            usage.cpu = share.min(i64::from(u16::MAX)) as u16;
        }
        let user = out.shapes.name(row.text(subscription)?);
        let group = Some(row.text(deployment)?).filter(|name| !name.is_empty()).map(Into::into);
        let pod = Submitted { user, group, usage, ..Submitted::pod(row.name(id)?, shape, run) };
        out.push(Record { at, place: row.place(), event: Event::Submitted(pod) });
        Ok(())
    }
}

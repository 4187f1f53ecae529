//! SenseTime's Helios clusters of 2020: jobs of deep learning under Slurm, on four clusters, each a trace of its own.
//!
//! Source: <https://github.com/S-Lab-System-Group/HeliosData>; Hu et al., "Characterization and Prediction of Deep Learning Workloads in
//! Large-Scale GPU Datacenters", SC 2021. Tables with a header; dates are taken as they are, and the trace begins with the earliest
//! job. Jobs are in the order of their numbers, which is nearly that of submission.
//!
//! - `cluster_log`: a job of `node_num` equal pods that start together or not at all; its CPUs and GPUs are dealt out over them, rounded
//!   up. There is no memory. It runs for `duration` seconds; `FAILED`, `TIMEOUT` and `NODE_FAIL` end in failure, `COMPLETED` and
//!   `CANCELLED` in success. The virtual cluster is its queue. A job that was never started is left out (`missing-duration`).
//! - `cluster_gpu_number`: the GPUs of each virtual cluster by day. The first row makes nodes of 8 GPUs with the label `vc`, for the whole
//!   trace; each has 64 cores and 512 GiB, unless `machine` says otherwise.

use crate::error::TraceError;
use crate::format::{Context, Format, Gives, TableInfo, TestedOn, deal, no_table};
use crate::input::Inputs;
use crate::number;
use crate::options::{GpuMode, Machine};
use crate::parts::{Out, Parts, Rows};
use crate::reader::{Origin, Reader, Timeline};
use crate::record::{Event, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::schema::Schema;
use crate::shapes::Shape;
use crate::spec::{Asks, GIBIBYTE, SECOND, node, put_gpus};
use crate::table::{Column, Row, Table};
use towtank_sim::model::pod::Run;
use towtank_sim::time::Span;

/// The registry's line.
pub(crate) const FORMAT: Format = Format {
    name: "helios",
    module: "helios",
    about: "SenseTime Helios 2020: deep learning jobs of four GPU clusters in six months, under Slurm",
    tables: &[
        TableInfo {
            name: "cluster_gpu_number.csv",
            gives: Gives::Nodes,
            columns: "date, vc* (one column for each virtual cluster), total",
            sorted: false,
        },
        TableInfo {
            name: "cluster_log.csv",
            gives: Gives::Pods,
            columns: "job_id, user, vc, gpu_num, cpu_num, node_num, state, submit_time, duration [queue]",
            sorted: false,
        },
    ],
    tested_on: TestedOn::SchemaRows,
    detect: |head| head.is_table(&JOBS) || head.is_table(&CLUSTERS),
    nodes: Some(open_nodes),
    pods: Some(open_pods),
};

static JOBS: Schema = Schema {
    what: "a log of Helios jobs",
    files: &["cluster_log"],
    required: &["job_id", "user", "vc", "gpu_num", "cpu_num", "node_num", "state", "submit_time", "duration"],
    optional: &["queue"],
    ..Schema::CSV
};

static CLUSTERS: Schema = Schema {
    what: "a table of Helios' virtual clusters",
    files: &["cluster_gpu_number"],
    required: &["date", "total"],
    prefixes: &["vc"],
    ..Schema::CSV
};

const GPUS_PER_NODE: i64 = 8;

fn open_pods(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let dealt = deal(inputs, &[&JOBS, &CLUSTERS])?;
    if dealt[0].is_empty() {
        return Err(no_table(inputs, &JOBS));
    }
    let table = Table::open(&dealt[0], &JOBS, &[&CLUSTERS])?;
    let rows = Jobs {
        id: table.require("job_id")?,
        user: table.require("user")?,
        vc: table.require("vc")?,
        gpus: table.require("gpu_num")?,
        cpus: table.require("cpu_num")?,
        nodes: table.require("node_num")?,
        state: table.require("state")?,
        submitted: table.require("submit_time")?,
        duration: table.require("duration")?,
        queued: table.find("queue"),
        mode: context.options.gpu,
        repairs: context.repairs.clone(),
    };
    Ok(Parts::one(Timeline { sorted: false, origin: Origin::First }, table, rows))
}

struct Jobs {
    id: Column,
    user: Column,
    vc: Column,
    gpus: Column,
    cpus: Column,
    nodes: Column,
    state: Column,
    submitted: Column,
    duration: Column,
    queued: Option<Column>,
    mode: GpuMode,
    repairs: Repairs,
}

impl Jobs {
    /// How the job ran; nothing if it is left out.
    fn run(&self, row: Row<'_>) -> Result<Option<Run>, TraceError> {
        let failed = match row.bytes(self.state) {
            b"COMPLETED" | b"CANCELLED" | b"SUSPENDED" => false,
            b"FAILED" | b"TIMEOUT" | b"NODE_FAIL" => true,
            _ => {
                let expected = "COMPLETED, CANCELLED, FAILED, TIMEOUT, NODE_FAIL or SUSPENDED";
                return Err(row.bad(self.state, "is no state of a job", expected));
            }
        };
        if matches!(row.bytes(self.duration), b"" | b"None") {
            let error = || row.bad(self.duration, "is unknown: the job never ran", "a run time in seconds");
            return self.repairs.repair(Rule::MissingDuration, error).map(|()| None);
        }
        let nanos = row.times(self.duration, SECOND, "a run time in seconds, 0 or more")?;
        if nanos < 0 {
            let error = || row.bad(self.duration, "is negative", "a run time in seconds, 0 or more");
            return self.repairs.repair(Rule::NegativeDuration, error).map(|()| None);
        }
        Ok(Some(if failed { Run::Fails(Span(nanos)) } else { Run::Succeeds(Span(nanos)) }))
    }
}

impl Rows for Jobs {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let Some(run) = self.run(row)? else { return Ok(()) };
        let at = number::date_nanos(row.text(self.submitted)?)
            .ok_or_else(|| row.bad(self.submitted, "is no date", "a date such as 2020-06-09 18:41:01"))?;
        let whole = |column, what| row.whole_to(column, 1_000_000, what);
        let pods = whole(self.nodes, "a whole number of nodes from 1 to 1000000")?.max(1);
        let gpus = whole(self.gpus, "a whole number of GPUs, 0 or more")?;
        let cpus = whole(self.cpus, "a whole number of CPUs, 0 or more")?;
        let fields = [row.bytes(self.gpus), row.bytes(self.cpus), row.bytes(self.nodes)];
        let shape = out.shapes.of(fields, || {
            let each = |all: i64| (all + pods - 1) / pods;
            let asks = Asks { cpu_milli: Some(each(cpus) * 1000), gpu_milli: each(gpus) * 1000, ..Asks::default() };
            Ok(Shape { spec: asks.spec(run, self.mode) })
        })?;
        let queued =
            self.queued.map(|column| row.time(column, SECOND, "a waiting time in seconds")).transpose()?.flatten();
        let job = Submitted {
            user: out.shapes.name(row.text(self.user)?),
            queue: out.shapes.name(row.text(self.vc)?),
            pods: pods as u32,
            gang: pods > 1,
            waited: queued.map(Span).filter(|span| *span >= Span::ZERO),
            ..Submitted::pod(format!("job-{}", row.name(self.id)?).as_str(), shape, run)
        };
        out.push(Record { at, place: row.place(), event: Event::Submitted(job) });
        Ok(())
    }
}

fn open_nodes(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let dealt = deal(inputs, &[&JOBS, &CLUSTERS])?;
    if dealt[1].is_empty() {
        return Err(no_table(inputs, &CLUSTERS));
    }
    let table = Table::open(&dealt[1], &CLUSTERS, &[&JOBS])?;
    let rows = Clusters {
        columns: table.prefixed("vc"),
        machine: context.options.machine.unwrap_or(Machine { cpu_milli: 64_000, memory_bytes: 512 * GIBIBYTE }),
        mode: context.options.gpu,
        first: true,
    };
    Ok(Parts::one(Timeline::UNSORTED, table, rows))
}

struct Clusters {
    columns: Vec<(String, Column)>,
    machine: Machine,
    mode: GpuMode,
    /// Whether the first row is still to come.
    first: bool,
}

impl Rows for Clusters {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let first = std::mem::take(&mut self.first);
        for (name, column) in &self.columns {
            let gpus = row.amount(*column, 1, "a number of GPUs, 0 or more")?.unwrap_or(0);
            // A cluster that grows does so by the day; nodes are those of the first one.
            if !first {
                continue;
            }
            for i in 0..gpus / GPUS_PER_NODE {
                let mut spec = node(&format!("vc{name}-{i}"), self.machine.cpu_milli, self.machine.memory_bytes);
                spec.labels.insert("vc", format!("vc{name}"));
                put_gpus(&mut spec, GPUS_PER_NODE, "", self.mode);
                out.push(Record { at: 0, place: row.place(), event: Event::NodeAdded(Box::new(spec)) });
            }
        }
        Ok(())
    }
}

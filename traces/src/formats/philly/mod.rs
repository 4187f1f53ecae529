//! Microsoft's Philly clusters of 2017: training jobs of deep neural networks, of up to 128 GPUs.
//!
//! Source: <https://github.com/msr-fiddle/philly-traces>; Jeon et al., "Analysis of Large-Scale Multi-Tenant GPU Clusters for DNN Training
//! Workloads", USENIX ATC 2019. Dates are without a time zone and taken as they are; the trace begins with the earliest job. Not in
//! order of time.
//!
//! - `cluster_job_log`, a JSON list of jobs: a job arrives at `submitted_time`, runs for the sum of its attempts, and asks for as many
//!   GPUs as its first attempt with a placement had. `Failed` ends in failure; `Pass`, and `Killed` by its user, in success. A job
//!   whose last attempt has no end was still running and runs for ever; one without an attempt, or with an attempt that lacks one of
//!   its times, is left out (`missing-duration`).
//! - the reduced table that later papers use (`philly.csv`: timestamp, duration, num_gpus, gpu_time, cluster): a row is a job that arrives
//!   at `timestamp`, called `job-` and its line.
//! - `cluster_machine_list`: a node with whole GPUs. Its CPU and memory are not said: 64 cores and 512 GiB, unless `machine` says
//!   otherwise. No job asks for any.
//!
//! The pods of a job of several GPUs start together or not at all. It is one pod of up to 8 GPUs, or equal pods with the largest
//! number of GPUs up to 8 that divides its own. The virtual cluster is its queue.

mod log;
mod table;

use crate::error::TraceError;
use crate::format::{Context, Format, Gives, Head, TableInfo, TestedOn, no_table};
use crate::input::{InputFile, Inputs};
use crate::options::GpuMode;
use crate::reader::Reader;
use crate::schema::Schema;
use crate::shapes::{Shape, ShapeId, Shapes};
use crate::spec::Asks;
use towtank_sim::model::pod::Run;

/// The registry's line.
pub(crate) const FORMAT: Format = Format {
    name: "philly",
    module: "philly",
    about: "Microsoft Philly 2017: training jobs of up to 128 GPUs, in their own log or the reduced table of later papers",
    tables: &[
        TableInfo {
            name: "cluster_machine_list",
            gives: Gives::Nodes,
            columns: "machineId, number of GPUs, single GPU mem",
            sorted: false,
        },
        TableInfo {
            name: "cluster_job_log (JSON)",
            gives: Gives::Pods,
            columns: "status, vc, jobid, attempts [start_time, end_time, detail [ip, gpus]], submitted_time, user",
            sorted: false,
        },
        TableInfo {
            name: "philly*.csv, the reduced table",
            gives: Gives::Pods,
            columns: "timestamp, duration, num_gpus, cluster",
            sorted: false,
        },
    ],
    tested_on: TestedOn::Data,
    detect: |head| head.is_table(&JOBS) || head.is_table(&MACHINES) || log::is_log(head.bytes),
    nodes: Some(open_nodes),
    pods: Some(open_pods),
};

static JOBS: Schema = Schema {
    what: "a reduced table of Philly jobs",
    required: &["timestamp", "duration", "num_gpus", "cluster"],
    ..Schema::CSV
};

static MACHINES: Schema = Schema {
    what: "a list of Philly machines",
    files: &["cluster_machine_list"],
    required: &["machineId", "number of GPUs"],
    ..Schema::CSV
};

/// The files of a trace: lists of machines, logs of jobs, reduced tables of jobs.
fn deal(inputs: &Inputs) -> [Vec<InputFile>; 3] {
    let mut dealt: [Vec<InputFile>; 3] = std::array::from_fn(|_| Vec::new());
    for file in inputs.files() {
        let bytes = file.head();
        let head = Head { name: &file.name, bytes: &bytes };
        let kind = if head.is_table(&MACHINES) || MACHINES.is_named(&file.name) {
            0
        } else if log::is_list(&bytes) || file.name.contains("cluster_job_log") {
            1
        } else if head.is_table(&JOBS) || file.named {
            // Whoever named it means a table of jobs: its header is judged as one.
            2
        } else {
            continue;
        };
        dealt[kind].push(file.clone());
    }
    dealt
}

fn open_nodes(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let [machines, ..] = deal(inputs);
    if machines.is_empty() {
        return Err(no_table(inputs, &MACHINES));
    }
    table::open_machines(&machines, context)
}

fn open_pods(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let [_, logs, tables] = deal(inputs);
    match (logs.is_empty(), tables.is_empty()) {
        (false, _) => log::open(logs, context),
        (true, false) => table::open_jobs(&tables, context),
        (true, true) => Err(no_table(inputs, &JOBS)),
    }
}

/// The most GPUs of a pod: those of the largest servers.
const LARGEST: i64 = 8;

/// The most GPUs of a job that are believed.
const MOST_GPUS: i64 = 100_000;

/// How many equal pods a job of so many GPUs is, and how many GPUs each has.
fn split(gpus: i64) -> (u32, i64) {
    let each = (1..=LARGEST).rev().find(|each| gpus % each == 0).unwrap_or(1);
    if gpus == 0 { (1, 0) } else { ((gpus / each) as u32, each) }
}

/// The shape of a pod with so many GPUs.
fn shape(shapes: &mut Shapes, gpus: i64, run: Run, mode: GpuMode) -> Result<ShapeId, TraceError> {
    let ends: &[u8] = if run == Run::Forever { b"" } else { b"ends" };
    shapes.of([gpus.to_le_bytes().as_slice(), ends], || {
        Ok(Shape { spec: Asks { gpu_milli: gpus * 1000, ..Asks::default() }.spec(run, mode) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_split_into_equal_pods() {
        let expected =
            [(0, (1, 0)), (1, (1, 1)), (8, (1, 8)), (12, (2, 6)), (11, (11, 1)), (16, (2, 8)), (128, (16, 8))];
        for (gpus, pods) in expected {
            assert_eq!(split(gpus), pods, "{gpus}");
        }
    }
}

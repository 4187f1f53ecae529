//! Google's Borg cells of 2011 and 2019: machines, tasks of jobs, and what they use.
//!
//! Source: <https://github.com/google/cluster-data>; Reiss, Wilkes, Hellerstein, "Google cluster-usage traces: format + schema", 2011
//! (version 2.1); Wilkes, "Google cluster-usage traces v3", 2020, `clusterdata_trace_format_v3.proto`; Tirmazi et al., "Borg: the Next
//! Generation", EuroSys 2020. Times are microseconds from 600 s before the trace began; 0 is before the trace, 2^63 - 1 after it. CPU,
//! memory and disk are parts of the largest machine's: 1 stands for 64 cores, 256 GiB and 1 TiB, unless `machine` says otherwise.
//!
//! The beginning and the end of a task are rows that lie apart. They are joined in memory that follows the tasks that are alive; a task
//! is told when it ends, so the tasks are sorted afterwards.
//!
//! - A task is a pod `JOB-INDEX`. It arrives when it is submitted and runs for as long as its last attempt did. An eviction puts
//!   it back into the queue: that was the recorded scheduler's decision, and is left to the simulated one. `FINISH` and `KILL` end in
//!   success, `FAIL` and `LOST` in failure; a task that is submitted again after its end is a pod again.
//! - A task that was killed before it ran waits until it is killed, too. One that fails before it ran is left out
//!   (`missing-duration`), an event of a task that was never submitted is passed over (`missing-start`). A task without an end outlives
//!   the trace and runs for ever.
//! - Requests are those of the submission, or of the last change while it waited. Blank ones ask for nothing (`missing-request`).
//!   The priority is Borg's; the label `scheduling-class` says how sensitive to latency it is; the user is the job's.
//! - With the table of usage a pod uses the mean of its CPU and of its memory over its life, as parts of its requests; what is more than
//!   6.5535 times the request is cut (`clipped`).
//! - Machines come, change and go, each with 1 of disk, which is not told; `platform` is a label. Attributes and constraints are not read, but for the constraint of 2011 that
//!   tasks of a job be on different machines, which is an anti-affinity.
//!
//! 2011: tables without a header in many parts, though copies may have one. The table of jobs names the user of a job whose tasks' rows
//! leave it out; their names, which are hashes, are passed over.
//!
//! 2019: tables as exported from BigQuery, CSV with a header (nested fields as `resource_request.cpus`) or JSON lines, sorted by time.
//! Instances of alloc sets, which reserve resources for jobs, are left out; the tasks that would run inside of them are pods like
//! others. `QUEUE` and `ENABLE` change nothing.

mod fields;
mod join;
mod machines;
mod v2011;
mod v2019;

use crate::format::{Context, Format, Gives, TableInfo, TestedOn};
use crate::options::Machine;
use crate::spec::GIBIBYTE;

/// The registry's line for the trace of 2011.
pub(crate) const FORMAT_2011: Format = Format {
    name: "google-2011",
    module: "google",
    about: "Google 2011: a Borg cell of 12,500 machines in 29 days",
    tables: &[
        TableInfo {
            name: "machine_events",
            gives: Gives::Nodes,
            columns: "time, machine ID, event type, platform ID, CPUs, memory",
            sorted: true,
        },
        TableInfo {
            name: "task_events",
            gives: Gives::Pods,
            columns: "time, missing info, job ID, task index, machine ID, event type, user, scheduling class, priority, \
                      CPU request, memory request, disk space request, different machines restriction",
            sorted: true,
        },
        TableInfo {
            name: "job_events, if it is there",
            gives: Gives::Pods,
            columns: "time, missing info, job ID, event type, user, scheduling class, job name, logical job name",
            sorted: true,
        },
        TableInfo {
            name: "task_usage, if it is there",
            gives: Gives::Pods,
            columns: "start time, end time, job ID, task index, machine ID, CPU rate, canonical memory usage, ...",
            sorted: true,
        },
    ],
    tested_on: TestedOn::Data,
    detect: v2011::detect,
    nodes: Some(v2011::open_nodes),
    pods: Some(v2011::open_pods),
};

/// The registry's line for the traces of 2019.
pub(crate) const FORMAT_2019: Format = Format {
    name: "google-2019",
    module: "google",
    about: "Google 2019: eight Borg cells in May 2019, as exported from BigQuery to CSV or JSON lines",
    tables: &[
        TableInfo {
            name: "machine_events",
            gives: Gives::Nodes,
            columns: "time, machine_id, type, platform_id, capacity.cpus, capacity.memory [switch_id]",
            sorted: true,
        },
        TableInfo {
            name: "instance_events",
            gives: Gives::Pods,
            columns: "time, type, collection_id, instance_index, priority, resource_request.cpus, resource_request.memory \
                      [scheduling_class, collection_type, alloc_collection_id]",
            sorted: true,
        },
        TableInfo {
            name: "collection_events, if it is there",
            gives: Gives::Pods,
            columns: "time, type, collection_id, user",
            sorted: true,
        },
        TableInfo {
            name: "instance_usage, if it is there",
            gives: Gives::Pods,
            columns: "start_time, end_time, collection_id, instance_index, average_usage.cpus, average_usage.memory",
            sorted: true,
        },
    ],
    tested_on: TestedOn::SchemaRows,
    detect: v2019::detect,
    nodes: Some(v2019::open_nodes),
    pods: Some(v2019::open_pods),
};

const MICROSECOND: i64 = 1000;
const DISK_BYTES: i64 = 1 << 40;
const PART: &str = "a part of the largest machine, 0 or more";

/// What 1 stands for.
fn machine(context: &Context) -> Machine {
    context.options.machine.unwrap_or(Machine { cpu_milli: 64_000, memory_bytes: 256 * GIBIBYTE })
}

//! Alibaba's co-located cluster of 2017: servers, containers of online services, and tasks of batch jobs, over 12 to 24 hours.
//!
//! Source: <https://github.com/alibaba/clusterdata>, folder `cluster-trace-v2017` (`trace_201708.md`, `schema.csv`). Tables without a
//! header, though copies may have one; not in order of time, which is in seconds from the trace's start. Memory and disk are parts of
//! the largest server's: 1 stands for 256 GiB of memory, unless `machine` says otherwise, and for 1 TiB of disk.
//!
//! - `server_event`: `add` is a node with its cores, memory and disk. After `softerror` and `harderror` nothing new is placed on it: it
//!   becomes unschedulable, and stays so, because no event says that an error is over.
//! - `container_event`: `Create` is a pod that runs until `Remove` kills it. Cores are whole. `cpuset` is passed over.
//! - `batch_task`: a job of so many equal pods, which need not start together. CPU is in hundredths of a core. The run time is from
//!   creation to the last change of state: it covers the whole task, with the time in which its instances queued. `Failed` ends in
//!   failure. A task that is still `Running` has no end and runs for ever; one that never ran (`Waiting`, `Ready`, `Cancelled`) has no
//!   run time and is left out (`missing-duration`). Blank requests ask for nothing (`missing-request`).
//!
//! `batch_instance` and the tables of usage are not read.

mod nodes;
mod pods;

use crate::format::{Context, Format, Gives, TableInfo, TestedOn};
use crate::options::Machine;
use crate::schema::{Header, Schema};
use crate::spec::GIBIBYTE;

/// The registry's line.
pub(crate) const FORMAT: Format = Format {
    name: "alibaba-v2017",
    module: "alibaba_v2017",
    about: "Alibaba 2017: 1,300 servers, online containers, 80,553 batch tasks in 12 hours",
    tables: &[
        TableInfo {
            name: "server_event.csv",
            gives: Gives::Nodes,
            columns: "timestamp, machine, event, detail, cpus, memory, disk",
            sorted: false,
        },
        TableInfo {
            name: "container_event.csv",
            gives: Gives::Pods,
            columns: "timestamp, event, instance, machine, plan_cpu, plan_mem, plan_disk, cpuset",
            sorted: false,
        },
        TableInfo {
            name: "batch_task.csv",
            gives: Gives::Pods,
            columns: "create_time, end_time, job_id, task_id, instances, status, plan_cpu, plan_mem",
            sorted: false,
        },
    ],
    tested_on: TestedOn::Data,
    detect: |head| {
        // 2018 has a table of the same name, with other columns.
        let fields = head.first_row(b',').count();
        head.is_table(&TASKS)
            || SERVERS.is_named(head.name)
            || CONTAINERS.is_named(head.name)
            || (TASKS.is_named(head.name) && fields == TASKS.order.len())
    },
    nodes: Some(nodes::open),
    pods: Some(pods::open),
};

static SERVERS: Schema = Schema {
    what: "a table of server events",
    files: &["server_event"],
    header: Header::Perhaps,
    required: &["timestamp", "machine", "event", "cpus", "memory", "disk"],
    order: &["timestamp", "machine", "event", "detail", "cpus", "memory", "disk"],
    ..Schema::CSV
};

static CONTAINERS: Schema = Schema {
    what: "a table of container events",
    files: &["container_event"],
    header: Header::Perhaps,
    required: &["timestamp", "event", "instance", "plan_cpu", "plan_mem", "plan_disk"],
    order: &["timestamp", "event", "instance", "machine", "plan_cpu", "plan_mem", "plan_disk", "cpuset"],
    ..Schema::CSV
};

static TASKS: Schema = Schema {
    what: "a table of batch tasks",
    files: &["batch_task"],
    header: Header::Perhaps,
    required: &["create_time", "end_time", "job_id", "task_id", "instances", "status", "plan_cpu", "plan_mem"],
    order: &["create_time", "end_time", "job_id", "task_id", "instances", "status", "plan_cpu", "plan_mem"],
    aliases: &[
        ("task_create_time", "create_time"),
        ("create_timestamp", "create_time"),
        ("task_end_time", "end_time"),
        ("modify_timestamp", "end_time"),
        ("number_of_instances", "instances"),
        ("instance_num", "instances"),
        ("number_of_cpus_requested_per_instance_in_the_task", "plan_cpu"),
        ("normalized_memory_requested_per_instance_in_the_task", "plan_mem"),
    ],
    ..Schema::CSV
};

/// Bytes of disk of the largest server.
const DISK_BYTES: i64 = 1 << 40;

const PART: &str = "a part of the largest server, from 0 to 1";

/// The largest server's memory in bytes.
fn memory_of(context: &Context) -> i64 {
    context.options.machine.map_or(256 * GIBIBYTE, |Machine { memory_bytes, .. }| memory_bytes)
}

//! Alibaba's co-located cluster of 2018: about 4,000 machines over eight days, with containers of online services and tasks of batch
//! jobs that depend on each other.
//!
//! Source: <https://github.com/alibaba/clusterdata>, folder `cluster-trace-v2018` (`schema.md`). Tables without a header, not in order of
//! time, which is in seconds. Memory is in hundredths of the largest machine's: 100 stands for 512 GiB, unless `machine` says otherwise.
//! CPU requests are in hundredths of a core.
//!
//! - `machine_meta`: the first row of a machine is a node, further ones change it. Its failure domains are the labels
//!   `topology.kubernetes.io/zone` and `failure-domain-2`. Unless its status is `USING` nothing new is placed on it.
//! - `container_meta`: the first row of a container is a pod, which runs until a row says `stopped`. Its application group (`app_du`) is its
//!   user, and with `identityLabels` its label `app`.
//! - `batch_task`: a job of so many equal pods, which need not start together, called `JOB-TASK`. `Failed` ends in failure. Tasks that
//!   are still `Running` run for ever; those that never ran are left out (`missing-duration`). That a task waits for others is not
//!   modelled: each arrives when it started, when those were done.
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
    name: "alibaba-v2018",
    module: "alibaba_v2018",
    about: "Alibaba 2018: 4,000 machines, online containers and batch tasks in eight days",
    tables: &[
        TableInfo {
            name: "machine_meta.csv",
            gives: Gives::Nodes,
            columns: "machine_id, time_stamp, failure_domain_1, failure_domain_2, cpu_num, mem_size, status",
            sorted: false,
        },
        TableInfo {
            name: "container_meta.csv",
            gives: Gives::Pods,
            columns: "container_id, machine_id, time_stamp, app_du, status, cpu_request, cpu_limit, mem_size",
            sorted: false,
        },
        TableInfo {
            name: "batch_task.csv",
            gives: Gives::Pods,
            columns: "task_name, instance_num, job_name, task_type, status, start_time, end_time, plan_cpu, plan_mem",
            sorted: false,
        },
    ],
    tested_on: TestedOn::SchemaRows,
    detect: |head| {
        let fields = head.first_row(b',').count();
        [&MACHINES, &CONTAINERS, &TASKS]
            .iter()
            .any(|table| head.is_table(table) || (table.is_named(head.name) && fields == table.order.len()))
    },
    nodes: Some(nodes::open),
    pods: Some(pods::open),
};

static MACHINES: Schema = Schema {
    what: "a table of machines",
    files: &["machine_meta"],
    header: Header::Perhaps,
    required: &["machine_id", "time_stamp", "failure_domain_1", "failure_domain_2", "cpu_num", "mem_size", "status"],
    order: &["machine_id", "time_stamp", "failure_domain_1", "failure_domain_2", "cpu_num", "mem_size", "status"],
    ..Schema::CSV
};

static CONTAINERS: Schema = Schema {
    what: "a table of containers",
    files: &["container_meta"],
    header: Header::Perhaps,
    required: &["container_id", "time_stamp", "app_du", "status", "cpu_request", "mem_size"],
    order: &["container_id", "machine_id", "time_stamp", "app_du", "status", "cpu_request", "cpu_limit", "mem_size"],
    ..Schema::CSV
};

static TASKS: Schema = Schema {
    what: "a table of batch tasks",
    files: &["batch_task"],
    header: Header::Perhaps,
    required: &["task_name", "instance_num", "job_name", "status", "start_time", "end_time", "plan_cpu", "plan_mem"],
    order: &[
        "task_name",
        "instance_num",
        "job_name",
        "task_type",
        "status",
        "start_time",
        "end_time",
        "plan_cpu",
        "plan_mem",
    ],
    ..Schema::CSV
};

const PERCENT: &str = "hundredths of the largest machine, from 0 to 100";

/// A hundredth of the largest machine's memory, in bytes.
fn memory_percent(context: &Context) -> i64 {
    context.options.machine.map_or(512 * GIBIBYTE, |Machine { memory_bytes, .. }| memory_bytes) / 100
}

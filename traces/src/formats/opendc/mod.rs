//! Workloads of OpenDC, among them those made of the Grid Workloads Archive (Bitbrains, GWA-T-12) and of SURF's clusters: `tasks` and
//! `fragments` as CSV or Parquet, and topologies as JSON.
//!
//! Source: `atlarge-research/opendc` on GitHub; Shen, van Beek, Iosup, *Statistical Characterization of Business-Critical Workloads Hosted
//! in Cloud Datacenters*, CCGrid 2015.
//!
//! - A task, which may be a VM, asks for `cpu_count` CPUs and `mem_capacity` of memory, comes at `submission_time` (milliseconds since
//!   1970; the earliest is the trace's start) and runs for `duration` milliseconds. `deferrable`, `deadline` and what newer versions
//!   have besides (GPUs, parents) are passed over. Tasks are in the order of their ids, so they are sorted.
//! - Fragments say what a task uses, one after another: `cpu_usage` MHz for `duration` milliseconds. A pod uses their mean over time, as a
//!   part of `cpu_capacity` (MHz in all). Without fragments it uses what it requests.
//! - Files are not of one mind about the unit of memory: the option `memoryUnit` says which it is, of 1024 each. MB by default, as OpenDC has
//!   it; the files of Bitbrains have KB, newer topologies bytes.
//! - A topology lists clusters of hosts, `count` alike each: `coreCount` CPUs (of `cpu.count` processors) and `memorySize`. They become nodes
//!   `CLUSTER-HOST-0`, ... with the label `cluster`. Clocks and power are not modelled.

mod tasks;
mod topology;

use crate::format::{Format, Gives, Head, TableInfo, TestedOn};
use crate::schema::Schema;

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "opendc",
    module: "opendc",
    about: "workloads and topologies of OpenDC: Bitbrains (GWA-T-12), SURF",
    tables: &[
        TableInfo {
            name: "topology, JSON",
            gives: Gives::Nodes,
            columns: "clusters: name, hosts: name, cpu: coreCount, memory: memorySize [count]",
            sorted: true,
        },
        TableInfo {
            name: "tasks",
            gives: Gives::Pods,
            columns: "id, submission_time, duration, cpu_count, mem_capacity [cpu_capacity]",
            sorted: false,
        },
        TableInfo { name: "fragments", gives: Gives::Pods, columns: "id, duration, cpu_usage", sorted: true },
    ],
    tested_on: TestedOn::Data,
    detect,
    nodes: Some(topology::open),
    pods: Some(tasks::open),
};

static TASKS: Schema = Schema {
    what: "a file of tasks",
    files: &["tasks"],
    required: &["id", "submission_time", "duration", "cpu_count", "mem_capacity"],
    optional: &["cpu_capacity"],
    ..Schema::CSV
};

static FRAGMENTS: Schema = Schema {
    what: "a file of fragments",
    files: &["fragments"],
    required: &["id", "duration", "cpu_usage"],
    ..Schema::CSV
};

fn detect(head: &Head<'_>) -> bool {
    head.is_table(&TASKS) || head.is_table(&FRAGMENTS) || is_topology(head)
}

fn is_topology(head: &Head<'_>) -> bool {
    let has = |word: &[u8]| head.bytes.windows(word.len()).any(|bytes| bytes == word);
    head.bytes.trim_ascii_start().starts_with(b"{") && has(b"\"clusters\"") && has(b"\"hosts\"")
}

#[cfg(test)]
mod tests;

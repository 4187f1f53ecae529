//! The generic CSV: a header row names the columns, in any order.
//!
//! - nodes: `name`, `cpu_milli`, `memory_bytes`, `pods` (maximum count); optional `added_s`, `removed_s`, `zone`,
//!   `resource:NAME` (whole number of an extended resource), `label:KEY`, `taint:KEY` (`value:Effect`).
//! - pods: `name`, `arrival_s`, `duration_s` (blank: runs for ever), `cpu_milli`, `memory_bytes`; optional `namespace`,
//!   `priority`, `owner` (the job that it is a part of), `user`, `queue`, `count` (of equal pods), `gang` (`true`: all of them or
//!   none), `outcome` (`succeeded`, `failed`), `estimate_s` (the run time that was announced), `waited_s` (in the recorded cluster),
//!   `resource:NAME`, `label:KEY`, `selector:KEY`, `cpu_usage_fraction`, `memory_usage_fraction`.
//!
//! Times are seconds from the trace's start, with up to six decimals. Pods are in order of arrival. A blank field of an
//! optional column is as if the column were not there. Columns that start with `x-` are ignored, all others are errors.
//! Rows of nodes may name one node several times if its times do not overlap.

mod nodes;
mod pods;

use crate::error::TraceError;
use crate::format::{Format, Gives, TableInfo, TestedOn};
use crate::schema::{Schema, Unknown};
use crate::table::{Column, Row, Table};
use towtank_sim::model::labels::Labels;
use towtank_sim::model::quantity::Quantity;
use towtank_sim::model::resources::ResourceList;

/// The registry's line.
pub(crate) const FORMAT: Format = Format {
    name: "csv",
    module: "csv_generic",
    about: "towtank's own CSV, to which any trace can be converted: named columns in any order",
    tables: &[
        TableInfo {
            name: "any name",
            gives: Gives::Nodes,
            columns: "name, cpu_milli, memory_bytes, pods [added_s, removed_s, zone, resource:*, label:*, taint:*]",
            sorted: false,
        },
        TableInfo {
            name: "any name",
            gives: Gives::Pods,
            columns: "name, arrival_s, duration_s, cpu_milli, memory_bytes [namespace, priority, owner, user, queue, \
                      count, gang, outcome, estimate_s, waited_s, resource:*, label:*, selector:*, \
                      cpu_usage_fraction, memory_usage_fraction]",
            sorted: true,
        },
    ],
    tested_on: TestedOn::Data,
    detect: |head| head.is_table(&NODES) || head.is_table(&PODS),
    nodes: Some(nodes::open),
    pods: Some(pods::open),
};

static NODES: Schema = Schema {
    what: "a file of nodes",
    required: &["name", "cpu_milli", "memory_bytes", "pods"],
    optional: &["added_s", "removed_s", "zone"],
    prefixes: &["resource:", "label:", "taint:"],
    unknown: Unknown::Refused,
    ..Schema::CSV
};

static PODS: Schema = Schema {
    what: "a file of pods",
    required: &["name", "arrival_s", "duration_s", "cpu_milli", "memory_bytes"],
    optional: &[
        "namespace",
        "priority",
        "owner",
        "user",
        "queue",
        "count",
        "gang",
        "outcome",
        "estimate_s",
        "waited_s",
        "cpu_usage_fraction",
        "memory_usage_fraction",
    ],
    prefixes: &["resource:", "label:", "selector:"],
    unknown: Unknown::Refused,
    ..Schema::CSV
};

/// Columns with names of the user's choice: the rest of the name, and where it is.
type Named = Vec<(String, Column)>;

/// The columns that nodes and pods have in common.
struct Amounts {
    cpu: Column,
    memory: Column,
    extended: Named,
}

impl Amounts {
    fn of(table: &Table) -> Result<Self, TraceError> {
        let extended = table.prefixed("resource:");
        for (name, _) in &extended {
            if let Some(own) = own_column(name) {
                let hint = format!("the resource `{name}` is given in {own}").into();
                return Err(table.unknown(&format!("resource:{name}"), hint));
            }
        }
        Ok(Self { cpu: table.require("cpu_milli")?, memory: table.require("memory_bytes")?, extended })
    }

    fn columns(&self) -> impl Iterator<Item = Column> {
        [self.cpu, self.memory].into_iter().chain(self.extended.iter().map(|(_, column)| *column))
    }

    /// CPU and memory.
    fn base(&self, row: Row<'_>) -> Result<ResourceList, TraceError> {
        let cpu = row.whole(self.cpu, "a whole number of milli-CPU, 0 or more")?;
        let memory = row.whole(self.memory, "a whole number of bytes, 0 or more")?;
        let list = [("cpu", Quantity::from_milli(cpu)), ("memory", Quantity::from_units(memory))];
        Ok(list.into())
    }

    /// The extended resources of which there is at least one.
    fn extended(&self, row: Row<'_>) -> Result<ResourceList, TraceError> {
        let mut list = ResourceList::new();
        for (name, column) in &self.extended {
            if row.bytes(*column).is_empty() {
                continue;
            }
            let count = row.whole(*column, "a whole number, 0 or more")?;
            if count > 0 {
                list.insert(name.clone(), Quantity::from_units(count));
            }
        }
        Ok(list)
    }
}

fn own_column(resource: &str) -> Option<&'static str> {
    match resource {
        "cpu" => Some("`cpu_milli`"),
        "memory" => Some("`memory_bytes`"),
        "pods" => Some("the nodes' column `pods`"),
        _ => None,
    }
}

/// The labels that are not blank in this row.
fn labels(row: Row<'_>, columns: &Named) -> Result<Labels, TraceError> {
    let mut labels = Labels::new();
    for (key, column) in columns {
        let value = row.text(*column)?;
        if !value.is_empty() {
            labels.insert(key.clone(), value.to_owned());
        }
    }
    Ok(labels)
}

//! The nodes of Alibaba's GPU cluster with spot instances, published in 2026.
//!
//! Source: <https://github.com/alibaba/clusterdata>, folder `cluster-trace-v2026-spot-gpu`; Duan et al., "GFS", ASPLOS 2026. A table with
//! a header. CPU is in whole cores, GPUs are whole; there is no memory, so every node gets 1 TiB, unless `machine` says otherwise. Its
//! table of jobs is not read.

use crate::error::TraceError;
use crate::format::{Context, Format, Gives, TableInfo, TestedOn, only};
use crate::input::Inputs;
use crate::options::{GpuMode, Machine};
use crate::parts::{Out, Parts, Rows};
use crate::reader::{Reader, Timeline};
use crate::record::{Event, Record};
use crate::schema::Schema;
use crate::spec::{GIBIBYTE, node, put_gpus};
use crate::table::{Column, Row, Table};

/// The registry's line.
pub(crate) const FORMAT: Format = Format {
    name: "alibaba-spot-v2026",
    module: "alibaba_spot_v2026",
    about: "Alibaba 2026: the 4,278 nodes of a cluster of spot GPUs",
    tables: &[TableInfo {
        name: "node_info_df.csv",
        gives: Gives::Nodes,
        columns: "gpu_model, gpu_capacity_num, cpu_num, node_name",
        sorted: false,
    }],
    tested_on: TestedOn::Data,
    detect: |head| head.is_table(&NODES),
    nodes: Some(open),
    pods: None,
};

static NODES: Schema = Schema {
    what: "a table of nodes with spot GPUs",
    files: &["node_info"],
    required: &["gpu_model", "gpu_capacity_num", "cpu_num", "node_name"],
    ..Schema::CSV
};

fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let table = Table::open(&only(inputs, &NODES, &[])?, &NODES, &[])?;
    let rows = Nodes {
        model: table.require("gpu_model")?,
        gpus: table.require("gpu_capacity_num")?,
        cpus: table.require("cpu_num")?,
        name: table.require("node_name")?,
        memory_bytes: context.options.machine.map_or(1024 * GIBIBYTE, |Machine { memory_bytes, .. }| memory_bytes),
        mode: context.options.gpu,
    };
    Ok(Parts::one(Timeline::UNSORTED, table, rows))
}

struct Nodes {
    model: Column,
    gpus: Column,
    cpus: Column,
    name: Column,
    memory_bytes: i64,
    mode: GpuMode,
}

impl Rows for Nodes {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let cpu = row.amount(self.cpus, 1000, "a number of cores, 0 or more")?.unwrap_or(0);
        let mut spec = node(&format!("node-{}", row.name(self.name)?), cpu, self.memory_bytes);
        let gpus = row.amount(self.gpus, 1, "a number of GPUs, 0 or more")?.unwrap_or(0);
        put_gpus(&mut spec, gpus, row.text(self.model)?, self.mode);
        out.push(Record { at: 0, place: row.place(), event: Event::NodeAdded(Box::new(spec)) });
        Ok(())
    }
}

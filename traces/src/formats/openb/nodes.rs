//! openb's nodes: there from the start, for ever.

use super::{CPU, MAX_MEBIBYTES, MEBIBYTE, MEMORY, MODEL_LABEL, NODES, PODS, WHOLE_GPU};
use crate::clock::Clock;
use crate::error::TraceError;
use crate::input::Input;
use crate::node_lives::{self, Life};
use crate::options::{GpuMode, ReplayOptions};
use crate::table::Table;
use std::sync::Arc;
use towtank_sim::model::gpu::{GPU_MILLI, MAX_DEVICES, WHOLE};
use towtank_sim::model::node::{HOSTNAME_LABEL, NodeSpec};
use towtank_sim::model::quantity::Quantity;
use towtank_sim::source::Source;

/// What the kubelet allows by default.
const PODS_PER_NODE: i64 = 110;

/// Reads all nodes.
pub(super) fn open(input: Input, options: &ReplayOptions) -> Result<Box<dyn Source>, TraceError> {
    let clock = Clock::new(options)?;
    let mut table = Table::open(input, &NODES, &PODS)?;
    let (name, cpu, memory) = (table.require("sn")?, table.require("cpu_milli")?, table.require("memory_mib")?);
    let (gpu, model) = (table.require("gpu")?, table.require("model")?);

    let mut lives = Vec::new();
    while let Some(row) = table.next_row()? {
        let mut spec = NodeSpec { name: row.name(name)?.into(), ..NodeSpec::default() };
        spec.labels.insert(HOSTNAME_LABEL.into(), spec.name.to_string());
        let model = row.text(model)?;
        if !model.is_empty() {
            spec.labels.insert(MODEL_LABEL.into(), model.to_owned());
        }
        let mut amount = |name: &str, quantity| spec.allocatable.insert(name.to_owned(), quantity);
        amount("cpu", Quantity::from_milli(row.whole(cpu, CPU)?));
        amount("memory", Quantity::from_units(row.whole_to(memory, MAX_MEBIBYTES, MEMORY)? * MEBIBYTE));
        amount("pods", Quantity::from_units(PODS_PER_NODE));
        let devices = row.whole_to(gpu, MAX_DEVICES as i64, "a whole number of GPUs from 0 to 16")?;
        if devices > 0 {
            match options.gpu {
                GpuMode::Share => amount(GPU_MILLI, Quantity::from_units(devices * i64::from(WHOLE))),
                GpuMode::Whole => amount(WHOLE_GPU, Quantity::from_units(devices)),
            };
        }
        if options.gpu == GpuMode::Share {
            spec.devices = devices as u8;
        }
        lives.push(Life { line: row.line(), spec, added: 0, removed: None });
    }
    let file = Arc::clone(table.file());
    // The nodes have no times: they are there whatever part of the pods is played.
    Ok(Box::new(node_lives::source(&file, lives, clock, options)?))
}

//! openb's nodes: there from the start, for ever.

use super::{CPU, MAX_MEBIBYTES, MEBIBYTE, MEMORY, MODEL_LABEL, NODES, PODS, WHOLE_GPU};
use crate::error::TraceError;
use crate::format::{Context, only};
use crate::input::Inputs;
use crate::options::GpuMode;
use crate::reader::{Reader, Timeline};
use crate::record::{Event, FileId, Record};
use crate::shapes::Shapes;
use crate::table::{Column, Table};
use std::sync::Arc;
use towtank_sim::model::gpu::{GPU_MILLI, MAX_DEVICES, WHOLE};
use towtank_sim::model::node::{HOSTNAME_LABEL, NodeSpec};
use towtank_sim::model::quantity::Quantity;

/// What the kubelet allows by default.
const PODS_PER_NODE: i64 = 110;

/// Opens a node list.
pub(super) fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let table = Table::open(&only(inputs, &NODES, &[&PODS])?, &NODES, &[&PODS])?;
    Ok(Box::new(Nodes {
        name: table.require("sn")?,
        cpu: table.require("cpu_milli")?,
        memory: table.require("memory_mib")?,
        gpu: table.require("gpu")?,
        model: table.require("model")?,
        mode: context.options.gpu,
        shapes: Shapes::default(),
        table,
    }))
}

struct Nodes {
    table: Table,
    name: Column,
    cpu: Column,
    memory: Column,
    gpu: Column,
    model: Column,
    mode: GpuMode,
    shapes: Shapes,
}

impl Reader for Nodes {
    fn file(&self, file: FileId) -> &Arc<str> {
        self.table.file_name(file)
    }

    fn timeline(&self) -> Timeline {
        // The nodes have no times: they are there whatever part of the pods is played.
        Timeline::SORTED
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        let Some(row) = self.table.next_row()? else { return Ok(None) };
        let mut spec = NodeSpec { name: row.name(self.name)?.into(), ..NodeSpec::default() };
        spec.labels.insert(HOSTNAME_LABEL, spec.name.to_string());
        let model = row.text(self.model)?;
        if !model.is_empty() {
            spec.labels.insert(MODEL_LABEL, model.to_owned());
        }
        let mut amount = |name: &str, quantity| spec.allocatable.insert(name.to_owned(), quantity);
        amount("cpu", Quantity::from_milli(row.whole(self.cpu, CPU)?));
        amount("memory", Quantity::from_units(row.whole_to(self.memory, MAX_MEBIBYTES, MEMORY)? * MEBIBYTE));
        amount("pods", Quantity::from_units(PODS_PER_NODE));
        let devices = row.whole_to(self.gpu, MAX_DEVICES as i64, "a whole number of GPUs from 0 to 16")?;
        if devices > 0 {
            match self.mode {
                GpuMode::Share => amount(GPU_MILLI, Quantity::from_units(devices * i64::from(WHOLE))),
                GpuMode::Whole => amount(WHOLE_GPU, Quantity::from_units(devices)),
            };
        }
        if self.mode == GpuMode::Share {
            spec.devices = devices as u8;
        }
        Ok(Some(Record { at: 0, place: row.place(), event: Event::NodeAdded(Box::new(spec)) }))
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

//! openb's pods, in the order of the file or at their recorded times.

use super::{CPU, MAX_MEBIBYTES, MEBIBYTE, MEMORY, MODEL_LABEL, NODES, PODS, WHOLE_GPU};
use crate::error::TraceError;
use crate::format::{Context, only};
use crate::input::Inputs;
use crate::options::{GpuMode, Times};
use crate::reader::{Origin, Reader, Timeline};
use crate::record::{Event, FileId, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::shapes::{Shape, ShapeId, Shapes};
use crate::table::{Column, Row, Table};
use std::sync::Arc;
use towtank_sim::model::affinity::{NodeSelector, NodeSelectorTerm};
use towtank_sim::model::gpu::{GpuRequest, MAX_DEVICES, WHOLE};
use towtank_sim::model::labels::{Operator, Requirement};
use towtank_sim::model::pod::{Container, PodSpec, RestartPolicy, Run};
use towtank_sim::model::quantity::Quantity;
use towtank_sim::model::resources::ResourceList;
use towtank_sim::time::Span;

/// Opens a pod list.
pub(super) fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let table = Table::open(&only(inputs, &PODS, &[&NODES])?, &PODS, &[&NODES])?;
    let columns = Columns::of(&table, context.options.gpu)?;
    let times = match context.options.times {
        Times::ArrivalsOnly => Arrival::InOrder { interval: context.options.interval.0, row: 0 },
        Times::Replay => {
            let time = |name| {
                let hint = "without recorded times a list can only be used with times: arrivals-only";
                table.find(name).ok_or_else(|| table.missing(name, hint))
            };
            Arrival::Recorded {
                created: time("creation_time")?,
                deleted: time("deletion_time")?,
                scheduled: time("scheduled_time")?,
            }
        }
    };
    Ok(Box::new(Pods { table, columns, times, repairs: context.repairs.clone(), shapes: Shapes::default() }))
}

struct Pods {
    table: Table,
    columns: Columns,
    times: Arrival,
    repairs: Repairs,
    shapes: Shapes,
}

/// When pods arrive and how long they run.
enum Arrival {
    /// One after another; none ever leaves.
    InOrder { interval: i64, row: i64 },
    /// At their recorded times. The lists are not all sorted.
    Recorded { created: Column, deleted: Column, scheduled: Column },
}

impl Reader for Pods {
    fn file(&self, file: FileId) -> &Arc<str> {
        self.table.file_name(file)
    }

    fn timeline(&self) -> Timeline {
        match self.times {
            Arrival::InOrder { .. } => Timeline::SORTED,
            Arrival::Recorded { .. } => Timeline { sorted: false, origin: Origin::First },
        }
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        loop {
            // Asked for again in `record`: a row cannot be kept over the end of a loop that asks for the next one.
            if self.table.next_row()?.is_none() {
                return Ok(None);
            }
            if let Some(record) = self.record()? {
                return Ok(Some(record));
            }
        }
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

impl Pods {
    /// What the current row tells; nothing if it is left out.
    fn record(&mut self) -> Result<Option<Record>, TraceError> {
        let row = self.table.row();
        let (at, run, waited) = match &mut self.times {
            Arrival::InOrder { interval, row: number } => {
                let at = number
                    .checked_mul(*interval)
                    .ok_or_else(|| row.bad(self.columns.name, "arrives too late to be counted", "292 years at most"))?;
                *number += 1;
                (at, Run::Forever, None)
            }
            Arrival::Recorded { created, deleted, scheduled } => {
                let times = [*created, *deleted, *scheduled];
                let Some((at, start, span)) = recorded(row, times, &self.repairs)? else { return Ok(None) };
                let failed = row.maybe(self.columns.phase) == b"Failed";
                (at, if failed { Run::Fails(span) } else { Run::Succeeds(span) }, start.map(|start| Span(start - at)))
            }
        };
        let shape = self.columns.shape(row, &mut self.shapes, run)?;
        let pod = Submitted { waited, ..Submitted::pod(row.name(self.columns.name)?, shape, run) };
        Ok(Some(Record { at, place: row.place(), event: Event::Submitted(pod) }))
    }
}

/// When a pod was created and scheduled, and how long it ran; nothing if these contradict each other.
fn recorded(
    row: Row<'_>,
    [created, deleted, scheduled]: [Column; 3],
    repairs: &Repairs,
) -> Result<Option<(i64, Option<i64>, Span)>, TraceError> {
    let negative = |error| repairs.repair(Rule::NegativeDuration, || error).map(|()| None);
    let creation = row.seconds(created, "a creation time")?;
    let deletion = row.seconds(deleted, "a deletion time")?;
    let mut start = None;
    if !row.bytes(scheduled).is_empty() {
        let scheduling = row.seconds(scheduled, "a scheduling time")?;
        if scheduling < creation {
            return negative(row.bad(scheduled, "is before `creation_time`", "scheduling after creation"));
        }
        start = Some(scheduling);
    }
    if deletion < start.unwrap_or(creation) {
        let problem = if start.is_some_and(|start| start > creation) && deletion >= creation {
            "is before `scheduled_time`, a negative run time"
        } else {
            "is before `creation_time`, a negative run time"
        };
        return negative(row.bad(deleted, problem, "deletion after creation and scheduling"));
    }
    Ok(Some((creation, start, Span(deletion - start.unwrap_or(creation)))))
}

/// Where the columns are, and what a GPU is.
struct Columns {
    gpu: GpuMode,
    name: Column,
    cpu: Column,
    memory: Column,
    num_gpu: Column,
    gpu_milli: Column,
    gpu_spec: Option<Column>,
    qos: Option<Column>,
    phase: Option<Column>,
}

impl Columns {
    fn of(table: &Table, gpu: GpuMode) -> Result<Self, TraceError> {
        Ok(Self {
            gpu,
            name: table.require("name")?,
            cpu: table.require("cpu_milli")?,
            memory: table.require("memory_mib")?,
            num_gpu: table.require("num_gpu")?,
            gpu_milli: table.require("gpu_milli")?,
            gpu_spec: table.find("gpu_spec"),
            qos: table.find("qos"),
            phase: table.find("pod_phase"),
        })
    }

    fn shape(&self, row: Row<'_>, shapes: &mut Shapes, run: Run) -> Result<ShapeId, TraceError> {
        let amounts = [self.cpu, self.memory, self.num_gpu, self.gpu_milli].map(|column| row.bytes(column));
        let rest = [row.maybe(self.gpu_spec), row.maybe(self.qos)];
        shapes.of(amounts.into_iter().chain(rest), || Ok(Shape { spec: self.spec(row, run)? }))
    }

    fn spec(&self, row: Row<'_>, run: Run) -> Result<PodSpec, TraceError> {
        let memory = row.whole_to(self.memory, MAX_MEBIBYTES, MEMORY)? * MEBIBYTE;
        let requests = [
            ("cpu".to_owned(), Quantity::from_milli(row.whole(self.cpu, CPU)?)),
            ("memory".to_owned(), Quantity::from_units(memory)),
        ];
        let mut container = Container { name: "main".into(), requests: requests.into(), ..Container::default() };
        let mut spec = PodSpec {
            restart_policy: if run == Run::Forever { RestartPolicy::Always } else { RestartPolicy::Never },
            ..PodSpec::default()
        };
        let request = self.gpus(row)?;
        match self.gpu {
            GpuMode::Share => spec.gpu = request,
            GpuMode::Whole => {
                if let Some(request) = request {
                    let count = Quantity::from_units(i64::from(request.count));
                    container.limits = ResourceList::from([(WHOLE_GPU.to_owned(), count)]);
                    container.requests.insert(WHOLE_GPU.to_owned(), count);
                }
            }
        }
        spec.containers.push(container);
        if let Some(column) = self.gpu_spec.filter(|column| !row.bytes(*column).is_empty()) {
            let values = row.text(column)?.split('|').map(str::to_owned).collect();
            let model = Requirement { key: MODEL_LABEL.into(), operator: Operator::In, values };
            let term = NodeSelectorTerm { expressions: vec![model], fields: Vec::new() };
            spec.node_affinity.required = Some(NodeSelector { terms: vec![term] });
        }
        if let Some(column) = self.qos.filter(|column| !row.bytes(*column).is_empty()) {
            spec.labels.insert("qos", row.text(column)?.to_owned());
        }
        Ok(spec)
    }

    fn gpus(&self, row: Row<'_>) -> Result<Option<GpuRequest>, TraceError> {
        let count = row.whole_to(self.num_gpu, MAX_DEVICES as i64, "a whole number of GPUs from 0 to 16")?;
        let expected = "thousandths of each GPU: 1 to 1000, or 0 for a pod without GPUs";
        let milli = row.whole_to(self.gpu_milli, i64::from(WHOLE), expected)?;
        if (count == 0) != (milli == 0) {
            return Err(row.bad(self.gpu_milli, "contradicts `num_gpu`", expected));
        }
        Ok((count > 0).then_some(GpuRequest { count: count as u8, milli: milli as u16 }))
    }
}

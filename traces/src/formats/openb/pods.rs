//! openb's pods, streamed in the order of the file or sorted by their creation.

use super::{CPU, MAX_MEBIBYTES, MEBIBYTE, MEMORY, MODEL_LABEL, NODES, PODS, WHOLE_GPU};
use crate::classes::Classes;
use crate::clock::{Clock, Placed};
use crate::error::TraceError;
use crate::input::Input;
use crate::options::{GpuMode, ReplayOptions, Times};
use crate::shapes::{Shape, ShapeId, Shapes};
use crate::table::{Column, Row, Table};
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::Name;
use towtank_sim::model::affinity::{NodeSelector, NodeSelectorTerm};
use towtank_sim::model::gpu::{GpuRequest, MAX_DEVICES, WHOLE};
use towtank_sim::model::labels::{Operator, Requirement};
use towtank_sim::model::pod::{Container, NewPod, PodSpec, RestartPolicy, Run, Usage};
use towtank_sim::model::quantity::Quantity;
use towtank_sim::model::resources::ResourceList;
use towtank_sim::source::{Source, SourceError, Submission, Work};
use towtank_sim::time::{SimTime, Span};

/// Opens a pod list.
pub(super) fn open(input: Input, options: &ReplayOptions) -> Result<Box<dyn Source>, TraceError> {
    let clock = Clock::new(options)?;
    let table = Table::open(input, &PODS, &NODES)?;
    let columns = Columns::of(&table, options.gpu)?;
    match options.times {
        Times::ArrivalsOnly => {
            let interval = options.interval.0;
            Ok(Box::new(InOrder {
                table,
                columns,
                shapes: Shapes::default(),
                classes: Classes::default(),
                clock,
                interval,
                row: 0,
                ended: false,
            }))
        }
        Times::Replay => Ok(Box::new(Replay::read(table, &columns, clock)?)),
    }
}

/// The pods one after another; none ever leaves.
struct InOrder {
    table: Table,
    columns: Columns,
    shapes: Shapes,
    classes: Classes,
    clock: Clock,
    interval: i64,
    row: i64,
    ended: bool,
}

impl Source for InOrder {
    fn name(&self) -> &str {
        self.table.file()
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        while !self.ended {
            let Some(row) = self.table.next_row()? else { break };
            let placed = self.row.checked_mul(self.interval).and_then(|nanos| self.clock.place(nanos));
            self.row += 1;
            let too_late = || row.bad(self.columns.name, "arrives too late to be counted", "292 years at most");
            let at = match placed.ok_or_else(too_late)? {
                Placed::Before => continue,
                Placed::After => break,
                Placed::At(at) => at,
            };
            let shape = self.columns.shape(row, &mut self.shapes, Run::Forever)?;
            let name = row.name(self.columns.name)?.into();
            return Ok(Some(submission(at, name, self.classes.of(shape, &self.shapes, cluster), Run::Forever)));
        }
        self.ended = true;
        Ok(None)
    }
}

/// The pods at their recorded times. The lists are not all sorted, and where the time starts is known at the end of the
/// file, so all rows are in memory: some 10,000.
struct Replay {
    file: Arc<str>,
    shapes: Shapes,
    classes: Classes,
    rest: std::vec::IntoIter<Arrival>,
}

struct Arrival {
    at: SimTime,
    name: Name,
    shape: ShapeId,
    run: Run,
}

impl Replay {
    fn read(mut table: Table, columns: &Columns, clock: Clock) -> Result<Self, TraceError> {
        let time = |name| {
            let hint = "without recorded times a list can only be used with times: arrivals-only";
            table.find(name).ok_or_else(|| table.missing(name, hint))
        };
        let (created, deleted, scheduled) = (time("creation_time")?, time("deletion_time")?, time("scheduled_time")?);
        let mut shapes = Shapes::default();
        let mut rows: Vec<(i64, u64, Arrival)> = Vec::new();
        while let Some(row) = table.next_row()? {
            let creation = row.seconds(created, "a creation time")?;
            let deletion = row.seconds(deleted, "a deletion time")?;
            let mut start = creation;
            if !row.bytes(scheduled).is_empty() {
                start = row.seconds(scheduled, "a scheduling time")?;
                if start < creation {
                    return Err(row.bad(scheduled, "is before `creation_time`", "scheduling after creation"));
                }
            }
            if deletion < start {
                let problem = if start > creation && deletion >= creation {
                    "is before `scheduled_time`, a negative run time"
                } else {
                    "is before `creation_time`, a negative run time"
                };
                return Err(row.bad(deleted, problem, "deletion after creation and scheduling"));
            }
            let too_long = || row.bad(deleted, "is too large once it is scaled", "a run time within 292 years");
            let duration = clock.duration(deletion - start).ok_or_else(too_long)?;
            let failed = row.maybe(columns.phase) == b"Failed";
            let run = if failed { Run::Fails(duration) } else { Run::Succeeds(duration) };
            let shape = columns.shape(row, &mut shapes, run)?;
            let name = row.name(columns.name)?.into();
            rows.push((creation, row.line(), Arrival { at: SimTime::ZERO, name, shape, run }));
        }
        rows.sort_by_key(|(creation, ..)| *creation);
        let origin = rows.first().map_or(0, |(creation, ..)| *creation);
        let mut arrivals = Vec::with_capacity(rows.len());
        for (creation, line, arrival) in rows {
            let placed = clock.place(creation - origin).ok_or_else(|| TraceError::Value {
                file: Arc::clone(table.file()),
                line,
                column: "creation_time".into(),
                found: Span(creation).to_string().into(),
                problem: "is too large once it is scaled",
                expected: "a time within 292 years".into(),
            })?;
            if let Placed::At(at) = placed {
                arrivals.push(Arrival { at, ..arrival });
            }
        }
        Ok(Self { file: Arc::clone(table.file()), shapes, classes: Classes::default(), rest: arrivals.into_iter() })
    }
}

impl Source for Replay {
    fn name(&self) -> &str {
        &self.file
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        let Some(Arrival { at, name, shape, run }) = self.rest.next() else { return Ok(None) };
        Ok(Some(submission(at, name, self.classes.of(shape, &self.shapes, cluster), run)))
    }
}

fn submission(at: SimTime, name: Name, class: towtank_sim::model::ClassId, run: Run) -> Submission {
    Submission { at, work: Work::Pod(NewPod { name, class, owner: None, run, usage: Usage::default(), status: None }) }
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
        shapes.of(amounts.into_iter().chain(rest), || Ok(Shape { spec: self.spec(row, run)?, ..Shape::default() }))
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
            spec.labels.insert("qos".into(), row.text(column)?.to_owned());
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

//! Alibaba's Platform for AI in 2020: training and inference jobs on 6,742 GPUs over two months.
//!
//! Source: <https://github.com/alibaba/clusterdata>, folder `cluster-trace-gpu-v2020`; Weng et al., "MLaaS in the Wild: Workload Analysis
//! and Scheduling in Large-Scale Heterogeneous GPU Clusters", NSDI 2022. Tables without a header (the names are in files beside them),
//! though copies may have one; not in order of time. Times are seconds that count from a point that means nothing: the trace begins with
//! the earliest task.
//!
//! - `pai_machine_spec`: a node; CPU in cores, memory in GiB, whole GPUs. `gpu_type` `CPU` means that there is none.
//! - `pai_task_table`: a job of so many equal pods, called `JOB-TASK`; `plan_cpu` is in percent of a core, `plan_mem` in GiB,
//!   `plan_gpu` in percent of a GPU: parts share a GPU, parts of more than one are rounded up. The pods of a task of several start
//!   together or not at all, because its workers wait for each other. `gpu_type` is what the task got and not what it asked for, so
//!   it is passed over. It runs from start to end, `Failed` ends in failure; a task that is still `Running` runs for ever; one that was
//!   never started or has no end is left out (`missing-duration`).
//! - `pai_job_table`: with it a task gets the user of its job, and arrives when its job was submitted instead of when it started.
//!
//! `pai_instance_table`, `pai_group_tag_table`, `pai_sensor_table` and `pai_machine_metric` are not read.

use crate::error::TraceError;
use crate::format::{Context, Format, Gives, TableInfo, TestedOn, deal, no_table};
use crate::input::{InputFile, Inputs};
use crate::options::GpuMode;
use crate::parts::{Out, Parts, Rows};
use crate::reader::{Origin, Reader, Timeline};
use crate::record::{Event, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::schema::{Header, Schema};
use crate::shapes::Shape;
use crate::spec::{Asks, GIBIBYTE, SECOND, node, put_gpus};
use crate::table::{Column, Row, Table};
use rustc_hash::FxHashMap;
use towtank_sim::model::pod::Run;
use towtank_sim::time::Span;

/// The registry's line.
pub(crate) const FORMAT: Format = Format {
    name: "alibaba-pai-v2020",
    module: "alibaba_pai_v2020",
    about: "Alibaba PAI 2020: 1,897 machines with 6,742 GPUs, training and inference jobs of two months",
    tables: &[
        TableInfo {
            name: "pai_machine_spec.csv",
            gives: Gives::Nodes,
            columns: "machine, gpu_type, cap_cpu, cap_mem, cap_gpu",
            sorted: false,
        },
        TableInfo {
            name: "pai_task_table.csv",
            gives: Gives::Pods,
            columns: "job_name, task_name, inst_num, status, start_time, end_time, plan_cpu, plan_mem, plan_gpu, gpu_type",
            sorted: false,
        },
        TableInfo {
            name: "pai_job_table.csv, if it is there",
            gives: Gives::Pods,
            columns: "job_name, inst_id, user, status, start_time, end_time",
            sorted: false,
        },
    ],
    tested_on: TestedOn::NodeData,
    detect: |head| [&MACHINES, &TASKS, &JOBS].iter().any(|table| head.is_table(table) || table.is_named(head.name)),
    nodes: Some(open_nodes),
    pods: Some(open_pods),
};

static MACHINES: Schema = Schema {
    what: "a table of PAI machines",
    files: &["pai_machine_spec"],
    header: Header::Perhaps,
    required: &["machine", "gpu_type", "cap_cpu", "cap_mem", "cap_gpu"],
    order: &["machine", "gpu_type", "cap_cpu", "cap_mem", "cap_gpu"],
    ..Schema::CSV
};

static TASKS: Schema = Schema {
    what: "a table of PAI tasks",
    files: &["pai_task_table"],
    header: Header::Perhaps,
    required: &[
        "job_name",
        "task_name",
        "inst_num",
        "status",
        "start_time",
        "end_time",
        "plan_cpu",
        "plan_mem",
        "plan_gpu",
    ],
    order: &[
        "job_name",
        "task_name",
        "inst_num",
        "status",
        "start_time",
        "end_time",
        "plan_cpu",
        "plan_mem",
        "plan_gpu",
        "gpu_type",
    ],
    ..Schema::CSV
};

static JOBS: Schema = Schema {
    what: "a table of PAI jobs",
    files: &["pai_job_table"],
    header: Header::Perhaps,
    required: &["job_name", "user", "start_time"],
    order: &["job_name", "inst_id", "user", "status", "start_time", "end_time"],
    ..Schema::CSV
};

const TIME: &str = "a time in seconds";

fn open_nodes(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let dealt = deal(inputs, &[&MACHINES, &TASKS, &JOBS])?;
    if dealt[0].is_empty() {
        return Err(no_table(inputs, &MACHINES));
    }
    let table = Table::open(&dealt[0], &MACHINES, &[&TASKS, &JOBS])?;
    let rows = Machines {
        name: table.require("machine")?,
        model: table.require("gpu_type")?,
        cpu: table.require("cap_cpu")?,
        memory: table.require("cap_mem")?,
        gpus: table.require("cap_gpu")?,
        mode: context.options.gpu,
    };
    Ok(Parts::one(Timeline::UNSORTED, table, rows))
}

struct Machines {
    name: Column,
    model: Column,
    cpu: Column,
    memory: Column,
    gpus: Column,
    mode: GpuMode,
}

impl Rows for Machines {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let cpu = row.amount(self.cpu, 1000, "a number of cores, 0 or more")?.unwrap_or(0);
        let memory = row.amount(self.memory, GIBIBYTE, "an amount of memory in GiB, 0 or more")?.unwrap_or(0);
        let mut spec = node(row.name(self.name)?, cpu, memory);
        let gpus = row.amount(self.gpus, 1, "a number of GPUs, 0 or more")?.unwrap_or(0);
        let model = if gpus > 0 { row.text(self.model)? } else { "" };
        put_gpus(&mut spec, gpus, model, self.mode);
        out.push(Record { at: 0, place: row.place(), event: Event::NodeAdded(Box::new(spec)) });
        Ok(())
    }
}

fn open_pods(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let dealt = deal(inputs, &[&MACHINES, &TASKS, &JOBS])?;
    if dealt[1].is_empty() {
        return Err(no_table(inputs, &TASKS));
    }
    let table = Table::open(&dealt[1], &TASKS, &[&MACHINES, &JOBS])?;
    let parts = Parts::new(Timeline { sorted: false, origin: Origin::First });
    let jobs = if dealt[2].is_empty() { Jobs::default() } else { Jobs::read(&dealt[2])? };
    let rows = Tasks {
        job: table.require("job_name")?,
        task: table.require("task_name")?,
        instances: table.require("inst_num")?,
        status: table.require("status")?,
        started: table.require("start_time")?,
        ended: table.require("end_time")?,
        cpu: table.require("plan_cpu")?,
        memory: table.require("plan_mem")?,
        gpu: table.require("plan_gpu")?,
        mode: context.options.gpu,
        repairs: context.repairs.clone(),
        jobs,
    };
    Ok(Box::new(parts.and(table, rows)))
}

/// Who submitted each job, and when, by a hash of the job's name: the table of jobs is some hundred megabytes.
#[derive(Default)]
struct Jobs {
    users: Vec<String>,
    by_name: FxHashMap<u128, (u32, Option<i64>)>,
}

impl Jobs {
    fn read(files: &[InputFile]) -> Result<Self, TraceError> {
        let mut table = Table::open(files, &JOBS, &[&MACHINES, &TASKS])?;
        let (job, user, started) = (table.require("job_name")?, table.require("user")?, table.require("start_time")?);
        let (mut jobs, mut numbers) = (Self::default(), FxHashMap::<String, u32>::default());
        while let Some(row) = table.next_row()? {
            let name = row.text(user)?;
            let number = numbers.get(name).copied().unwrap_or_else(|| {
                let number = jobs.users.len() as u32;
                jobs.users.push(name.to_owned());
                numbers.insert(name.to_owned(), number);
                number
            });
            jobs.by_name.insert(hash(row.bytes(job)), (number, row.time(started, SECOND, TIME)?));
        }
        Ok(jobs)
    }

    fn find(&self, job: &[u8]) -> Option<(&str, Option<i64>)> {
        let (user, submitted) = self.by_name.get(&hash(job))?;
        Some((&self.users[*user as usize], *submitted))
    }
}

/// 128 bits: no two of a trace's names share them.
fn hash(name: &[u8]) -> u128 {
    use siphasher::sip128::{Hasher128, SipHasher13};
    use std::hash::Hasher;
    let mut hasher = SipHasher13::new();
    hasher.write(name);
    hasher.finish128().as_u128()
}

struct Tasks {
    job: Column,
    task: Column,
    instances: Column,
    status: Column,
    started: Column,
    ended: Column,
    cpu: Column,
    memory: Column,
    gpu: Column,
    mode: GpuMode,
    repairs: Repairs,
    jobs: Jobs,
}

impl Tasks {
    /// When the task started and how it ran; nothing if it is left out.
    fn run(&self, row: Row<'_>) -> Result<Option<(i64, Run)>, TraceError> {
        let failed = match row.bytes(self.status) {
            b"Terminated" | b"Running" | b"Waiting" => false,
            b"Failed" => true,
            _ => return Err(row.bad(self.status, "is no status of a task", "Terminated, Failed, Running or Waiting")),
        };
        let missing = |column, what| {
            let error = || row.bad(column, what, "a task that ran, with both its times");
            self.repairs.repair(Rule::MissingDuration, error).map(|()| None)
        };
        let Some(started) = row.time(self.started, SECOND, TIME)? else {
            return missing(self.started, "is blank: the task never ran");
        };
        let Some(ended) = row.time(self.ended, SECOND, TIME)? else {
            if row.bytes(self.status) == b"Running" {
                return Ok(Some((started, Run::Forever)));
            }
            return missing(self.ended, "is blank: the end is not known");
        };
        if ended < started {
            let error = || row.bad(self.ended, "is before the task's start", "an end after the start");
            return self.repairs.repair(Rule::NegativeDuration, error).map(|()| None);
        }
        let span = Span(ended.saturating_sub(started));
        Ok(Some((started, if failed { Run::Fails(span) } else { Run::Succeeds(span) })))
    }
}

impl Rows for Tasks {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let Some((started, run)) = self.run(row)? else { return Ok(()) };
        let expected = "a number of instances from 1 to 1000000";
        let pods = row.amount(self.instances, 1, expected)?.unwrap_or(1);
        if !(1..=1_000_000).contains(&pods) {
            return Err(row.bad(self.instances, "is out of range", expected));
        }
        if row.bytes(self.cpu).is_empty() || row.bytes(self.memory).is_empty() {
            self.repairs
                .repair(Rule::MissingRequest, || row.bad(self.cpu, "is blank, or the memory is", "both requests"))?;
        }
        let ends: &[u8] = if run == Run::Forever { b"" } else { b"ends" };
        let shape = out.shapes.of([ends, row.bytes(self.cpu), row.bytes(self.memory), row.bytes(self.gpu)], || {
            let asks = Asks {
                cpu_milli: row.amount(self.cpu, 10, "percent of a core, 0 or more")?,
                memory_bytes: row.amount(self.memory, GIBIBYTE, "an amount of memory in GiB, 0 or more")?,
                gpu_milli: row.amount(self.gpu, 10, "percent of a GPU, 0 or more")?.unwrap_or(0),
                ..Asks::default()
            };
            Ok(Shape { spec: asks.spec(run, self.mode) })
        })?;
        let job = row.name(self.job)?;
        let found = self.jobs.find(job.as_bytes());
        let user = found.and_then(|(user, _)| out.shapes.name(user));
        let arrival = found.and_then(|(_, submitted)| submitted).filter(|at| *at <= started).unwrap_or(started);
        let waited = found.map(|_| Span(started.saturating_sub(arrival)));
        let name = format!("{job}-{}", row.name(self.task)?);
        let job = Submitted {
            user,
            group: Some(job.into()),
            pods: pods as u32,
            gang: pods > 1,
            waited,
            ..Submitted::pod(name.as_str(), shape, run)
        };
        out.push(Record { at: arrival, place: row.place(), event: Event::Submitted(job) });
        Ok(())
    }
}

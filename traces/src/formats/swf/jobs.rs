//! The jobs of a log, streamed.

use super::{FIELDS, GWF_FIELDS, MAX, detect, detect_gwf, is_machines};
use crate::error::{TraceError, shorten};
use crate::format::{Context, Head};
use crate::input::{InputFile, Inputs};
use crate::lines::Lines;
use crate::number::{self, NANOS};
use crate::options::RequestedMemory;
use crate::reader::{Origin, Reader, Timeline};
use crate::record::{Event, FileId, Place, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::shapes::{Shape, ShapeId, Shapes};
use std::sync::Arc;
use towtank_sim::model::pod::{PodSpec, RestartPolicy, Run, Usage};
use towtank_sim::model::quantity::Quantity;
use towtank_sim::time::Span;

/// The names of the fields, for messages.
const NAMES: [&str; FIELDS] = [
    "job number",
    "submit time",
    "wait time",
    "run time",
    "allocated processors",
    "average CPU time",
    "used memory",
    "requested processors",
    "requested time",
    "requested memory",
    "status",
    "user",
    "group",
    "application",
    "queue",
    "partition",
    "preceding job",
    "think time",
];

const SUBMIT: usize = 1;
const WAIT: usize = 2;
const RUN: usize = 3;
const USED_PROCESSORS: usize = 4;
const CPU_TIME: usize = 5;
const USED_MEMORY: usize = 6;
const PROCESSORS: usize = 7;
const ESTIMATE: usize = 8;
const MEMORY: usize = 9;
const STATUS: usize = 10;
const USER: usize = 11;
const QUEUE: usize = 14;
const PRECEDING: usize = 16;

/// In what the two formats differ.
#[derive(Debug)]
struct Dialect {
    /// The format's name, for messages.
    name: &'static str,
    /// What begins a comment.
    comment: u8,
    /// How many fields a job has.
    fields: usize,
    /// Whether fields 17 and 18 name the job that has to end before this one is submitted.
    has_preceding: bool,
}

static SWF: Dialect =
    Dialect { name: "jobs in the Standard Workload Format", comment: b';', fields: FIELDS, has_preceding: true };
static GWF: Dialect =
    Dialect { name: "jobs in the Grid Workload Format", comment: b'#', fields: GWF_FIELDS, has_preceding: false };

struct Log {
    dialect: &'static Dialect,
    lines: Lines,
    shapes: Shapes,
    repairs: Repairs,
    processors_per_pod: i64,
    memory: RequestedMemory,
    /// Whether there was a job already, and whether it was said that one waits for another.
    is_empty: bool,
    waits_for_another: bool,
}

/// Opens logs that follow each other.
pub(super) fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    // A folder may have the machines beside the logs.
    let is_job_log = |head: &Head<'_>| detect(head) && !is_machines(head.name);
    open_dialect(&SWF, inputs.several("a log in the Standard Workload Format", is_job_log)?, context)
}

/// The same for the Grid Workload Format.
pub(super) fn open_gwf(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    open_dialect(&GWF, inputs.several("a log in the Grid Workload Format", detect_gwf)?, context)
}

fn open_dialect(
    dialect: &'static Dialect,
    files: Vec<InputFile>,
    context: &Context,
) -> Result<Box<dyn Reader>, TraceError> {
    Ok(Box::new(Log {
        dialect,
        lines: Lines::open(files)?,
        shapes: Shapes::default(),
        repairs: context.repairs.clone(),
        processors_per_pod: context.options.processors_per_pod.max(1).into(),
        memory: context.options.requested_memory,
        is_empty: true,
        waits_for_another: false,
    }))
}

impl Reader for Log {
    fn file(&self, file: FileId) -> &Arc<str> {
        self.lines.file(file)
    }

    fn timeline(&self) -> Timeline {
        Timeline { sorted: true, origin: Origin::First }
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        while self.lines.advance()? {
            // Comments are of any encoding: names of people and places stand in them.
            if self.lines.text().first() == Some(&self.dialect.comment) {
                continue;
            }
            let (text, place) = (self.lines.utf8()?, self.lines.place());
            self.is_empty = false;
            let mut fields: [&[u8]; FIELDS] = [b""; FIELDS];
            let mut count = 0;
            // Words of grids may have blanks in them where tabs stand between fields.
            let by_tab = self.dialect.comment == b'#' && text.contains(&b'\t');
            let is_between = |b: &u8| if by_tab { *b == b'\t' } else { b.is_ascii_whitespace() };
            for field in text.split(is_between).map(<[u8]>::trim_ascii).filter(|field| by_tab || !field.is_empty()) {
                if let Some(slot) = fields.get_mut(count) {
                    *slot = field;
                }
                count += 1;
            }
            let row = Row { lines: &self.lines, place, fields };
            let wrong = |found| {
                let (file, line) = (Arc::clone(self.lines.file(place.file)), place.line);
                TraceError::FieldCount { file, line, found, expected: self.dialect.fields, what: "a job" }
            };
            if count < self.dialect.fields {
                return Err(wrong(count));
            }
            if count > self.dialect.fields {
                self.repairs.repair(Rule::ExtraColumns, || wrong(count))?;
            }
            if self.dialect.has_preceding && !self.waits_for_another && row.whole(PRECEDING)?.is_some_and(|job| job > 0)
            {
                self.waits_for_another = true;
                self.repairs.note(format!(
                    "{}: line {}: this job was submitted when another one had ended (fields 17 and 18), and so may others be: that is \
                     not modelled, they are submitted when they were",
                    self.lines.file(place.file),
                    place.line
                ));
            }
            let how = How { processors_per_pod: self.processors_per_pod, memory: self.memory };
            if let Some((at, job)) = row.job(how, &mut self.shapes, &self.repairs)? {
                return Ok(Some(Record { at, place, event: Event::Submitted(job) }));
            }
        }
        if self.is_empty {
            let file = Arc::clone(self.lines.file(FileId(0)));
            return Err(TraceError::EmptyDocument { file, expected: self.dialect.name.into() });
        }
        Ok(None)
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

/// What the options say of jobs.
#[derive(Clone, Copy)]
struct How {
    processors_per_pod: i64,
    memory: RequestedMemory,
}

/// A job's line.
struct Row<'l> {
    lines: &'l Lines,
    place: Place,
    fields: [&'l [u8]; FIELDS],
}

impl Row<'_> {
    /// The job and when it is submitted; `None` if a rule leaves it out.
    fn job(&self, how: How, shapes: &mut Shapes, repairs: &Repairs) -> Result<Option<(i64, Submitted)>, TraceError> {
        let at = self
            .nanos(SUBMIT)?
            .ok_or_else(|| self.bad(SUBMIT, "is not known", "when the job was submitted, in seconds"))?;
        let status = self.whole(STATUS)?.unwrap_or(1);
        if (2..=4).contains(&status) {
            let expected = "0, 1 or 5: 2 to 4 are parts of jobs that are listed whole as well";
            repairs.repair(Rule::PartialExecution, || self.bad(STATUS, "is part of a job", expected))?;
            return Ok(None);
        }
        let Some(length) = self.nanos(RUN)? else {
            let rule = if self.fields[RUN] == b"-1" { Rule::MissingDuration } else { Rule::NegativeDuration };
            let problem = if rule == Rule::MissingDuration { "is not known" } else { "is negative" };
            repairs.repair(rule, || self.bad(RUN, problem, "how long the job ran, in seconds"))?;
            return Ok(None);
        };
        let run = if matches!(status, 0 | 5) { Run::Fails(Span(length)) } else { Run::Succeeds(Span(length)) };
        let processors = self.processors(repairs)?;
        let pods = (processors + how.processors_per_pod - 1) / how.processors_per_pod;
        let cpus = (processors + pods - 1) / pods;
        let memory = self.memory(MEMORY, how, processors, pods)?.unwrap_or(0);
        let used = self.memory(USED_MEMORY, how, processors, pods)?.filter(|_| memory > 0);
        let shape = shape(shapes, cpus, memory)?;
        let mut job = Submitted::pod(String::from_utf8_lossy(self.fields[0]).into_owned(), shape, run);
        (job.pods, job.gang) = (pods as u32, true);
        job.estimate = self.nanos(ESTIMATE)?.map(Span);
        job.waited = self.nanos(WAIT)?.map(Span);
        job.user = self.name(USER, shapes);
        job.queue = self.name(QUEUE, shapes);
        job.usage = Usage {
            cpu: match self.nanos(CPU_TIME)? {
                Some(time) if length > 0 => self.share(CPU_TIME, time, length, repairs)?,
                _ => Usage::default().cpu,
            },
            memory: match used {
                Some(used) => self.share(USED_MEMORY, used, memory, repairs)?,
                None => Usage::default().memory,
            },
        };
        Ok(Some((at, job)))
    }

    fn processors(&self, repairs: &Repairs) -> Result<i64, TraceError> {
        for field in [PROCESSORS, USED_PROCESSORS] {
            match self.whole(field)? {
                None | Some(0) => {}
                Some(count) if count > MAX => {
                    return Err(self.bad(field, "is too large", "at most 10 million processors"));
                }
                Some(count) => return Ok(count),
            }
        }
        repairs.repair(Rule::MissingRequest, || {
            self.bad(PROCESSORS, "is not known, and neither is `allocated processors`", "the number of processors")
        })?;
        Ok(1)
    }

    /// A field of memory, in bytes for each pod.
    fn memory(&self, field: usize, how: How, processors: i64, pods: i64) -> Result<Option<i64>, TraceError> {
        let Some(amount) = self.whole(field)?.filter(|_| how.memory != RequestedMemory::Ignored) else {
            return Ok(None);
        };
        let bytes = match how.memory {
            RequestedMemory::BytesPerJob => Some(amount / pods),
            _ => amount.checked_mul(1024).and_then(|bytes| bytes.checked_mul((processors + pods - 1) / pods)),
        };
        bytes.map(Some).ok_or_else(|| self.bad(field, "is too large", "memory below 8 EiB"))
    }

    /// A part of a whole in ten-thousandths.
    fn share(&self, field: usize, part: i64, whole: i64, repairs: &Repairs) -> Result<u16, TraceError> {
        let share = i128::from(part) * 10_000 / i128::from(whole);
        if let Ok(share) = u16::try_from(share) {
            return Ok(share);
        }
        repairs.repair(Rule::Clipped, || self.bad(field, "is more than 6.5 times what was asked for", "less"))?;
        Ok(u16::MAX)
    }

    /// A user or queue.
    fn name(&self, field: usize, shapes: &mut Shapes) -> Option<crate::shapes::NameId> {
        let text = self.fields[field];
        if text == b"-1" || text.is_empty() { None } else { shapes.name(&String::from_utf8_lossy(text)) }
    }

    /// A whole number; `None` for one below 0.
    fn whole(&self, field: usize) -> Result<Option<i64>, TraceError> {
        self.number(field, 0, 0)
    }

    /// Seconds as nanoseconds; `None` for a number below 0.
    fn nanos(&self, field: usize) -> Result<Option<i64>, TraceError> {
        self.number(field, NANOS, NANOS)
    }

    fn number(&self, field: usize, decimals: u32, scale: u32) -> Result<Option<i64>, TraceError> {
        match number::decimal(self.fields[field], decimals, scale) {
            Ok(number) => Ok(Some(number)),
            Err(number::NumberError::Negative) => Ok(None),
            Err(error) => Err(self.bad(field, error.problem(), "a number, or -1 for one that is not known")),
        }
    }

    fn bad(&self, field: usize, problem: &'static str, expected: &str) -> TraceError {
        TraceError::Value {
            file: Arc::clone(self.lines.file(self.place.file)),
            line: self.place.line,
            column: format!("{} ({})", field + 1, NAMES[field]).into(),
            found: shorten(self.fields[field]),
            problem,
            expected: expected.into(),
        }
    }
}

/// The shape of a pod with so many CPUs and bytes of memory.
fn shape(shapes: &mut Shapes, cpus: i64, memory: i64) -> Result<ShapeId, TraceError> {
    shapes.of([&cpus.to_le_bytes()[..], &memory.to_le_bytes()[..]], || {
        let mut requests = vec![("cpu".to_owned(), Quantity::from_units(cpus))];
        requests.extend((memory > 0).then(|| ("memory".to_owned(), Quantity::from_units(memory))));
        let spec = PodSpec::with_requests(requests.into_iter().collect());
        Ok(Shape { spec: PodSpec { restart_policy: RestartPolicy::Never, ..spec } })
    })
}

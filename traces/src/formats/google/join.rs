//! Tasks whose beginning, attempts, end and usage are told apart, put together in memory that follows those that are alive.

use super::DISK_BYTES;
use crate::error::TraceError;
use crate::input::InputFile;
use crate::options::{GpuMode, Machine};
use crate::reader::{Reader, Timeline};
use crate::record::{Event, FileId, Place, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::shapes::{Shape, Shapes};
use crate::spec::{Asks, DISK};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use towtank_sim::model::labels::LabelSelector;
use towtank_sim::model::node::HOSTNAME_LABEL;
use towtank_sim::model::pod::{Run, Usage};
use towtank_sim::model::pod_affinity::PodAffinityTerm;
use towtank_sim::time::Span;

/// One of the files, as a stream of what is told in order of time.
pub(super) trait Told {
    /// What is told next.
    fn next(&mut self) -> Result<Option<Item>, TraceError>;
}

/// Something that is told, and when.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) at: i64,
    pub(super) place: Place,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// A job appears, with its user.
    Job { job: i64, user: String },
    /// A job is over: what is known of it is not needed any more.
    JobOver { job: i64 },
    /// Something happens to a task.
    Task { task: Task, event: TaskEvent },
    /// Some use, in billionths of the largest machine, over a span.
    Used { task: Task, cpu: i64, memory: i64, span: i64 },
}

/// A task: its job and its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Task {
    pub(super) job: i64,
    pub(super) index: i64,
}

/// What happens to a task.
#[derive(Debug)]
pub(super) enum TaskEvent {
    Submit(Box<Request>),
    Schedule,
    Evict,
    /// It ends, well or badly.
    End {
        failed: bool,
    },
    Kill,
    /// What it asks for has changed while it waited.
    Update(Box<Request>),
}

/// What a task asks for: amounts in billionths of the largest machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) cpu: Option<i64>,
    pub(super) memory: Option<i64>,
    pub(super) disk: Option<i64>,
    pub(super) priority: Option<i32>,
    pub(super) class: String,
    pub(super) user: String,
    /// Tasks of its job shall be on other machines.
    pub(super) apart: bool,
}

/// Billionths.
pub(super) const PARTS: i64 = 1_000_000_000;

struct Live {
    submitted: i64,
    place: Place,
    request: Box<Request>,
    started: Option<i64>,
    used: Used,
}

/// Use times span, and the span.
#[derive(Clone, Copy, Default)]
struct Used {
    cpu: i128,
    memory: i128,
    span: i128,
}

/// Reads several streams together by their times.
pub(super) struct Joined {
    files: Vec<InputFile>,
    streams: Vec<(Option<Item>, Box<dyn Told>)>,
    /// Users of jobs that are there.
    jobs: BTreeMap<i64, String>,
    live: BTreeMap<Task, Live>,
    machine: Machine,
    repairs: Repairs,
    shapes: Shapes,
    ready: VecDeque<Record>,
    over: bool,
}

impl Joined {
    /// The streams, those first that are asked first where times are equal; their files are counted through.
    pub(super) fn new(
        files: Vec<InputFile>,
        streams: Vec<Box<dyn Told>>,
        machine: Machine,
        repairs: Repairs,
    ) -> Result<Self, TraceError> {
        let mut joined = Self {
            files,
            streams: Vec::new(),
            jobs: BTreeMap::new(),
            live: BTreeMap::new(),
            machine,
            repairs,
            shapes: Shapes::default(),
            ready: VecDeque::new(),
            over: false,
        };
        for mut stream in streams {
            joined.streams.push((stream.next()?, stream));
        }
        Ok(joined)
    }

    /// What is told next by any of the streams.
    fn take(&mut self) -> Result<Option<Item>, TraceError> {
        let times = self.streams.iter().enumerate().filter_map(|(i, (next, _))| Some((next.as_ref()?.at, i)));
        let Some((_, first)) = times.min() else { return Ok(None) };
        let (next, stream) = &mut self.streams[first];
        Ok(std::mem::replace(next, stream.next()?))
    }

    fn tell(&mut self, item: Item) -> Result<(), TraceError> {
        match item.what {
            What::Job { job, user } => {
                self.jobs.insert(job, user);
            }
            What::JobOver { job } => {
                self.jobs.remove(&job);
            }
            What::Used { task, cpu, memory, span } => {
                if let Some(live) = self.live.get_mut(&task) {
                    let span = i128::from(span);
                    live.used.cpu = live.used.cpu.saturating_add(i128::from(cpu) * span);
                    live.used.memory = live.used.memory.saturating_add(i128::from(memory) * span);
                    live.used.span += span;
                }
            }
            What::Task { task, event } => self.task(task, event, item.at, item.place)?,
        }
        Ok(())
    }

    fn task(&mut self, task: Task, event: TaskEvent, at: i64, place: Place) -> Result<(), TraceError> {
        // What happens after the trace has no time: a task that is there outlives it.
        if at == i64::MAX {
            return Ok(());
        }
        if let TaskEvent::Submit(mut request) = event {
            if let Some(user) = self.jobs.get(&task.job).filter(|_| request.user.is_empty()) {
                request.user.clone_from(user);
            }
            let live = Live { submitted: at, place, request, started: None, used: Used::default() };
            // After an eviction a task is submitted again: it is there already.
            self.live.entry(task).or_insert(live);
            return Ok(());
        }
        let Some(live) = self.live.get_mut(&task) else {
            let Task { job, index } = task;
            let problem =
                format!("task {index} of job {job} was never submitted: expected an event that does so before");
            return self.repairs.repair(Rule::MissingStart, || self.error(place, problem));
        };
        match event {
            TaskEvent::Submit(_) => {}
            TaskEvent::Schedule => live.started = Some(at),
            TaskEvent::Evict => (live.started, live.used) = (None, Used::default()),
            TaskEvent::Update(request) => {
                if live.started.is_none() {
                    let user = std::mem::take(&mut live.request.user);
                    let apart = live.request.apart;
                    *live.request = Request { user, apart, ..*request };
                }
            }
            TaskEvent::End { failed } => {
                let live = self.live.remove(&task).expect("it was found");
                let Some(started) = live.started else {
                    let problem =
                        format!("task {} of job {} ends before it ran: expected that it ran", task.index, task.job);
                    return self.repairs.repair(Rule::MissingDuration, || self.error(place, problem));
                };
                self.ended(task, &live, started, at, failed)?;
            }
            TaskEvent::Kill => {
                let live = self.live.remove(&task).expect("it was found");
                if let Some(started) = live.started {
                    return self.ended(task, &live, started, at, false);
                }
                self.submit(task, &live, Run::Forever)?;
                let event = Event::Killed { namespace: "default".into(), name: task.name().as_str().into() };
                self.ready.push_back(Record { at, place, event });
            }
        }
        Ok(())
    }

    /// Tells of a task that ran until now.
    fn ended(&mut self, task: Task, live: &Live, started: i64, at: i64, failed: bool) -> Result<(), TraceError> {
        let span = Span(at.saturating_sub(started));
        if span < Span::ZERO {
            let problem = format!(
                "task {} of job {} ends before it starts: expected rows in order of time",
                task.index, task.job
            );
            return self.repairs.repair(Rule::NegativeDuration, || self.error(live.place, problem));
        }
        self.submit(task, live, if failed { Run::Fails(span) } else { Run::Succeeds(span) })
    }

    /// Tells of a task whose run time is known.
    fn submit(&mut self, task: Task, live: &Live, run: Run) -> Result<(), TraceError> {
        let request = &*live.request;
        if request.cpu.is_none() || request.memory.is_none() {
            let problem = "CPU or memory are not requested: expected both requests".to_owned();
            self.repairs.repair(Rule::MissingRequest, || self.error(live.place, problem))?;
        }
        let numbers = [request.cpu, request.memory, request.disk].map(|part| part.unwrap_or(-1).to_le_bytes());
        let priority = request
            .priority
            .map_or([255; 5], |n| [&[0], n.to_le_bytes().as_slice()].concat().try_into().expect("five"));
        let job = if request.apart { task.job.to_le_bytes().to_vec() } else { Vec::new() };
        let ends: &[u8] = if run == Run::Forever { b"" } else { b"ends" };
        let key = [&numbers[0], &numbers[1], &numbers[2], priority.as_slice(), request.class.as_bytes(), &job, ends];
        let machine = self.machine;
        let shape = self.shapes.of(key, || Ok(shape(request, task, run, machine)))?;
        let user = self.shapes.name(&request.user);
        let usage = self.usage(live)?;
        let job = Submitted {
            user,
            usage,
            group: Some(task.job.to_string().as_str().into()),
            waited: live.started.map(|started| Span(started.saturating_sub(live.submitted).max(0))),
            ..Submitted::pod(task.name().as_str(), shape, run)
        };
        self.ready.push_back(Record { at: live.submitted, place: live.place, event: Event::Submitted(job) });
        Ok(())
    }

    /// The mean use as parts of the requests, in ten-thousandths; all of the request where nothing is known.
    fn usage(&self, live: &Live) -> Result<Usage, TraceError> {
        let all = Usage::default();
        let part = |sum: i128, request: Option<i64>, unknown: u16| {
            let request = i128::from(request.unwrap_or(0)).saturating_mul(live.used.span);
            if request == 0 {
                return Ok(unknown);
            }
            let share = sum.saturating_mul(10_000).saturating_add(request / 2) / request;
            if share > i128::from(u16::MAX) {
                let problem = format!("it uses {} % of its request: expected at most 655 %", share / 100);
                self.repairs.repair(Rule::Clipped, || self.error(live.place, problem))?;
            }
            Ok::<u16, TraceError>(share.min(i128::from(u16::MAX)) as u16)
        };
        Ok(Usage {
            cpu: part(live.used.cpu, live.request.cpu, all.cpu)?,
            memory: part(live.used.memory, live.request.memory, all.memory)?,
        })
    }

    /// Tells of the tasks that outlive the trace.
    fn finish(&mut self) -> Result<(), TraceError> {
        for (task, live) in std::mem::take(&mut self.live) {
            self.submit(task, &live, Run::Forever)?;
        }
        Ok(())
    }

    fn error(&self, place: Place, problem: String) -> TraceError {
        TraceError::Record { file: Arc::clone(self.file(place.file)), line: place.line, problem }
    }
}

impl Task {
    fn name(self) -> String {
        format!("{}-{}", self.job, self.index)
    }
}

impl Reader for Joined {
    fn file(&self, file: FileId) -> &Arc<str> {
        &self.files[file.0 as usize].name
    }

    fn timeline(&self) -> Timeline {
        Timeline::UNSORTED
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        while self.ready.is_empty() && !self.over {
            if let Some(item) = self.take()? {
                self.tell(item)?;
            } else {
                self.over = true;
                self.finish()?;
            }
        }
        Ok(self.ready.pop_front())
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

/// The shape of a task's pod.
fn shape(request: &Request, task: Task, run: Run, machine: Machine) -> Shape {
    let of = |part: Option<i64>, whole: i64| {
        part.map(|part| {
            let amount = (i128::from(part) * i128::from(whole) + i128::from(PARTS) / 2) / i128::from(PARTS);
            amount.min(i128::from(i64::MAX)) as i64
        })
    };
    let job = task.job.to_string();
    let asks = Asks {
        cpu_milli: of(request.cpu, machine.cpu_milli),
        memory_bytes: of(request.memory, machine.memory_bytes),
        others: vec![(DISK, of(request.disk, DISK_BYTES).unwrap_or(0))],
        labels: vec![("scheduling-class", &request.class), ("job", if request.apart { &job } else { "" })],
        priority: request.priority,
        ..Asks::default()
    };
    let mut spec = asks.spec(run, GpuMode::Share);
    if request.apart {
        let selector =
            LabelSelector { match_labels: [("job".to_owned(), job.clone())].into(), ..LabelSelector::default() };
        spec.pod_anti_affinity.required.push(PodAffinityTerm {
            selector: Some(selector),
            namespaces: Vec::new(),
            namespace_selector: None,
            topology_key: HOSTNAME_LABEL.into(),
        });
    }
    Shape { spec }
}

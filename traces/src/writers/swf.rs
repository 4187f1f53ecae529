//! The Standard Workload Format, version 2.2: 18 fields, -1 for what is not known.
//!
//! Jobs, users and queues are numbers there. Names that are numbers stay what they are (those of jobs if they increase); others are
//! numbered by their first appearance.

use super::losses::{Losses, beyond_requests};
use super::rows::run_of;
use super::survey::{Survey, number};
use super::{PodWriter, Target, WriteError};
use crate::record::{Event, Record};
use crate::shapes::NameId;
use crate::stream::Stream;
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use towtank_sim::model::pod::{Run, Usage};
use towtank_sim::time::Span;

pub(super) const TARGET: Target =
    Target { name: "swf", about: "the Standard Workload Format", extension: "swf", pods: Some(open), nodes: None };

struct Log<'o> {
    survey: &'o Survey,
    out: &'o mut (dyn Write + Send),
    written: u64,
    users: BTreeMap<NameId, u64>,
    queues: BTreeMap<NameId, u64>,
    killed: BTreeMap<(String, String), VecDeque<i64>>,
}

fn open<'o>(survey: &'o Survey, out: &'o mut (dyn Write + Send)) -> Result<Box<dyn PodWriter + 'o>, WriteError> {
    if survey.objects > 0 {
        return Err(WriteError::NotSaid("Kubernetes objects are no jobs: convert them to manifests".to_owned()));
    }
    let jobs = survey.jobs;
    write!(out, "; Version: 2.2\n; Conversion: towtank\n; MaxJobs: {jobs}\n; MaxRecords: {jobs}\n")?;
    let killed = survey.killed.clone();
    Ok(Box::new(Log { survey, out, written: 0, users: BTreeMap::new(), queues: BTreeMap::new(), killed }))
}

impl PodWriter for Log<'_> {
    fn write(&mut self, record: &Record, stream: &mut Stream, losses: &mut Losses) -> Result<(), WriteError> {
        let Event::Submitted(job) = &record.event else { return Ok(()) };
        self.written += 1;
        let spec = &stream.shape(job.shape).spec;
        losses.all(&beyond_requests(spec));
        if !spec.labels.is_empty() || !spec.node_selector.is_empty() {
            losses.count("jobs with labels or node selectors, which are left out of them");
        }
        let requests = spec.held_requests();
        let milli = requests.get("cpu").map_or(0, |quantity| quantity.milli_value());
        if milli % 1000 != 0 || milli == 0 {
            losses.count("jobs with parts of a CPU, rounded up to a whole one");
        }
        if requests.keys().any(|name| name != "cpu" && name != "memory") {
            losses.count("jobs that ask for more than CPU and memory, which is left out of them");
        }
        let cpus = (milli + 999).max(1000) / 1000;
        let processors = cpus * i64::from(job.pods);
        let kilobytes = requests.get("memory").map_or(0, |quantity| quantity.value()) / 1024 / cpus;
        let run = run_of(&mut self.killed, record.at, &spec.namespace.clone(), job);
        let length = match run {
            Run::Forever => {
                losses.count("jobs that run for ever: their run time is unknown (-1)");
                None
            }
            Run::Succeeds(span) | Run::Fails(span) => Some(span),
        };
        let share = |share: u16, of: i64| (i128::from(of) * i128::from(share) / 10_000) as i64;
        let all = Usage::default();
        let cpu_time = length.filter(|_| job.usage.cpu != all.cpu).map(|span| Span(share(job.usage.cpu, span.0)));
        let used = (kilobytes > 0 && job.usage.memory != all.memory).then(|| share(job.usage.memory, kilobytes));
        let id = if self.survey.jobs_are_numbers { number(&job.name).unwrap_or(self.written) } else { self.written };
        let known = |amount: i64| if amount > 0 { amount } else { -1 };
        let status = u8::from(!matches!(run, Run::Fails(_)));
        let user = numbered(job.user, self.survey.users_are_numbers, &mut self.users, stream);
        let queue = numbered(job.queue, self.survey.queues_are_numbers, &mut self.queues, stream);
        writeln!(
            self.out,
            "{id} {} {} {} {processors} {} {} {processors} {} {} {status} {user} -1 -1 {queue} -1 -1 -1",
            Span(record.at),
            seconds(job.waited),
            seconds(length),
            seconds(cpu_time),
            used.unwrap_or(-1),
            seconds(job.estimate),
            known(kilobytes),
        )?;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), WriteError> {
        Ok(())
    }
}

fn seconds(span: Option<Span>) -> String {
    span.map_or_else(|| "-1".to_owned(), |span| span.to_string())
}

/// The number of a user or queue.
fn numbered(name: Option<NameId>, are_numbers: bool, known: &mut BTreeMap<NameId, u64>, stream: &Stream) -> String {
    let Some(name) = name else { return "-1".to_owned() };
    if are_numbers {
        return stream.text(name).to_string();
    }
    let next = known.len() as u64 + 1;
    known.entry(name).or_insert(next).to_string()
}

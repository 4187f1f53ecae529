//! Chrome's trace-event JSON, for timeline viewers such as Perfetto: the jobs of a trace as slices.
//!
//! Source: *Trace Event Format*, complete events (`X`) and metadata (`M`). Times are microseconds. A queue is a process (jobs without one
//! are in `jobs`), and its threads are lanes: a job takes the first that is free. It is drawn when it ran in the recorded cluster, from its
//! submission and its recorded wait on; one that runs for ever is an instant.

use super::losses::Losses;
use super::rows::run_of;
use super::survey::Survey;
use super::timeline::{Lanes, Slice, Timeline};
use super::{PodWriter, Target, WriteError};
use crate::record::{Event, Record};
use crate::shapes::NameId;
use crate::stream::Stream;
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use towtank_sim::model::pod::Run;

pub(super) const TARGET: Target = Target {
    name: "chrome",
    about: "Chrome's trace-event JSON, for timeline viewers such as Perfetto",
    extension: "json",
    pods: Some(open),
    nodes: None,
};

struct Slices<'o> {
    timeline: Timeline<'o>,
    queues: BTreeMap<Option<NameId>, (u64, Lanes)>,
    killed: BTreeMap<(String, String), VecDeque<i64>>,
}

fn open<'o>(survey: &'o Survey, out: &'o mut (dyn Write + Send)) -> Result<Box<dyn PodWriter + 'o>, WriteError> {
    if survey.objects > 0 {
        let why = "Kubernetes objects have no times of their own: run the trace, and convert the run's folder";
        return Err(WriteError::NotSaid(why.to_owned()));
    }
    let (queues, killed) = (BTreeMap::new(), survey.killed.clone());
    Ok(Box::new(Slices { timeline: Timeline::begin(out)?, queues, killed }))
}

impl PodWriter for Slices<'_> {
    fn write(&mut self, record: &Record, stream: &mut Stream, _: &mut Losses) -> Result<(), WriteError> {
        let Event::Submitted(job) = &record.event else { return Ok(()) };
        let next = self.queues.len() as u64 + 1;
        if !self.queues.contains_key(&job.queue) {
            let name = job.queue.map_or_else(|| "jobs".to_owned(), |queue| stream.text(queue).to_string());
            self.timeline.process(next, &name)?;
            self.queues.insert(job.queue, (next, Lanes::default()));
        }
        let user = job.user.map(|user| stream.text(user).to_string());
        let spec = &stream.shape(job.shape).spec;
        let requests = spec.held_requests();
        let run = run_of(&mut self.killed, record.at, &spec.namespace.clone(), job);
        let start = record.at.saturating_add(job.waited.map_or(0, |span| span.0));
        let (length, outcome) = match run {
            Run::Forever => (0, "runs for ever"),
            Run::Succeeds(span) => (span.0, "succeeded"),
            Run::Fails(span) => (span.0, "failed"),
        };
        let Some((process, lanes)) = self.queues.get_mut(&job.queue) else { return Ok(()) };
        let lane = lanes.take(start, start.saturating_add(length));
        let mut arguments = serde_json::Map::new();
        arguments.extend(requests.iter().map(|(name, amount)| (name.to_string(), amount.to_string().into())));
        arguments.insert("pods".to_owned(), job.pods.into());
        arguments.insert("outcome".to_owned(), outcome.into());
        arguments.extend(user.map(|user| ("user".to_owned(), user.into())));
        let slice = Slice { name: &job.name, category: "job", start, length, process: *process, lane, arguments };
        Ok(self.timeline.slice(slice)?)
    }

    fn finish(&mut self) -> Result<(), WriteError> {
        Ok(self.timeline.end()?)
    }
}

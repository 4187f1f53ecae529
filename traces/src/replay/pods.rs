//! The pods of a trace in order of their arrival.

use super::too_large;
use crate::classes::Classes;
use crate::clock::{Clock, Placed};
use crate::error::TraceError;
use crate::format::Context;
use crate::reader::{Origin, Reader};
use crate::record::{Event, Place, Record, Submitted};
use std::collections::VecDeque;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::Name;
use towtank_sim::model::pod::{NewPod, Run};
use towtank_sim::source::{Source, SourceError, Submission, Work};
use towtank_sim::time::{SimTime, Span};

/// What a reader tells of pods, as a source; what it tells of nodes is passed over. Of a reader that is not sorted all records are
/// read here.
///
/// # Errors
/// An option is wrong, or a row of a trace that has to be sorted.
pub fn pods(mut reader: Box<dyn Reader>, context: &Context) -> Result<impl Source + use<>, TraceError> {
    let clock = Clock::new(&context.options)?;
    let timeline = reader.timeline();
    let mut ordered = VecDeque::new();
    if !timeline.sorted {
        while let Some(record) = reader.next()? {
            ordered.push_back(record);
        }
        ordered.make_contiguous().sort_by_key(|record| record.at);
    }
    let name = Arc::clone(reader.file(crate::record::FileId(0)));
    Ok(Pods {
        name,
        reader,
        ordered,
        clock,
        origin: (timeline.origin == Origin::Zero).then_some(0),
        last: i64::MIN,
        classes: Classes::default(),
        ready: VecDeque::new(),
        ended: false,
    })
}

struct Pods {
    name: Arc<str>,
    reader: Box<dyn Reader>,
    /// The records of a trace that had to be sorted.
    ordered: VecDeque<Record>,
    clock: Clock,
    /// Where the trace's time begins, once that is known.
    origin: Option<i64>,
    /// The time of the record before.
    last: i64,
    classes: Classes,
    /// What the last record asks for.
    ready: VecDeque<Submission>,
    ended: bool,
}

impl Source for Pods {
    fn name(&self) -> &str {
        &self.name
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        while self.ready.is_empty() && !self.ended {
            self.read(cluster)?;
        }
        Ok(self.ready.pop_front())
    }
}

impl Pods {
    fn read(&mut self, cluster: &mut Cluster) -> Result<(), TraceError> {
        let Some(record) = self.next_record()? else {
            self.ended = true;
            return Ok(());
        };
        let time = record.at.saturating_sub(*self.origin.get_or_insert(record.at));
        match self.clock.place(time).ok_or_else(|| too_large(&*self.reader, record.place, time))? {
            Placed::Before => {}
            Placed::After => self.ended = true,
            Placed::At(at) => match record.event {
                Event::Submitted(submitted) => self.submit(at, submitted, record.place, cluster)?,
                Event::Killed { namespace, name } => self.ready.push_back(Submission {
                    at,
                    work: Work::DeletePod { namespace: namespace.to_string(), name: name.to_string(), grace: None },
                }),
                Event::Applied(_) | Event::Deleted { .. } => {
                    return Err(TraceError::NotThis {
                        file: Arc::clone(self.reader.file(record.place.file)),
                        expected: "a trace of pods",
                        problem: "it has Kubernetes objects, and nothing here knows what to do with them".to_owned(),
                    });
                }
                Event::NodeAdded(_) | Event::NodeChanged(_) | Event::NodeRemoved(_) => {}
            },
        }
        Ok(())
    }

    fn next_record(&mut self) -> Result<Option<Record>, TraceError> {
        if let Some(record) = self.ordered.pop_front() {
            return Ok(Some(record));
        }
        let Some(record) = self.reader.next()? else { return Ok(None) };
        if record.at < self.last {
            return Err(TraceError::Order {
                file: Arc::clone(self.reader.file(record.place.file)),
                line: record.place.line,
                found: Span(record.at).to_string().into(),
                before: Span(self.last).to_string().into(),
            });
        }
        self.last = record.at;
        Ok(Some(record))
    }

    /// A submission as pods; those of a job of several are numbered.
    fn submit(&mut self, at: SimTime, job: Submitted, place: Place, cluster: &mut Cluster) -> Result<(), TraceError> {
        let scaled = |span: Span| self.clock.duration(span.0).ok_or_else(|| too_large(&*self.reader, place, span.0));
        let run = match job.run {
            Run::Forever => Run::Forever,
            Run::Succeeds(span) => Run::Succeeds(scaled(span)?),
            Run::Fails(span) => Run::Fails(scaled(span)?),
        };
        let class = self.classes.of(job.shape, self.reader.shapes(), cluster);
        let pod = |name| Work::Pod(NewPod { name, class, owner: None, run, usage: job.usage, status: None });
        if job.pods == 1 {
            self.ready.push_back(Submission { at, work: pod(job.name) });
        } else {
            let named = |i| Name::numbered(&job.name, u64::from(i));
            self.ready.extend((0..job.pods).map(|i| Submission { at, work: pod(named(i)) }));
        }
        Ok(())
    }
}

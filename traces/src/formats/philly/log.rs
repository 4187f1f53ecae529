//! The original log of jobs: one JSON list, read one job at a time.

use super::{MOST_GPUS, shape, split};
use crate::error::TraceError;
use crate::format::Context;
use crate::input::InputFile;
use crate::json_list::JsonList;
use crate::number::date_nanos;
use crate::options::GpuMode;
use crate::reader::{Origin, Reader, Timeline};
use crate::record::{Event, FileId, Place, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::shapes::Shapes;
use serde::Deserialize;
use std::sync::Arc;
use towtank_sim::model::pod::Run;
use towtank_sim::time::Span;

/// Whether a file begins as such a log does.
pub(super) fn is_log(head: &[u8]) -> bool {
    let key = |key: &[u8]| head.windows(key.len()).any(|part| part == key);
    is_list(head) && key(b"\"attempts\"") && key(b"\"submitted_time\"")
}

/// Whether a file begins as a JSON list does.
pub(super) fn is_list(head: &[u8]) -> bool {
    head.trim_ascii_start().starts_with(b"[")
}

/// Opens logs.
pub(super) fn open(files: Vec<InputFile>, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    Ok(Box::new(Log {
        list: JsonList::open(files)?,
        mode: context.options.gpu,
        repairs: context.repairs.clone(),
        shapes: Shapes::default(),
    }))
}

/// A job as the log has it. `None` is written as a text, too.
#[derive(Deserialize)]
struct Job {
    status: String,
    vc: Option<String>,
    jobid: String,
    attempts: Vec<Attempt>,
    submitted_time: Option<String>,
    user: Option<String>,
}

#[derive(Deserialize)]
struct Attempt {
    start_time: Option<String>,
    end_time: Option<String>,
    #[serde(default)]
    detail: Vec<Placement>,
}

#[derive(Deserialize)]
struct Placement {
    #[serde(default)]
    gpus: Vec<String>,
}

struct Log {
    list: JsonList,
    mode: GpuMode,
    repairs: Repairs,
    shapes: Shapes,
}

impl Reader for Log {
    fn file(&self, file: FileId) -> &Arc<str> {
        self.list.file(file)
    }

    fn timeline(&self) -> Timeline {
        Timeline { sorted: false, origin: Origin::First }
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        while let Some(job) = self.list.next::<Job>("a log of Philly jobs")? {
            if let Some(record) = self.record(&job)? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

impl Log {
    /// What a job tells; nothing if it is left out.
    fn record(&mut self, job: &Job) -> Result<Option<Record>, TraceError> {
        let place = self.list.place();
        let expected = "a date such as 2017-10-07 01:11:39";
        let time = |text: &Option<String>, what: &str| match text.as_deref() {
            None | Some("" | "None") => Ok(None),
            Some(text) => match date_nanos(text) {
                Some(nanos) => Ok(Some(nanos)),
                None => Err(self.bad(place, format!("{what} `{text}` is no date: expected {expected}"))),
            },
        };
        let Some(at) = time(&job.submitted_time, "submitted_time")? else {
            return Err(self.bad(place, format!("job `{}` has no submitted_time: expected {expected}", job.jobid)));
        };
        let failed = match &*job.status {
            "Pass" | "Killed" => false,
            "Failed" => true,
            other => return Err(self.bad(place, format!("`{other}` is no status: expected Pass, Killed or Failed"))),
        };
        let (mut sum, mut first_start, mut unended) = (0_i64, None, false);
        for (i, attempt) in job.attempts.iter().enumerate() {
            let (start, end) = (time(&attempt.start_time, "start_time")?, time(&attempt.end_time, "end_time")?);
            match (start, end) {
                (Some(start), Some(end)) if end < start => {
                    let what = format!(
                        "an attempt of job `{}` ends before it starts: expected an end after the start",
                        job.jobid
                    );
                    return self.repairs.repair(Rule::NegativeDuration, || self.bad(place, what)).map(|()| None);
                }
                (Some(start), Some(end)) => {
                    first_start = first_start.or(Some(start));
                    sum = sum.saturating_add(end.saturating_sub(start));
                }
                (Some(start), None) if i + 1 == job.attempts.len() => {
                    first_start = first_start.or(Some(start));
                    unended = true;
                }
                _ => {
                    let what =
                        format!("an attempt of job `{}` lacks a time: expected start_time and end_time", job.jobid);
                    return self.repairs.repair(Rule::MissingDuration, || self.bad(place, what)).map(|()| None);
                }
            }
        }
        let Some(start) = first_start else {
            let what = format!("job `{}` was never run: expected at least one attempt", job.jobid);
            return self.repairs.repair(Rule::MissingDuration, || self.bad(place, what)).map(|()| None);
        };
        let run = match (unended, failed) {
            (true, _) => Run::Forever,
            (false, true) => Run::Fails(Span(sum)),
            (false, false) => Run::Succeeds(Span(sum)),
        };
        let mut placed =
            job.attempts.iter().map(|attempt| attempt.detail.iter().map(|one| one.gpus.len() as i64).sum());
        let gpus: i64 = placed.find(|gpus: &i64| *gpus > 0).unwrap_or(0).min(MOST_GPUS);
        let (pods, each) = split(gpus);
        let job = Submitted {
            user: job.user.as_deref().and_then(|user| self.shapes.name(user)),
            queue: job.vc.as_deref().and_then(|queue| self.shapes.name(queue)),
            pods,
            gang: pods > 1,
            waited: Some(Span(start.saturating_sub(at))).filter(|span| *span >= Span::ZERO),
            ..Submitted::pod(job.jobid.as_str(), shape(&mut self.shapes, each, run, self.mode)?, run)
        };
        Ok(Some(Record { at, place, event: Event::Submitted(job) }))
    }

    fn bad(&self, place: Place, problem: String) -> TraceError {
        TraceError::Record { file: Arc::clone(self.list.file(place.file)), line: place.line, problem }
    }
}

//! Jobs: groups of pods that start together.

use super::NANOS_PER_SECOND;
use crate::collect::completion::bounded_slowdown;
use serde::Serialize;

/// The most jobs that are kept for figures.
const MOST: usize = 20_000;

/// The jobs of a run that have ended. Times are nanoseconds since the scenario's start.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Jobs {
    /// The first of them, in the order in which they ended.
    pub list: Vec<JobSpan>,
    /// The nodes, in the order in which they came.
    pub nodes: Vec<String>,
    /// What has been published of them, if it was given.
    pub published: Vec<PublishedJob>,
    sums: Sums,
}

/// A job that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSpan {
    /// Its name.
    pub name: String,
    /// When it was submitted.
    pub submitted_ns: i64,
    /// When its first pod was bound.
    pub started_ns: i64,
    /// When its last pod ended.
    pub ended_ns: i64,
    /// How many pods it had.
    pub pods: u32,
    /// Its nodes by their numbers in [`Jobs::nodes`], in order, none twice.
    pub nodes: Vec<u32>,
}

/// What has been published of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedJob {
    /// Its name.
    pub name: String,
    /// When it was submitted.
    pub submitted_ns: i64,
    /// When it started.
    pub started_ns: i64,
    /// The numbers of its machines, in order.
    pub machines: Vec<u32>,
}

/// The jobs of a run in numbers, those of `summary.json`. Times are in seconds.
///
/// Of a job, wait is start − submission, turnaround is end − submission, and slowdown is turnaround / (end − start); jobs that took no
/// time have no slowdown. Machine-seconds are pods × (end − start).
///
/// Source: Feitelson and Rudolph, "Metrics and Benchmarking for Parallel Job Scheduling", JSSPP 1998; Batsim calls the slowdown stretch.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct JobSummary {
    /// Jobs that ended.
    pub finished: u64,
    /// From the scenario's start to the end of the last job.
    #[serde(serialize_with = "super::summary::seconds")]
    pub makespan_seconds: f64,
    /// Mean wait.
    #[serde(serialize_with = "super::summary::seconds")]
    pub mean_wait_seconds: f64,
    /// Longest wait.
    #[serde(serialize_with = "super::summary::seconds")]
    pub max_wait_seconds: f64,
    /// Mean turnaround.
    #[serde(serialize_with = "super::summary::seconds")]
    pub mean_turnaround_seconds: f64,
    /// Longest turnaround.
    #[serde(serialize_with = "super::summary::seconds")]
    pub max_turnaround_seconds: f64,
    /// Mean slowdown.
    #[serde(serialize_with = "super::summary::seconds")]
    pub mean_slowdown: f64,
    /// Largest slowdown.
    #[serde(serialize_with = "super::summary::seconds")]
    pub max_slowdown: f64,
    /// Mean bounded slowdown: turnaround / run time, where runs of less than 10 s count as 10 s, and at least 1.
    #[serde(serialize_with = "super::summary::seconds")]
    pub mean_bounded_slowdown: f64,
    /// Largest bounded slowdown.
    #[serde(serialize_with = "super::summary::seconds")]
    pub max_bounded_slowdown: f64,
    /// Machine-seconds.
    #[serde(serialize_with = "super::summary::seconds")]
    pub machine_seconds: f64,
    /// How many jobs are as they have been published, where that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<PublishedCounts>,
}

/// How many jobs are as they have been published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PublishedCounts {
    /// Jobs of the published schedule.
    pub jobs: u64,
    /// Those that start when they should, within a microsecond.
    pub same_start: u64,
    /// Those that start when they should, on the machines on which they should.
    pub same_start_and_machines: u64,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Sums {
    finished: u64,
    makespan: i64,
    wait: (i128, i64),
    turnaround: (i128, i64),
    slowdown: (f64, f64),
    with_slowdown: u64,
    bounded: (f64, f64),
    machine_nanoseconds: i128,
}

impl Jobs {
    /// Adds a job that has ended.
    pub fn push(&mut self, job: JobSpan) {
        let sums = &mut self.sums;
        let (wait, turnaround) = (job.started_ns - job.submitted_ns, job.ended_ns - job.submitted_ns);
        let run = job.ended_ns - job.started_ns;
        sums.finished += 1;
        sums.makespan = sums.makespan.max(job.ended_ns);
        for (sum, value) in [(&mut sums.wait, wait), (&mut sums.turnaround, turnaround)] {
            *sum = (sum.0 + i128::from(value), sum.1.max(value));
        }
        if run > 0 {
            let slowdown = turnaround as f64 / run as f64;
            sums.slowdown = (sums.slowdown.0 + slowdown, sums.slowdown.1.max(slowdown));
            sums.with_slowdown += 1;
        }
        let bounded = bounded_slowdown(turnaround, run);
        sums.bounded = (sums.bounded.0 + bounded, sums.bounded.1.max(bounded));
        sums.machine_nanoseconds += i128::from(run) * i128::from(job.pods);
        if self.list.len() < MOST {
            self.list.push(job);
        }
    }

    /// The numbers; `None` of a run without jobs.
    pub fn summary(&self) -> Option<JobSummary> {
        const SECOND: f64 = NANOS_PER_SECOND as f64;
        let Sums { finished, makespan, wait, turnaround, slowdown, with_slowdown, bounded, machine_nanoseconds } =
            &self.sums;
        if *finished == 0 {
            return None;
        }
        let mean = |sum: i128| sum as f64 / *finished as f64 / SECOND;
        Some(JobSummary {
            finished: *finished,
            makespan_seconds: *makespan as f64 / SECOND,
            mean_wait_seconds: mean(wait.0),
            max_wait_seconds: wait.1 as f64 / SECOND,
            mean_turnaround_seconds: mean(turnaround.0),
            max_turnaround_seconds: turnaround.1 as f64 / SECOND,
            mean_slowdown: slowdown.0 / (*with_slowdown).max(1) as f64,
            max_slowdown: slowdown.1,
            mean_bounded_slowdown: bounded.0 / *finished as f64,
            max_bounded_slowdown: bounded.1,
            machine_seconds: *machine_nanoseconds as f64 / SECOND,
            published: (!self.published.is_empty()).then(|| self.as_published()),
        })
    }

    /// Published times are rounded to microseconds.
    fn as_published(&self) -> PublishedCounts {
        let by_name: std::collections::BTreeMap<&str, &JobSpan> =
            self.list.iter().map(|job| (job.name.as_str(), job)).collect();
        let mut counts = PublishedCounts { jobs: self.published.len() as u64, ..PublishedCounts::default() };
        for published in &self.published {
            let Some(job) = by_name.get(published.name.as_str()) else { continue };
            let same = (job.started_ns - published.started_ns).abs() <= 1000;
            counts.same_start += u64::from(same);
            counts.same_start_and_machines += u64::from(same && job.nodes == published.machines);
        }
        counts
    }
}

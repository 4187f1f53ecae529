//! Workloads of Batsim, a simulator of batch systems: jobs and the profiles that say how they run, as JSON.
//!
//! Source: `oar-team/batsim` on GitHub, `docs/input-workload.rst` and `src/profiles.cpp`; Dutot, Mercier, Poquet, Richard, *Batsim: a
//! Realistic Language-Independent Resources and Jobs Management Systems Simulator*, JSSPP 2016.
//!
//! - `nb_res` is the number of machines. They are alike and called `machine-0`, `machine-1`, ...; each has one CPU.
//! - A job is submitted `subtime` seconds after the start and runs on `res` machines at once, one pod of one CPU on each; the pods
//!   start together. `walltime` is the estimate of its run time, and the job is killed, which is a failure, when it is reached.
//! - A profile of the type `delay` says how long the job runs. A sequence of such profiles lasts as long as they do together. All other
//!   types compute or communicate, and how long that takes follows from a SimGrid platform which the workload does not have: they
//!   are an error.
//! - A profile with another `ret` than 0 ends in failure.
//!
//! Jobs are in any order, and profiles may follow them, so the file is in memory.

mod profiles;

use crate::error::TraceError;
use crate::format::{Context, Format, Gives, Head, TableInfo, TestedOn};
use crate::input::Inputs;
use crate::json::{self, At};
use crate::reader::{Listed, Reader, Timeline};
use crate::record::{Event, Record, Submitted};
use crate::shapes::{Shape, ShapeId, Shapes};
use profiles::Profiles;
use std::sync::Arc;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{PodSpec, RestartPolicy, Run};
use towtank_sim::model::quantity::Quantity;
use towtank_sim::model::resources::ResourceList;
use towtank_sim::model::shared::Shared;
use towtank_sim::time::Span;

const WHAT: &str = "a Batsim workload: nb_res, jobs, profiles";

/// The most machines that a platform may have.
const MAX_MACHINES: i64 = 10_000_000;

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "batsim",
    module: "batsim",
    about: "workloads of Batsim: jobs on machines, with their run times as profiles",
    tables: &[TableInfo {
        name: "*.json",
        gives: Gives::Both,
        columns: "nb_res, jobs: id, subtime, res, profile [walltime], profiles: type (delay, or sequences of them), delay [ret]",
        sorted: false,
    }],
    tested_on: TestedOn::Data,
    detect,
    nodes: Some(open_nodes),
    pods: Some(open_jobs),
};

fn detect(head: &Head<'_>) -> bool {
    let has = |word: &[u8]| head.bytes.windows(word.len()).any(|bytes| bytes == word);
    head.bytes.trim_ascii_start().starts_with(b"{") && has(b"\"jobs\"") && (has(b"\"subtime\"") || has(b"\"nb_res\""))
}

fn open_nodes(inputs: &Inputs, _: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let (document, value) = json::read(inputs.single("a Batsim workload", detect)?.open()?, WHAT)?;
    let count = machines(&document.at(&value))?;
    let one = |(name, n): (&str, i64)| (name.to_owned(), Quantity::from_units(n));
    let allocatable: Shared<ResourceList> = [("cpu", 1), ("pods", 1)].map(one).into();
    let node =
        |i| NodeSpec { name: format!("machine-{i}").into(), allocatable: allocatable.clone(), ..NodeSpec::default() };
    let record = |i| Record::on_line(i as u64 + 1, 0, Event::NodeAdded(Box::new(node(i))));
    let records = (0..count).map(record).collect();
    Ok(Box::new(Listed::new(document.file, Timeline::SORTED, records, Shapes::default())))
}

fn open_jobs(inputs: &Inputs, _: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let (document, value) = json::read(inputs.single("a Batsim workload", detect)?.open()?, WHAT)?;
    let root = document.at(&value);
    machines(&root)?;
    let mut shapes = Shapes::default();
    let spec = || {
        let cpu = ("cpu".to_owned(), Quantity::from_units(1));
        let spec = PodSpec { restart_policy: RestartPolicy::Never, ..PodSpec::with_requests([cpu].into()) };
        Ok(Shape { spec })
    };
    let shape = shapes.of([], spec)?;
    let profiles = root.key("profiles", "an object with the profiles of the jobs")?;
    let mut profiles = Profiles::new(profiles);
    let mut records = Vec::new();
    for (i, job) in root.key("jobs", "a list of jobs")?.items()?.enumerate() {
        let (at, submitted) = read(&job, &mut profiles, shape)?;
        records.push(Record::on_line(i as u64 + 1, at, Event::Submitted(submitted)));
    }
    Ok(Box::new(Listed::new(Arc::clone(&document.file), Timeline::UNSORTED, records, shapes)))
}

fn machines(root: &At<'_>) -> Result<i64, TraceError> {
    let expected = "the number of machines, from 1 to 10 million";
    let field = root.key("nb_res", expected)?;
    let count = field.whole(expected)?;
    if (1..=MAX_MACHINES).contains(&count) { Ok(count) } else { Err(field.bad("is out of range", expected)) }
}

/// A job and when it is submitted.
fn read(job: &At<'_>, profiles: &mut Profiles<'_>, shape: ShapeId) -> Result<(i64, Submitted), TraceError> {
    let name = job.key("id", "the job's identifier")?.id("a text or a whole number")?;
    let time = job.key("subtime", "the submission time in seconds")?;
    let at = time.seconds("the submission time in seconds")?;
    if at < 0 {
        return Err(time.bad("is negative", "the submission time in seconds, 0 or more"));
    }
    let expected = "the number of machines, from 1 to 10 million";
    let machines = job.key("res", expected)?;
    let pods = machines.whole(expected)?;
    if !(1..=MAX_MACHINES).contains(&pods) {
        return Err(machines.bad("is out of range", expected));
    }
    let profile = job.key("profile", "the name of a profile")?;
    let (length, fails) = profiles.run(profile.text("the name of a profile")?, &profile)?;
    let mut run = if fails { Run::Fails(length) } else { Run::Succeeds(length) };
    let mut estimate = None;
    if let Some(walltime) = job.find("walltime")? {
        let expected = "the longest run time in seconds, above 0, or -1 for none";
        let limit = walltime.seconds(expected)?;
        if limit != -1_000_000_000 {
            if limit <= 0 {
                return Err(walltime.bad("is out of range", expected));
            }
            estimate = Some(Span(limit));
            if length.0 > limit {
                run = Run::Fails(Span(limit));
            }
        }
    }
    let mut submitted = Submitted::pod(name, shape, run);
    (submitted.pods, submitted.gang, submitted.estimate) = (pods as u32, true, estimate);
    Ok((at, submitted))
}

#[cfg(test)]
mod tests;

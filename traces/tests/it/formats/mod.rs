//! Formats one by one: real data against its documentation where it is there, rows of the published schema where it is not.

mod alibaba_dlrm_v2025;
mod alibaba_pai_v2020;
mod alibaba_v2017;
mod alibaba_v2018;
mod azure;
mod google;
mod grids;
mod helios;
mod inventories;
mod philly;

use crate::shared;
use std::fmt::Write as _;
use std::path::PathBuf;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{PodSpec, Run};
use towtank_sim::model::quantity::Quantity;
use towtank_sim::model::resources::{ResourceList, ResourceName};
use towtank_traces::record::{Event, Record, Submitted};
use towtank_traces::stream::{self, Stream};
use towtank_traces::{Context, Inputs, find_format};

/// A file of the shared collection; nothing, and a word about it, where that is missing.
fn data(path: &str) -> Option<Inputs> {
    let path: PathBuf = shared("traces").join(path);
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(Inputs::open(&[path]).unwrap())
}

/// The submissions of a trace and what they ask for.
struct Jobs {
    records: Vec<Record>,
    specs: Vec<PodSpec>,
    users: Vec<String>,
    queues: Vec<String>,
}

fn read_jobs(format: &str, inputs: &Inputs, context: &Context) -> Result<Jobs, String> {
    let reader = find_format(format).unwrap().read_pods(inputs, context).map_err(|error| error.to_string())?;
    let mut stream = Stream::new(reader, context).map_err(|error| error.to_string())?;
    let mut jobs = Jobs { records: Vec::new(), specs: Vec::new(), users: Vec::new(), queues: Vec::new() };
    while let Some(record) = stream.next_record().map_err(|error| error.to_string())? {
        let (mut spec, mut user, mut queue) = (PodSpec::default(), String::new(), String::new());
        if let Event::Submitted(job) = &record.event {
            spec = stream.shape(job.shape).spec.clone();
            user = job.user.map_or_else(String::new, |id| stream.text(id).to_string());
            queue = job.queue.map_or_else(String::new, |id| stream.text(id).to_string());
        }
        jobs.records.push(record);
        jobs.specs.push(spec);
        jobs.users.push(user);
        jobs.queues.push(queue);
    }
    Ok(jobs)
}

fn jobs(format: &str, inputs: &Inputs, context: &Context) -> Jobs {
    read_jobs(format, inputs, context).unwrap()
}

impl Jobs {
    fn submitted(&self) -> impl Iterator<Item = (&Submitted, &PodSpec)> {
        self.records.iter().zip(&self.specs).filter_map(|(record, spec)| match &record.event {
            Event::Submitted(job) => Some((job, spec)),
            _ => None,
        })
    }

    /// One line per record: when, what, how many, what it asks for, how long.
    fn lines(&self) -> Vec<String> {
        let line = |(i, record): (usize, &Record)| {
            let at = towtank_sim::time::SimTime(record.at);
            match &record.event {
                Event::Submitted(job) => {
                    let mut line = format!("{at} {}", job.name);
                    if job.pods > 1 {
                        let _ = write!(line, " x{}", job.pods);
                    }
                    for (word, name) in [("user", &self.users[i]), ("queue", &self.queues[i])] {
                        if !name.is_empty() {
                            let _ = write!(line, " {word}={name}");
                        }
                    }
                    line + &amounts(&self.specs[i]) + &run(job.run)
                }
                Event::Killed { name, .. } => format!("{at} kill {name}"),
                other => format!("{at} {other:?}"),
            }
        };
        self.records.iter().enumerate().map(line).collect()
    }
}

/// What a pod asks for, in one line.
fn amounts(spec: &PodSpec) -> String {
    let mut text = list(&spec.containers[0].requests);
    if let Some(gpu) = spec.gpu {
        let _ = write!(text, " gpu={}x{}", gpu.count, gpu.milli);
    }
    if let Some(priority) = spec.priority {
        let _ = write!(text, " priority={priority}");
    }
    text
}

fn list(list: &ResourceList) -> String {
    let short = |(name, amount): (&ResourceName, &Quantity)| match amount.value() {
        bytes if bytes >= 1 << 30 && bytes % (1 << 30) == 0 => format!(" {name}={}Gi", bytes >> 30),
        bytes if bytes >= 1 << 20 => format!(" {name}={}Mi", bytes >> 20),
        _ => format!(" {name}={amount}"),
    };
    list.iter().map(short).collect()
}

fn run(run: Run) -> String {
    match run {
        Run::Forever => String::new(),
        Run::Succeeds(span) => format!(" for {span}"),
        Run::Fails(span) => format!(" fails after {span}"),
    }
}

/// The nodes of a trace as they come, change and go.
fn nodes(format: &str, inputs: &Inputs, context: &Context) -> Vec<Record> {
    let mut reader = find_format(format).unwrap().read_nodes(inputs, context).unwrap();
    stream::nodes(&mut *reader, context).unwrap()
}

fn node_lines(records: &[Record]) -> Vec<String> {
    let line = |record: &Record| {
        let at = towtank_sim::time::SimTime(record.at);
        match &record.event {
            Event::NodeAdded(spec) => format!("{at} + {}{}", spec.name, node(spec)),
            Event::NodeChanged(spec) => format!("{at} ~ {}{}", spec.name, node(spec)),
            Event::NodeRemoved(name) => format!("{at} - {name}"),
            other => format!("{at} {other:?}"),
        }
    };
    records.iter().map(line).collect()
}

fn node(spec: &NodeSpec) -> String {
    let mut text = list(&spec.allocatable);
    if spec.unschedulable {
        text += " cordoned";
    }
    let labels = spec.labels.iter().filter(|(key, _)| *key != "kubernetes.io/hostname");
    labels.fold(text, |text, (key, value)| text + &format!(" {key}:{value}"))
}

/// The sum of a resource, in its own unit or in thousandths.
fn sum<'a>(lists: impl Iterator<Item = &'a ResourceList>, name: &str) -> i128 {
    lists.filter_map(|list| list.get(name)).map(|amount: &Quantity| i128::from(amount.milli_value())).sum()
}

/// What was repaired: rule and count.
fn repaired(context: &Context) -> Vec<(&'static str, u64)> {
    context.repairs.report().iter().map(|one| (one.rule.name(), one.count)).collect()
}

//! The Standard Workload Format of the Parallel Workloads Archive: one job a line, 18 fields that blanks separate; and the Grid Workload
//! Format, which has most of its fields.
//!
//! Source: Chapin et al., *Benchmarks and Standards for the Evaluation of Parallel Job Schedulers*, JSSPP 1999; version 2.2 of the format.
//! Iosup et al., *The Grid Workloads Archive*, Future Generation Computer Systems 24(7), 2008, for the other one.
//! Lines that begin with `;` are the header, and comments. -1 stands for what is not known. The first job's submission is the
//! trace's start, as the format has it.
//!
//! | field | becomes |
//! |---|---|
//! | 1 job | the name |
//! | 2 submitted (s) | when it is submitted |
//! | 3 waited (s) | how long it waited in the recorded cluster |
//! | 4 run time (s) | how long it runs; -1: the rule `missing-duration` leaves the job out; below: `negative-duration` does |
//! | 5 processors used | how many it runs on, where field 8 does not say |
//! | 6 mean CPU time (s) | what it uses of its CPU, with 4 |
//! | 7 memory used, 10 memory asked for | see the option `requestedMemory`; without it memory is not looked at |
//! | 8 processors asked for | how many it runs on; where 5 is unknown, too, the rule `missing-request` takes one |
//! | 9 time asked for (s) | the estimate of its run time |
//! | 11 status | 0 and 5 end in failure; 2 to 4 are parts of a job that is listed whole as well: the rule `partial-execution` leaves them out |
//! | 12 user, 15 queue | user and queue |
//! | 13 group, 14 application, 16 partition | nothing |
//! | 17 preceding job, 18 think time | not modelled: the job is submitted when it was, whenever the preceding one ends; that is said |
//!
//! More fields than 18 are passed over, and counted by the rule `extra-columns`.
//!
//! In the Grid Workload Format comments begin with `#`, users and queues are words, and field 17 is the site from which the job came. Its 29 fields
//! are separated by tabs where there is one; what jobs of a bag or a workflow have to do with each other (19, 20) is not modelled.
//!
//! A job on `p` processors is a gang of `p` pods of one CPU. With `processorsPerPod: k` it is as few equal pods as can be of at most
//! `k` CPUs: `p / k` rounded up, with a CPU more each where that does not come out even.
//!
//! Nodes come from the header (`MaxNodes` nodes with `MaxProcs` CPUs in all; where only one is given, or both are alike, nodes of
//! `processorsPerPod` CPUs) or from a `.machines` file of Alea, one cluster a line: id, name, number of nodes, CPUs of each, speed (not
//! modelled), memory of each in KB. What the header does not tell is memory: there is none.

mod header;
mod jobs;
mod machines;

use crate::error::TraceError;
use crate::format::{Context, Format, Gives, Head, TableInfo, TestedOn};
use crate::input::{InputFile, Inputs};
use crate::reader::Reader;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::quantity::Quantity;

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "swf",
    module: "swf",
    about: "the Standard Workload Format of the Parallel Workloads Archive",
    tables: &[
        TableInfo {
            name: "*.swf",
            gives: Gives::Both,
            columns: "18 fields: job, submit, wait, run time, processors, CPU time, memory, those asked for, status, user, ...; \
                      header: MaxProcs, MaxNodes",
            sorted: true,
        },
        TableInfo {
            name: "*.machines",
            gives: Gives::Nodes,
            columns: "id, name, nodes, CPUs per node, speed, memory per node in KB",
            sorted: true,
        },
    ],
    tested_on: TestedOn::Data,
    detect,
    nodes: Some(open_nodes),
    pods: Some(jobs::open),
};

/// The registry's line of the Grid Workload Format.
pub(crate) const GWF: Format = Format {
    name: "gwf",
    module: "swf",
    about: "the Grid Workload Format of the Grid Workloads Archive: DAS-2, Grid'5000, NorduGrid and other grids",
    tables: &[TableInfo {
        name: "*.gwf",
        gives: Gives::Pods,
        columns: "29 fields: job, submit, wait, run time, processors, CPU time, memory, those asked for, status, user, ...",
        sorted: true,
    }],
    tested_on: TestedOn::SchemaRows,
    detect: detect_gwf,
    nodes: None,
    pods: Some(jobs::open_gwf),
};

/// Fields of a job that mean the same in both formats, but for the last two.
const FIELDS: usize = 18;

/// Fields of a job of a grid.
const GWF_FIELDS: usize = 29;

/// The most nodes that are made, and the most CPUs of one.
const MAX: i64 = 10_000_000;

fn detect(head: &Head<'_>) -> bool {
    is_machines(head.name) || is_log(head)
}

fn is_machines(name: &str) -> bool {
    name.trim_end_matches(".gz").ends_with(".machines")
}

/// Whether a file begins with a header or with a job.
fn is_log(head: &Head<'_>) -> bool {
    let mut lines = head.bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return false };
    if let Some(comment) = first.strip_prefix(b";") {
        return comment.contains(&b':') || head.name.contains(".swf");
    }
    let numbers = first.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).take(FIELDS);
    let is_number = |field: &[u8]| field.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    numbers.filter(|field| is_number(field)).count() == FIELDS
}

/// Whether a file begins with a comment of the archive or with a job of so many fields.
fn detect_gwf(head: &Head<'_>) -> bool {
    let mut lines = head.bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return false };
    if first.starts_with(b"#") {
        return head.name.contains(".gwf");
    }
    let mut numbers = first.split(|b| *b == b'\t').take(11);
    let is_number = |field: &[u8]| field.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    first.split(|b| *b == b'\t').count() == GWF_FIELDS && numbers.all(is_number)
}

fn open_nodes(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let files = inputs.several("a log in the Standard Workload Format", detect)?;
    // A folder has both: what says more wins.
    let machines: Vec<InputFile> = files.iter().filter(|file| is_machines(&file.name)).cloned().collect();
    if machines.is_empty() {
        header::nodes(&files, context.options.processors_per_pod)
    } else {
        machines::nodes(machines)
    }
}

/// A node with so many CPUs.
fn node(name: String, cpus: i64) -> NodeSpec {
    // A node holds as many pods as a kubelet allows by default, or as many as it has CPUs.
    let counts = [("cpu", cpus), ("pods", cpus.max(110))];
    let allocatable = counts.map(|(name, count)| (name.to_owned(), Quantity::from_units(count))).into();
    NodeSpec { name: name.into(), allocatable, ..NodeSpec::default() }
}

#[cfg(test)]
mod tests;

//! Traces out: records as other programs read them. One file per target, all of them streaming.
//!
//! A trace is read twice: the first time to see which columns it needs, the second time to write it. So memory follows the number of
//! shapes and not of rows, whatever the target.

mod chrome;
mod csv;
mod losses;
mod manifests;
#[cfg(feature = "parquet")]
mod parquet;
mod rows;
mod survey;
mod swf;
pub mod timeline;

use crate::error::{TraceError, suggest};
use crate::format::Context;
use crate::reader::Reader;
use crate::record::{Event, Record};
use crate::stream::{self, Stream};
use losses::Losses;
use std::io::Write;
use survey::Survey;
use thiserror::Error;

/// What traces are converted to.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name on the command line.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// How its files end, without `.gz`.
    pub extension: &'static str,
    pods: Option<Open>,
    nodes: Option<WriteNodes>,
}

/// Every target: one line each.
pub const TARGETS: &[Target] = &[
    csv::TARGET,
    swf::TARGET,
    chrome::TARGET,
    manifests::TARGET,
    #[cfg(feature = "parquet")]
    parquet::TARGET,
];

/// Begins the output of a trace that was looked through.
type Open = for<'o> fn(&'o Survey, &'o mut (dyn Write + Send)) -> Result<Box<dyn PodWriter + 'o>, WriteError>;

/// Writes nodes, coming and going in order of time.
type WriteNodes = fn(&[Record], &mut Losses, &mut (dyn Write + Send)) -> Result<(), WriteError>;

/// Takes the records of a trace one after another.
trait PodWriter {
    /// Writes what a record says.
    fn write(&mut self, record: &Record, stream: &mut Stream, losses: &mut Losses) -> Result<(), WriteError>;

    /// Writes what stands at the end.
    fn finish(&mut self) -> Result<(), WriteError>;
}

/// Why a trace could not be converted.
#[derive(Debug, Error)]
pub enum WriteError {
    /// It could not be read.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The output could not be written.
    #[error("cannot be written: {0}")]
    Output(#[from] std::io::Error),
    /// The target has no way to say it.
    #[error("{0}")]
    NotSaid(String),
}

/// Which part of a trace is converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Pods and jobs.
    Pods,
    /// Nodes.
    Nodes,
}

/// What came of a conversion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Converted {
    /// How many records were read.
    pub records: u64,
    /// What the target cannot say, each with how often.
    pub losses: Vec<String>,
}

/// The target of this name.
///
/// # Errors
/// There is none; the nearest is suggested.
pub fn find_target(name: &str) -> Result<&'static Target, WriteError> {
    TARGETS.iter().find(|target| target.name == name).ok_or_else(|| {
        let hint = suggest(name, TARGETS.iter().map(|target| target.name));
        let hint = if name == "parquet" { "this program was built without the feature `parquet`".into() } else { hint };
        WriteError::NotSaid(format!("no target `{name}`: {hint}"))
    })
}

/// The target that a file of this name asks for.
pub fn target_of(file: &str) -> Option<&'static Target> {
    let name = file.strip_suffix(".gz").unwrap_or(file);
    TARGETS.iter().find(|target| name.rsplit_once('.').is_some_and(|(_, end)| end == target.extension))
}

/// Opens the part of a trace that is converted: twice, and the same each time.
pub type Reading<'a> = &'a dyn Fn(&Context) -> Result<Box<dyn Reader>, TraceError>;

/// Converts the part of a trace that `open` opens.
///
/// # Errors
/// The trace cannot be read, or the target has no such part.
pub fn convert(
    open: Reading<'_>,
    part: Part,
    context: &Context,
    target: &Target,
    out: &mut (dyn Write + Send),
) -> Result<Converted, WriteError> {
    let cannot = |what: &str| WriteError::NotSaid(format!("the target `{}` has no {what}", target.name));
    let mut losses = Losses::default();
    let mut records = 0;
    match part {
        Part::Nodes => {
            let write = target.nodes.ok_or_else(|| cannot("nodes"))?;
            let nodes = nodes(open(context)?, context)?;
            records += nodes.len() as u64;
            write(&nodes, &mut losses, out)?;
        }
        Part::Pods => {
            let begin = target.pods.ok_or_else(|| cannot("pods"))?;
            let counted_elsewhere = Context { repairs: context.repairs.alike(), ..context.clone() };
            let survey = Survey::of(Stream::new(open(&counted_elsewhere)?, &counted_elsewhere)?)?;
            let mut stream = Stream::new(open(context)?, context)?;
            let mut writer = begin(&survey, out)?;
            while let Some(record) = stream.next_record()? {
                records += 1;
                writer.write(&record, &mut stream, &mut losses)?;
            }
            writer.finish()?;
        }
    }
    out.flush()?;
    Ok(Converted { records, losses: losses.list() })
}

/// The nodes, or the objects that are nodes.
fn nodes(mut reader: Box<dyn Reader>, context: &Context) -> Result<Vec<Record>, TraceError> {
    if !reader.tells_objects() {
        return stream::nodes(&mut *reader, context);
    }
    let mut objects = Vec::new();
    while let Some(record) = reader.next()? {
        if matches!(&record.event, Event::Applied(object) if object["kind"] == "Node") {
            objects.push(record);
        }
    }
    let first = objects.first().map_or(0, |record| record.at);
    for record in &mut objects {
        record.at = record.at.saturating_sub(first);
    }
    Ok(objects)
}

#[cfg(test)]
mod tests;

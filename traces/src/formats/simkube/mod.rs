//! Recordings of SimKube: the Kubernetes objects that were applied and deleted in a cluster, and how long their pods ran.
//!
//! Source: `acrlabs/simkube` on GitHub, `sk-core/src/trace/` and `docs/ref/trace-files.md`, format version 2.
//!
//! A recording is MessagePack (`.sktrace`), or the same as JSON; which of the two is read from its first byte. Times are whole
//! seconds since 1970; the first event is the trace's start. Within an event what is applied comes before what is deleted.
//!
//! `pod_lifecycles` says when the pods of an owner started and ended, in the order of their creation, by a hash of the pods'
//! specification. SimKube passes over the hash for the kinds that Kubernetes brings, and gives its n-th pod the n-th entry, from the
//! start again when there are no more (`Trace::lookup_pod_lifecycle`). So do we, counted for each owner; where an owner has several
//! hashes, their lists follow each other in the order in which they begin. An owner's object carries the run times as annotation
//! `towtank.dev/run-times` on its pod template, a pod `towtank.dev/run-time`. A pod that was still running runs for ever.

mod lifecycles;
mod message_pack;

use crate::error::TraceError;
use crate::format::{Context, Format, Gives, Head, TableInfo, TestedOn};
use crate::input::Inputs;
use crate::json::{self, At, Document};
use crate::reader::{Listed, Reader, Timeline};
use crate::record::{Event, Record};
use crate::repairs::Repairs;
use lifecycles::Lifecycles;
use serde_json::Value;

/// The one version of the format that there is.
const VERSION: i64 = 2;

const WHAT: &str = "a SimKube recording: version, config, events, index, pod_lifecycles";

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "simkube",
    module: "simkube",
    about: "recordings of SimKube: the Kubernetes objects of a cluster as they were applied and deleted",
    tables: &[TableInfo {
        name: "*.sktrace (MessagePack) or JSON",
        gives: Gives::Both,
        columns: "version (2), events: ts, applied_objs, deleted_objs [config, pod_lifecycles]",
        sorted: true,
    }],
    tested_on: TestedOn::Data,
    detect,
    nodes: Some(open),
    pods: Some(open),
};

fn detect(head: &Head<'_>) -> bool {
    // The keys come in the order of the fields: the configuration is among the first of them, as text in both forms.
    let has = |word: &[u8]| head.bytes.windows(word.len()).any(|bytes| bytes == word);
    has(b"version") && has(b"trackedObjects") && (has(b"events") || has(b"podSpecTemplatePath"))
}

fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let (file, bytes) = json::read_all(inputs.single("a SimKube recording", detect)?.open()?)?;
    let value = match bytes.trim_ascii_start().first() {
        None => return Err(TraceError::EmptyDocument { file, expected: WHAT.into() }),
        Some(b'{' | b'[') => json::parse(&file, 1, &bytes, WHAT)?,
        Some(_) => message_pack::parse(&file, &bytes, WHAT)?,
    };
    drop(bytes);
    let document = Document::whole(&file);
    let records = records(&document.at(&value), &context.repairs)?;
    Ok(Box::new(Listed::of_objects(file, Timeline::SORTED, records)))
}

fn records(root: &At<'_>, repairs: &Repairs) -> Result<Vec<Record>, TraceError> {
    let version = root.key("version", WHAT)?;
    if version.whole("the version of the format")? != VERSION {
        return Err(version.bad("is a version that is not read", "version 2"));
    }
    let lifecycles = Lifecycles::read(root, repairs)?;
    let mut records: Vec<Record> = Vec::new();
    let mut start = None;
    for event in root.key("events", "a list of events")?.items()? {
        let time = event.key("ts", "seconds since 1970")?;
        let since_1970 = time.seconds("seconds since 1970")?;
        // A recording begins with an event that may be empty.
        let at = since_1970.checked_sub(*start.get_or_insert(since_1970));
        let at = at.ok_or_else(|| time.bad("is too far from the first", "a time within 292 years"))?;
        for object in event.key("applied_objs", "a list of objects")?.items()? {
            identity(&object)?;
            let mut value = object.value.clone();
            lifecycles.annotate(&mut value);
            let line = records.len() as u64 + 1;
            records.push(Record::on_line(line, at, Event::Applied(Box::new(value))));
        }
        for object in event.key("deleted_objs", "a list of objects")?.items()? {
            let (kind, namespace, name) = identity(&object)?;
            let event = Event::Deleted { kind: kind.into(), namespace: namespace.into(), name: name.into() };
            records.push(Record::on_line(records.len() as u64 + 1, at, event));
        }
    }
    Ok(records)
}

/// Kind, namespace and name of an object.
fn identity<'v>(object: &At<'v>) -> Result<(&'v str, &'v str, &'v str), TraceError> {
    let text = |name| object.value.pointer(name).and_then(Value::as_str).unwrap_or_default();
    let (kind, namespace, name) = (text("/kind"), text("/metadata/namespace"), text("/metadata/name"));
    if kind.is_empty() || name.is_empty() {
        return Err(object.bad("has no kind or no name", "a Kubernetes object with kind and metadata.name"));
    }
    Ok((kind, namespace, name))
}

#[cfg(test)]
mod tests;

//! How long the pods of each owner ran.

use crate::error::TraceError;
use crate::json::At;
use crate::repairs::{Repairs, Rule};
use crate::run_times::{self, Ended, RunTimes};
use serde_json::Value;
use std::collections::BTreeMap;

/// What `pod_lifecycles` says, by the owner's `GROUP/VERSION.KIND` and `NAMESPACE/NAME`.
#[derive(Debug, Default)]
pub(super) struct Lifecycles {
    owners: BTreeMap<(String, String), RunTimes>,
    /// Where the kinds that Kubernetes does not bring have their pod templates, by `GROUP/VERSION.KIND`.
    paths: BTreeMap<String, Vec<String>>,
}

impl Lifecycles {
    pub(super) fn read(root: &At<'_>, repairs: &Repairs) -> Result<Self, TraceError> {
        let mut lifecycles = Self { owners: BTreeMap::new(), paths: paths(root)? };
        let Some(owners) = root.find("pod_lifecycles")? else { return Ok(lifecycles) };
        for (key, hashes) in owners.entries()? {
            let expected = "[\"GROUP/VERSION.KIND\", \"NAMESPACE/NAME\"]";
            let owner = owner(key).ok_or_else(|| hashes.bad("has a key that is no owner", expected))?;
            let mut lists: Vec<(i64, RunTimes)> = Vec::new();
            for (_, list) in hashes.entries()? {
                lists.push(run_times(&list, repairs)?);
            }
            lists.sort_by_key(|(first, _)| *first);
            lifecycles.owners.insert(owner, lists.into_iter().flat_map(|(_, times)| times).collect());
        }
        Ok(lifecycles)
    }

    /// Tells the object how long its pods run.
    pub(super) fn annotate(&self, object: &mut Value) {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let name = format!("{}/{}", text("/metadata/namespace"), text("/metadata/name"));
        if let Some(times) = self.owners.get(&(run_times::kind(object), name)) {
            run_times::annotate(object, times, &self.paths);
        }
    }
}

/// `config.trackedObjects.KIND.podSpecTemplatePaths`.
fn paths(root: &At<'_>) -> Result<BTreeMap<String, Vec<String>>, TraceError> {
    let mut all = BTreeMap::new();
    let Some(config) = root.find("config")? else { return Ok(all) };
    let Some(tracked) = config.find("trackedObjects")? else { return Ok(all) };
    for (kind, object) in tracked.entries()? {
        let Some(list) = object.find("podSpecTemplatePaths")? else { continue };
        let mut paths = Vec::new();
        for path in list.items()? {
            paths.push(path.text("the way to a pod template, such as /spec/template")?.to_owned());
        }
        all.insert(kind.to_owned(), paths);
    }
    Ok(all)
}

/// The run times of a list, and when the first of its pods started.
fn run_times(list: &At<'_>, repairs: &Repairs) -> Result<(i64, RunTimes), TraceError> {
    let mut first = i64::MAX;
    let mut times = RunTimes::new();
    for entry in list.items()? {
        let (start, end) = lifecycle(&entry)?;
        first = first.min(start.unwrap_or(i64::MAX));
        let (Some(start), Some(end)) = (start, end) else {
            times.push(None);
            continue;
        };
        match end.checked_sub(start).filter(|seconds| (0..=i64::MAX / 1_000_000_000).contains(seconds)) {
            Some(seconds) => times.push(Some(Ended { seconds, failed: false })),
            None => repairs.repair(Rule::NegativeDuration, || {
                entry.bad("ends before it starts", "an end at or after the start")
            })?,
        }
    }
    Ok((first, times))
}

/// The owner that a key names. In MessagePack the key is a list, which stands here as JSON; JSON itself allows texts only.
fn owner(key: &str) -> Option<(String, String)> {
    if let Ok(pair) = serde_json::from_str::<(String, String)>(key) {
        return Some(pair);
    }
    let (kind, name) = key.split_once(':')?;
    name.contains('/').then(|| (kind.to_owned(), name.to_owned()))
}

/// Start and end of a pod in seconds since 1970, as far as they were seen: `"Empty"`, `{"Running": START}` or
/// `{"Finished": [START, END]}`.
fn lifecycle(entry: &At<'_>) -> Result<(Option<i64>, Option<i64>), TraceError> {
    const EXPECTED: &str = "\"Empty\", {\"Running\": START} or {\"Finished\": [START, END]} with Unix seconds";
    if entry.value == "Empty" {
        return Ok((None, None));
    }
    if let Some(running) = entry.find("Running")? {
        return Ok((Some(running.whole(EXPECTED)?), None));
    }
    let finished = entry.key("Finished", EXPECTED)?;
    let mut times = finished.items()?;
    let (Some(start), Some(end), None) = (times.next(), times.next(), times.next()) else {
        return Err(finished.bad("has not two times", EXPECTED));
    };
    Ok((Some(start.whole(EXPECTED)?), Some(end.whole(EXPECTED)?)))
}

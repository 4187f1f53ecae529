//! How long the pods of each owner ran.

use crate::error::TraceError;
use crate::json::At;
use crate::repairs::{Repairs, Rule};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The annotation that says how long one pod runs.
const RUN_TIME: &str = "towtank.dev/run-time";
/// The annotation that says how long the pods of a template run, one after another.
const RUN_TIMES: &str = "towtank.dev/run-times";

/// The run times of an owner's pods in the order of their creation; `None` for a pod that was not seen to end.
type RunTimes = Vec<Option<i64>>;

/// What `pod_lifecycles` says, by the owner's `GROUP/VERSION.KIND` and `NAMESPACE/NAME`.
#[derive(Debug, Default)]
pub(super) struct Lifecycles {
    owners: BTreeMap<(String, String), RunTimes>,
    /// Where the kinds that Kubernetes does not bring have their pod templates, by `GROUP/VERSION.KIND`.
    paths: BTreeMap<String, Vec<String>>,
}

impl Lifecycles {
    pub(super) fn read(root: &At<'_>, repairs: &Repairs) -> Result<Self, TraceError> {
        let mut lifecycles = Self::default();
        if let Some(config) = root.find("config")?
            && let Some(tracked) = config.find("trackedObjects")?
        {
            for (kind, object) in tracked.entries()? {
                let mut paths = Vec::new();
                if let Some(list) = object.find("podSpecTemplatePaths")? {
                    for path in list.items()? {
                        paths.push(path.text("the way to a pod template, such as /spec/template")?.to_owned());
                    }
                }
                lifecycles.paths.insert(kind.to_owned(), paths);
            }
        }
        let Some(owners) = root.find("pod_lifecycles")? else { return Ok(lifecycles) };
        for (key, hashes) in owners.entries()? {
            let owner = owner(key)
                .ok_or_else(|| hashes.bad("has a key that is no owner", "[\"GROUP/VERSION.KIND\", \"NAMESPACE/NAME\"]"))?;
            let mut lists: Vec<(i64, RunTimes)> = Vec::new();
            for (_, list) in hashes.entries()? {
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
                        Some(seconds) => times.push(Some(seconds)),
                        None => repairs.repair(Rule::NegativeDuration, || {
                            entry.bad("ends before it starts", "an end at or after the start")
                        })?,
                    }
                }
                lists.push((first, times));
            }
            lists.sort_by_key(|(first, _)| *first);
            let times: RunTimes = lists.into_iter().flat_map(|(_, times)| times).collect();
            if times.iter().any(Option::is_some) {
                lifecycles.owners.insert(owner, times);
            }
        }
        Ok(lifecycles)
    }

    /// Tells the object how long its pods run.
    pub(super) fn annotate(&self, object: &mut Value) {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let kind = format!("{}.{}", text("/apiVersion"), text("/kind"));
        let name = format!("{}/{}", text("/metadata/namespace"), text("/metadata/name"));
        let Some(times) = self.owners.get(&(kind.clone(), name)) else { return };
        if kind == "v1.Pod" {
            if let Some(Some(seconds)) = times.first() {
                put(object, "", RUN_TIME, format!("{seconds}s"));
            }
            return;
        }
        let words = times.iter().map(|time| time.map_or_else(|| "forever".to_owned(), |seconds| format!("{seconds}s")));
        let words = words.collect::<Vec<_>>().join(" ");
        match template(&kind) {
            Some(path) => put(object, path, RUN_TIMES, words),
            None => {
                for path in self.paths.get(&kind).into_iter().flatten() {
                    put(object, path, RUN_TIMES, words.clone());
                }
            }
        }
    }
}

/// Where the kinds that Kubernetes brings have their pod template.
fn template(kind: &str) -> Option<&'static str> {
    match kind {
        "apps/v1.Deployment" | "apps/v1.ReplicaSet" | "apps/v1.StatefulSet" | "apps/v1.DaemonSet" | "batch/v1.Job" => {
            Some("/spec/template")
        }
        "batch/v1.CronJob" => Some("/spec/jobTemplate/spec/template"),
        _ => None,
    }
}

/// Sets an annotation below `path`, unless it says already how long its pods run.
fn put(object: &mut Value, path: &str, annotation: &str, text: String) {
    let Some(Value::Object(template)) = object.pointer_mut(path) else { return };
    let child = |of: &mut Map<String, Value>, key: &str| {
        let value = of.entry(key).or_insert(Value::Null);
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
    };
    child(template, "metadata");
    let Some(Value::Object(metadata)) = template.get_mut("metadata") else { return };
    child(metadata, "annotations");
    let Some(Value::Object(annotations)) = metadata.get_mut("annotations") else { return };
    if !annotations.keys().any(|key| key.starts_with(RUN_TIME)) {
        annotations.insert(annotation.to_owned(), text.into());
    }
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

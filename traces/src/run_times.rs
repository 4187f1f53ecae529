//! How long the recorded pods of an owner ran, told to its object through our annotations.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The annotation that says how long one pod runs.
const RUN_TIME: &str = "towtank.dev/run-time";
/// The annotation that says how a pod ends.
const EXIT_CODE: &str = "towtank.dev/exit-code";
/// The annotation that says how long the pods of a template run, one after another.
const RUN_TIMES: &str = "towtank.dev/run-times";

/// A pod that was seen to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// How long it ran, 0 or more.
    pub(crate) seconds: i64,
    /// Whether it failed.
    pub(crate) failed: bool,
}

/// An owner's pods in the order of their creation; `None` for one that was not seen to end.
pub(crate) type RunTimes = Vec<Option<Ended>>;

/// Tells the object how long its pods run: a pod by `towtank.dev/run-time`, whatever has a pod template by `towtank.dev/run-times`
/// on it. `paths` are the ways to the templates of a kind that Kubernetes does not bring. An object that says already how long its
/// pods run stays as it is.
pub(crate) fn annotate(object: &mut Value, times: &[Option<Ended>], paths: &BTreeMap<String, Vec<String>>) {
    if times.iter().all(Option::is_none) {
        return;
    }
    let kind = kind(object);
    if kind == "v1.Pod" {
        if let Some(Some(end)) = times.first() {
            let mut annotations = vec![(RUN_TIME, format!("{}s", end.seconds))];
            annotations.extend(end.failed.then(|| (EXIT_CODE, "1".to_owned())));
            put(object, "", &annotations);
        }
        return;
    }
    let mut words = String::new();
    for (i, time) in times.iter().enumerate() {
        let blank = if i > 0 { " " } else { "" };
        let _ = match time {
            None => write!(words, "{blank}forever"),
            Some(Ended { seconds, failed: false }) => write!(words, "{blank}{seconds}s"),
            Some(Ended { seconds, failed: true }) => write!(words, "{blank}{seconds}s/1"),
        };
    }
    let annotations = [(RUN_TIMES, words)];
    match template(&kind) {
        Some(path) => put(object, path, &annotations),
        None => paths.get(&kind).into_iter().flatten().for_each(|path| put(object, path, &annotations)),
    }
}

/// `GROUP/VERSION.KIND` of an object.
pub(crate) fn kind(object: &Value) -> String {
    let text = |key| object.get(key).and_then(Value::as_str).unwrap_or_default();
    format!("{}.{}", text("apiVersion"), text("kind"))
}

/// Where the kinds that Kubernetes brings have their pod template.
fn template(kind: &str) -> Option<&'static str> {
    match kind {
        "apps/v1.Deployment"
        | "apps/v1.ReplicaSet"
        | "apps/v1.StatefulSet"
        | "apps/v1.DaemonSet"
        | "batch/v1.Job"
        | "v1.ReplicationController" => Some("/spec/template"),
        "batch/v1.CronJob" => Some("/spec/jobTemplate/spec/template"),
        _ => None,
    }
}

/// Sets annotations below `path`, unless one there says already how long its pods run.
fn put(object: &mut Value, path: &str, texts: &[(&str, String)]) {
    let Some(Value::Object(template)) = object.pointer_mut(path) else { return };
    let Some(annotations) = child(template, "metadata").and_then(|metadata| child(metadata, "annotations")) else {
        return;
    };
    if annotations.keys().any(|key| key.starts_with(RUN_TIME)) {
        return;
    }
    for (key, text) in texts {
        annotations.insert((*key).to_owned(), text.as_str().into());
    }
}

/// The object with this key, made where there is none.
fn child<'v>(of: &'v mut Map<String, Value>, key: &str) -> Option<&'v mut Map<String, Value>> {
    let value = of.entry(key).or_insert(Value::Null);
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}

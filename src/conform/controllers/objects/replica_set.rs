//! ReplicaSets.

use super::{ObjectKind, body, numbers};
use serde_json::{Map, Value};
use towtank_sim::cluster::ObjectEntry;
use towtank_workloads::controllers::{Failure, ReplicaSet, Rollout};

pub(super) const KIND: ObjectKind =
    ObjectKind { name: "ReplicaSet", by: "replicaset", created, wanted, status, at_end };

fn created(entry: &ObjectEntry, _by: &str) -> Map<String, Value> {
    let set: &ReplicaSet = body(entry);
    let mut map = Map::from_iter([("replicas".to_owned(), set.replicas.into())]);
    let Rollout { revision, desired, max, .. } = &set.rollout;
    if *revision > 0 {
        map.insert("revision".into(), revision.to_string().into());
        map.insert("desiredReplicas".into(), desired.to_string().into());
        map.insert("maxReplicas".into(), max.to_string().into());
    }
    map
}

fn wanted(entry: &ObjectEntry) -> Map<String, Value> {
    let set: &ReplicaSet = body(entry);
    let mut map = Map::from_iter([("spec.replicas".to_owned(), set.replicas.into())]);
    let Rollout { revision, history, desired, max } = &set.rollout;
    let mut annotate = |key: &str, value: String| {
        map.insert(format!("annotations.deployment.kubernetes.io/{key}"), value.into());
    };
    if *revision > 0 {
        annotate("revision", revision.to_string());
        annotate("desired-replicas", desired.to_string());
        annotate("max-replicas", max.to_string());
    }
    if !history.is_empty() {
        annotate("revision-history", history.clone());
    }
    map
}

fn status(entry: &ObjectEntry) -> Map<String, Value> {
    let status = &body::<ReplicaSet>(entry).status;
    let mut map = numbers([
        ("readyReplicas", status.ready.into()),
        ("availableReplicas", status.available.into()),
        ("fullyLabeledReplicas", status.fully_labelled.into()),
        ("observedGeneration", status.observed),
    ]);
    map.insert("replicas".into(), status.replicas.into());
    if status.observed > 0 {
        map.insert("terminatingReplicas".into(), status.terminating.into());
    }
    if let Some(Failure { reason, message }) = &status.failure {
        map.insert("conditions.ReplicaFailure".into(), format!("True {reason}: {message}").into());
    }
    map
}

fn at_end(entry: &ObjectEntry) -> Map<String, Value> {
    let set: &ReplicaSet = body(entry);
    let mut map = Map::from_iter([("replicas".to_owned(), set.replicas.into())]);
    if set.rollout.revision > 0 {
        map.insert("revision".into(), set.rollout.revision.to_string().into());
    }
    map
}

//! Deployments.

use super::{ObjectKind, body, numbers};
use serde_json::{Map, Value};
use towtank_sim::cluster::ObjectEntry;
use towtank_workloads::controllers::Deployment;

pub(super) const KIND: ObjectKind =
    ObjectKind { name: "Deployment", by: "deployment", created, wanted, status, at_end };

fn created(entry: &ObjectEntry, _by: &str) -> Map<String, Value> {
    let deployment: &Deployment = body(entry);
    Map::from_iter([("replicas".to_owned(), deployment.replicas.into())])
}

fn wanted(entry: &ObjectEntry) -> Map<String, Value> {
    let deployment: &Deployment = body(entry);
    Map::from_iter([("spec.replicas".to_owned(), deployment.replicas.into())])
}

fn status(entry: &ObjectEntry) -> Map<String, Value> {
    let status = &body::<Deployment>(entry).status;
    let mut map = numbers([
        ("replicas", status.replicas.into()),
        ("updatedReplicas", status.updated.into()),
        ("readyReplicas", status.ready.into()),
        ("availableReplicas", status.available.into()),
        ("unavailableReplicas", status.unavailable.into()),
        ("observedGeneration", status.observed),
    ]);
    if let Some(terminating) = status.terminating {
        map.insert("terminatingReplicas".into(), terminating.into());
    }
    let conditions =
        [("Available", &status.availability), ("Progressing", &status.progress), ("ReplicaFailure", &status.failure)];
    for (name, condition) in conditions {
        if let Some(condition) = condition {
            map.insert(format!("conditions.{name}"), super::condition(condition));
        }
    }
    if status.revision > 0 {
        map.insert("annotations.deployment.kubernetes.io/revision".into(), status.revision.to_string().into());
    }
    map
}

fn at_end(entry: &ObjectEntry) -> Map<String, Value> {
    let deployment: &Deployment = body(entry);
    let mut map = Map::from_iter([("replicas".to_owned(), deployment.replicas.into())]);
    if deployment.status.revision > 0 {
        map.insert("revision".into(), deployment.status.revision.to_string().into());
    }
    map
}

//! What a recording tells of objects: one file for each kind, and one line in [`KINDS`].

mod deployment;
mod job;
mod replica_set;

use serde_json::{Map, Value};
use std::any::Any;
use towtank_sim::cluster::{Cluster, Object, ObjectEntry};
use towtank_sim::model::{ObjectId, PodId};
use towtank_workloads::controllers::Condition;

/// A kind of objects.
pub(super) struct ObjectKind {
    /// Its name in manifests.
    pub(super) name: &'static str,
    /// Who keeps its status.
    pub(super) by: &'static str,
    /// What its creation tells, by whom it was created.
    pub(super) created: fn(&ObjectEntry, &str) -> Map<String, Value>,
    /// What is wanted of it, as far as controllers change that.
    pub(super) wanted: fn(&ObjectEntry) -> Map<String, Value>,
    /// Its status, and what else is told like it.
    pub(super) status: fn(&ObjectEntry) -> Map<String, Value>,
    /// What is told of it at the end beside its status.
    pub(super) at_end: fn(&ObjectEntry) -> Map<String, Value>,
}

/// Adding a kind is one file and one line here.
const KINDS: &[ObjectKind] = &[deployment::KIND, job::KIND, replica_set::KIND];

/// An object and its kind, if it is told of.
pub(super) fn find(id: ObjectId, cluster: &Cluster) -> Option<(&'static ObjectKind, &ObjectEntry)> {
    let entry = cluster.objects().entry(id)?;
    Some((KINDS.iter().find(|kind| kind.name == entry.meta.kind)?, entry))
}

/// Whether objects of this kind are told of.
pub(super) fn is_known(kind: &str) -> bool {
    KINDS.iter().any(|known| known.name == kind)
}

/// The propagation that somebody names when deleting an object, where it is not the default.
pub(super) fn propagation(by: &str, kind: &str) -> Option<&'static str> {
    match (by, kind) {
        ("ttlafterfinished", _) => Some("Foreground"),
        ("cronjob", "Job") => Some("Background"),
        _ => None,
    }
}

/// What the creation of a pod tells.
pub(super) fn pod_created(id: PodId, cluster: &Cluster) -> Map<String, Value> {
    let mut set = Map::new();
    let Some(pod) = cluster.pod(id) else { return set };
    if pod.is_held() {
        set.insert("finalizers".into(), finalizers());
    }
    if let Some(part) = pod.completion() {
        set.insert("index".into(), part.index.to_string().into());
        if let Some(failures) = part.failures {
            set.insert("indexFailureCount".into(), failures.to_string().into());
        }
        if part.ignored > 0 {
            set.insert("indexIgnoredFailureCount".into(), part.ignored.to_string().into());
        }
    }
    set
}

fn finalizers() -> Value {
    vec!["batch.kubernetes.io/job-tracking"].into()
}

/// What is wanted of a pod, as far as it changes.
pub(super) fn pod_wanted(id: PodId, cluster: &Cluster) -> Map<String, Value> {
    let mut map = Map::new();
    let Some(pod) = cluster.pod(id) else { return map };
    for (key, value) in &cluster.class_of(pod).spec.labels {
        map.insert(format!("labels.{key}"), value.clone().into());
    }
    if let Some(owner) = pod.owner.and_then(|owner| cluster.objects().meta(owner)) {
        map.insert("ownerReferences".into(), (*owner.name).into());
    }
    if pod.is_held() {
        map.insert("finalizers".into(), finalizers());
    }
    if pod.deletion_cost() != 0 {
        let key = "annotations.controller.kubernetes.io/pod-deletion-cost";
        map.insert(key.into(), pod.deletion_cost().to_string().into());
    }
    map
}

/// The object, as what it is.
fn body<T: Object>(entry: &ObjectEntry) -> &T {
    let body: &dyn Any = &*entry.body;
    body.downcast_ref().expect("an object of this kind")
}

/// Fields by name; numbers that are 0 are left out, as Kubernetes does with `omitempty`.
fn numbers<const N: usize>(fields: [(&str, u64); N]) -> Map<String, Value> {
    fields.into_iter().filter(|(_, number)| *number != 0).map(|(key, number)| (key.to_owned(), number.into())).collect()
}

/// A condition, as recordings tell it.
fn condition(condition: &Condition) -> Value {
    format!("{} {}: {}", condition.truth.as_str(), condition.reason, condition.message).into()
}

/// Nothing.
fn nothing(_: &ObjectEntry) -> Map<String, Value> {
    Map::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_this_folder_is_in_the_table() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/conform/controllers/objects");
        let entries = std::fs::read_dir(folder).expect("the folder is there");
        let mut files: Vec<String> = entries
            .filter_map(|entry| entry.expect("an entry").path().file_stem()?.to_str().map(str::to_owned))
            .filter(|name| name != "mod")
            .map(|name| name.replace('_', ""))
            .collect();
        files.sort();
        let mut names: Vec<String> = KINDS.iter().map(|kind| kind.name.to_lowercase()).collect();
        names.sort_unstable();
        assert_eq!(files, names);
    }
}

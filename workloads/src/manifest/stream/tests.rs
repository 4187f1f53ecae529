use super::*;
use crate::manifest::Item;
use serde_json::{Value, json};

fn apply(stream: &mut ObjectStream, objects: impl IntoIterator<Item = Value>) -> Vec<(String, bool)> {
    let placed = objects.into_iter().enumerate().map(|(i, object)| (format!("log, line {i}"), object));
    let applied = stream.apply(placed.collect(), &|span| span).unwrap();
    let name = |item: Item| match item {
        Item::Node(node) => node.name.to_string(),
        Item::Pod(pod) => pod.name,
        Item::Object { name, .. } => name,
    };
    applied.into_iter().map(|one| (name(one.planned.item), one.again)).collect()
}

fn pod(name: &str, owner: Option<(&str, &str)>) -> Value {
    let owners: Vec<Value> = owner
        .iter()
        .map(
            |(kind, name)| json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "u", "controller": true}),
        )
        .collect();
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "ownerReferences": owners},
        "spec": {"containers": [{"name": "c"}]},
    })
}

fn deployment(name: &str, replicas: u32) -> Value {
    let labels = json!({"app": name});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c"}]}});
    let spec = json!({"replicas": replicas, "selector": {"matchLabels": labels}, "template": template});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec})
}

fn owned(text: &str, again: bool) -> (String, bool) {
    (text.to_owned(), again)
}

#[test]
fn what_is_applied_again_is_replaced_and_what_was_deleted_is_new() {
    let mut stream = ObjectStream::default();
    assert_eq!(apply(&mut stream, [pod("p", None), deployment("web", 1)]), [owned("web", false), owned("p", false)]);
    assert_eq!(apply(&mut stream, [deployment("web", 3)]), [owned("web", true)]);
    assert!(stream.delete("Deployment", "default", "web"));
    assert!(!stream.delete("Deployment", "default", "web"));
    assert_eq!(apply(&mut stream, [deployment("web", 3)]), [owned("web", false)]);
    assert!(stream.delete("Pod", "", "p"));
}

#[test]
fn what_an_object_of_the_stream_makes_is_left_out_to_its_end() {
    let mut stream = ObjectStream::default();
    let mut set = deployment("web-1", 1);
    set["kind"] = "ReplicaSet".into();
    set["metadata"]["ownerReferences"] = pod("", Some(("Deployment", "web")))["metadata"]["ownerReferences"].clone();
    let of_set = || pod("web-1-a", Some(("ReplicaSet", "web-1")));
    let of_job = || pod("old-b", Some(("Job", "old")));
    assert_eq!(
        apply(&mut stream, [of_set(), of_job(), set, deployment("web", 1)]),
        [owned("web", false), owned("old-b", false)]
    );
    assert!(stream.delete("Deployment", "default", "web"));
    assert!(!stream.delete("ReplicaSet", "default", "web-1"));
    // Its last changes, when its owner has gone already, do not make it a pod of its own.
    assert_eq!(apply(&mut stream, [of_set()]), []);
    assert!(!stream.delete("Pod", "default", "web-1-a"));
    let warnings: Vec<String> = stream.warnings().collect();
    assert_eq!(
        warnings,
        [
            "2 Pod objects skipped: their owner is there and makes its own; first: log, line 0",
            "1 ReplicaSet object skipped: their owner is there and makes its own; first: log, line 2",
        ]
    );
}

#[test]
fn what_has_no_model_is_counted() {
    let mut stream = ObjectStream::default();
    let of =
        |api_version: &str, kind: &str| json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}});
    let objects = [
        of("v1", "LimitRange"),
        of("v1", "LimitRange"),
        of("v1", "ConfigMap"),
        of("autoscaling/v1", "HorizontalPodAutoscaler"),
        of("apps/v1", "Depolyment"),
        of("batch.volcano.sh/v1alpha1", "Job"),
    ];
    assert_eq!(apply(&mut stream, objects), []);
    let warnings: Vec<String> = stream.warnings().collect();
    assert_eq!(
        warnings,
        [
            "1 ConfigMap object skipped: this kind has no influence on the simulation; first: log, line 2",
            "1 Depolyment object of apps/v1 left out: no such kind is known; first: log, line 4",
            "1 HorizontalPodAutoscaler object of autoscaling/v1 left out: only autoscaling/v2 is read; first: log, line 3",
            "1 Job object skipped: this kind has no influence on the simulation; first: log, line 5",
            "2 LimitRange objects left out: this kind is not modelled yet; first: log, line 0",
        ]
    );
}

#[test]
fn an_object_that_the_server_would_refuse_is_an_error_with_its_place() {
    let mut wrong = deployment("web", 1);
    wrong["spec"]["replicas"] = "many".into();
    let error = ObjectStream::default().apply(vec![("log, line 7".to_owned(), wrong)], &|span| span).unwrap_err();
    assert!(error.to_string().starts_with("log, line 7: spec.replicas: "), "{error}");
}

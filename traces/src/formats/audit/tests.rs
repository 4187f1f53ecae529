use super::FORMAT;
use crate::format::Context;
use crate::input::Inputs;
use crate::record::{Event, Record};
use crate::repairs::Repairs;
use serde_json::{Value, json};

/// A log of requests, one a second.
struct Log(Vec<Value>);

impl Log {
    fn new() -> Self {
        Self(Vec::new())
    }

    /// A request about `RESOURCE`, `RESOURCE/SUBRESOURCE` or `GROUP/RESOURCE/SUBRESOURCE`, answered by an object.
    fn request(mut self, verb: &str, what: [&str; 3], name: &str, answer: &Value) -> Self {
        let [group, resource, subresource] = what;
        self.0.push(json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": "a", "verb": verb,
            "stage": "ResponseComplete", "requestURI": "/", "user": {"username": "kubernetes-admin"},
            "objectRef": {
                "apiGroup": group, "resource": resource, "subresource": subresource, "namespace": "shop", "name": name,
            },
            "responseStatus": {"code": 200}, "responseObject": answer,
            "stageTimestamp": format!("2026-01-31T12:00:{:02}.250000Z", self.0.len()),
        }));
        self
    }

    /// Changes the last request.
    fn but(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        self.0.last_mut().unwrap().pointer_mut(parent).unwrap()[key] = value.into();
        self
    }

    fn text(&self) -> String {
        self.0.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
    }

    fn records(&self) -> Vec<Record> {
        records(&self.text(), &Repairs::strict()).unwrap()
    }
}

fn records(text: &str, repairs: &Repairs) -> Result<Vec<Record>, String> {
    let context = Context { repairs: repairs.clone(), ..Context::default() };
    let inputs = Inputs::from_bytes("audit.log", text);
    let mut reader = FORMAT.read_pods(&inputs, &context).map_err(|error| error.to_string())?;
    let mut records = Vec::new();
    while let Some(record) = reader.next().map_err(|error| error.to_string())? {
        records.push(record);
    }
    Ok(records)
}

const PODS: [&str; 3] = ["", "pods", ""];
const DEPLOYMENTS: [&str; 3] = ["apps", "deployments", ""];

fn pod(name: &str) -> Value {
    let metadata = json!({"name": name, "namespace": "shop", "managedFields": [{}]});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}, "status": {"phase": "Pending"}})
}

fn owned(name: &str, kind: &str, owner: &str) -> Value {
    let mut pod = pod(name);
    pod["metadata"]["ownerReferences"] = json!([{"kind": kind, "name": owner, "controller": true}]);
    pod
}

fn ended(name: &str, phase: &str, seconds: u32) -> Value {
    let mut pod = pod(name);
    let time = |second| format!("2026-01-31T12:10:{second:02}Z");
    let state = json!({"terminated": {"startedAt": time(0), "finishedAt": time(seconds)}});
    pod["status"] = json!({"phase": phase, "containerStatuses": [{"state": state}]});
    pod
}

fn deployment(replicas: u32) -> Value {
    let spec = json!({"replicas": replicas, "template": {"metadata": {}, "spec": {}}});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec})
}

fn applied(record: &Record) -> &Value {
    match &record.event {
        Event::Applied(object) => object,
        other => panic!("{other:?}"),
    }
}

#[test]
fn objects_are_applied_and_deleted_at_the_time_of_the_answer() {
    let log = Log::new()
        .request("create", PODS, "p", &pod("p"))
        .request("patch", PODS, "p", &pod("p"))
        .but("/responseObject/spec/nodeName", "recorded-node")
        .request("delete", PODS, "p", &pod("p"));
    let records = log.records();
    assert_eq!(records.len(), 3);
    assert_eq!(records[1].at - records[0].at, 1_000_000_000);
    assert_eq!(records[2].place.line, 3);
    let created = applied(&records[0]);
    assert!(created.get("status").is_none() && created.pointer("/metadata/managedFields").is_none(), "{created}");
    // Where the recorded scheduler put it is not ours to say.
    assert!(applied(&records[1]).pointer("/spec/nodeName").is_none());
    let Event::Deleted { kind, namespace, name } = &records[2].event else { panic!("a deletion") };
    assert_eq!((&**kind, &**namespace, &**name), ("Pod", "shop", "p"));
}

#[test]
fn what_changed_nothing_is_passed_over() {
    let create = || Log::new().request("create", PODS, "p", &pod("p"));
    for log in [
        create().but("/stage", "RequestReceived"),
        create().but("/responseStatus/code", 409),
        create().but("/requestURI", "/api/v1/namespaces/shop/pods?dryRun=All"),
        create().but("/verb", "get"),
        create().but("/objectRef/resource", "configmaps"),
        create().but("/objectRef/subresource", "binding"),
        Log::new()
            .request("patch", PODS, "p", &pod("p"))
            .but("/user/username", "system:serviceaccount:kube-system:job-controller"),
    ] {
        assert_eq!(log.records().len(), 0, "{}", log.text());
    }
}

#[test]
fn scaling_changes_the_last_object() {
    let scale = json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "spec": {"replicas": 7}});
    let log = Log::new().request("create", DEPLOYMENTS, "web", &deployment(2)).request(
        "patch",
        ["apps", "deployments", "scale"],
        "web",
        &scale,
    );
    let records = log.records();
    assert_eq!(applied(&records[1])["kind"], "Deployment");
    assert_eq!(applied(&records[1])["spec"]["replicas"], 7);
    let lost = Log::new().request("patch", ["apps", "deployments", "scale"], "web", &scale);
    let error = records_error(&lost);
    assert!(error.contains("line 1: a change of a Deployment is not told whole"), "{error}");
}

fn records_error(log: &Log) -> String {
    records(&log.text(), &Repairs::strict()).unwrap_err()
}

#[test]
fn pods_that_were_seen_to_end_tell_how_long_those_of_their_owner_run() {
    let status = ["", "pods", "status"];
    let set = |value: &Value| {
        let mut set = value.clone();
        set["kind"] = "ReplicaSet".into();
        set["metadata"]["name"] = "web-1".into();
        set["metadata"]["ownerReferences"] = json!([{"kind": "Deployment", "name": "web", "controller": true}]);
        set
    };
    let log = Log::new()
        .request("create", DEPLOYMENTS, "web", &deployment(2))
        .request("create", ["apps", "replicasets", ""], "web-1", &set(&deployment(2)))
        .request("create", PODS, "", &owned("web-1-a", "ReplicaSet", "web-1"))
        .request("create", PODS, "", &owned("web-1-b", "ReplicaSet", "web-1"))
        .request("patch", status, "web-1-b", &ended("web-1-b", "Failed", 12))
        .request("create", PODS, "alone", &pod("alone"))
        .request("patch", status, "alone", &ended("alone", "Succeeded", 30));
    let records = log.records();
    let times = |i: usize, pointer: &str| applied(&records[i]).pointer(pointer).cloned().unwrap_or_default();
    let of_template = "/spec/template/metadata/annotations/towtank.dev~1run-times";
    assert_eq!(times(0, of_template), "forever 12s/1");
    assert_eq!(times(1, of_template), "forever 12s/1");
    assert_eq!(times(4, "/metadata/annotations/towtank.dev~1run-time"), "30s");
    assert_eq!(records.len(), 5);
}

#[test]
fn a_log_that_says_too_little_is_repaired_and_counted() {
    let log = Log::new().request("create", PODS, "p", &Value::Null).but("/level", "Metadata");
    let repairs = Repairs::default();
    assert!(records(&log.text(), &repairs).unwrap().is_empty());
    let report = repairs.report();
    assert_eq!((report[0].rule.name(), report[0].count), ("missing-object", 1));
    assert_eq!(
        report[0].first,
        "audit.log: line 1: a change of a Pod is not told whole: there is no object: expected audit level RequestResponse"
    );
    // What was sent stands for the answer when an object is created.
    let log = log.but("/requestObject", pod("p"));
    assert_eq!(applied(&log.records()[0])["metadata"]["name"], "p");
}

#[test]
fn many_at_once_evictions_and_lists_of_events() {
    let list = json!({"kind": "PodList", "items": [pod("a"), pod("b")]});
    let log = Log::new().request("deletecollection", PODS, "", &list).request(
        "create",
        ["", "pods", "eviction"],
        "c",
        &json!({"kind": "Status"}),
    );
    assert_eq!(log.records().len(), 3);
    let text = json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": log.0}).to_string();
    assert_eq!(records(&text, &Repairs::strict()).unwrap().len(), 3);
}

#[test]
fn what_is_no_audit_log_says_so() {
    let error = |text: &str| records(text, &Repairs::default()).unwrap_err();
    assert_eq!(
        error("{\"kind\": \"Pod\"}\n"),
        "audit.log: line 1: kind: `Pod` is no audit event: expected an audit event (audit.k8s.io, kind Event) per line"
    );
    assert!(error("\n{\"kind\":\n").starts_with("audit.log: line 2, column "), "{}", error("\n{\"kind\":\n"));
    assert!(error("name,arrival_s\n").contains("line 1, column 2: "), "{}", error("name,arrival_s\n"));
    let log = Log::new().request("create", PODS, "p", &pod("p")).but("/stageTimestamp", "noon");
    assert_eq!(
        error(&log.text()),
        "audit.log: line 1: stageTimestamp: `noon` is no time: expected a time such as 2026-01-31T12:00:00.000000Z"
    );
    assert!(error("[1]").contains("is no object"));
    assert!(error(" \n\n").contains("the file is empty"));
}

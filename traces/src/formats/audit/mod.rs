//! Audit logs of a Kubernetes API server: JSON lines, one answered request each.
//!
//! Source: `kubernetes/kubernetes`, `staging/src/k8s.io/apiserver/pkg/apis/audit/v1/types.go`.
//!
//! Read are the requests that changed an object and succeeded, at the stage `ResponseComplete`, dry runs left out; the resources that
//! matter are in `resources.rs`. The first request is the trace's start, the time is that of its answer.
//!
//! - `create`, `update` and `patch` apply the object as the answer has it (audit level `RequestResponse`). Without an answer (level
//!   `Request`) what was sent stands for it when an object is created or replaced. A patch alone is no object, and neither has the
//!   level `Metadata` one: where a workload lacks its object, the rule `missing-object` leaves the request out.
//! - The subresource `scale` changes the replicas of the last object of that name. `status` of nodes applies the node, and `status` of
//!   pods is read for how long they ran. `eviction` deletes the pod. All others are passed over: the simulation binds its own pods.
//! - `delete` and `deletecollection` delete.
//! - Where a pod was bound, and its status, are left out, unless it was created on a node: the simulation decides.
//!
//! The log is read twice. The first time tells how long each pod ran that was seen to end, which its object and those of its owners carry
//! as annotation `towtank.dev/run-time` or `towtank.dev/run-times`. Memory follows the number of pods and of live workloads.

mod lifecycles;
mod request;
mod resources;

use crate::error::TraceError;
use crate::format::{Context, Format, Gives, Head, TableInfo, TestedOn};
use crate::input::Inputs;
use crate::reader::{Reader, Timeline};
use crate::record::{Event, FileId, Record};
use crate::repairs::{Repairs, Rule};
use crate::shapes::Shapes;
use lifecycles::Lifecycles;
use request::{Request, Requests, Verb, text};
use resources::ControlPlane;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Kind, namespace and name of an object.
type Identity = (&'static str, Box<str>, Box<str>);

struct Log {
    requests: Requests,
    lifecycles: Lifecycles,
    repairs: Repairs,
    /// The last object of each workload that can be scaled.
    last: BTreeMap<Identity, Value>,
    ready: VecDeque<Record>,
    shapes: Shapes,
}

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "audit",
    module: "audit",
    about: "audit logs of a Kubernetes API server, of level RequestResponse",
    tables: &[TableInfo {
        name: "JSON lines, one or several files",
        gives: Gives::Both,
        columns: "kind (Event), apiVersion (audit.k8s.io/v1), stage, verb, objectRef, responseStatus, requestObject, responseObject, stageTimestamp",
        sorted: true,
    }],
    tested_on: TestedOn::SchemaRows,
    detect,
    nodes: Some(open),
    pods: Some(open),
};

fn detect(head: &Head<'_>) -> bool {
    let has = |word: &[u8]| head.bytes.windows(word.len()).any(|bytes| bytes == word);
    head.bytes.trim_ascii_start().starts_with(b"{") && has(b"audit.k8s.io/") && (has(b"auditID") || has(b"EventList"))
}

fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let files = inputs.several("an audit log", detect)?;
    let lifecycles = Lifecycles::gather(Requests::open(files.clone())?)?;
    Ok(Box::new(Log {
        requests: Requests::open(files)?,
        lifecycles,
        repairs: context.repairs.clone(),
        last: BTreeMap::new(),
        ready: VecDeque::new(),
        shapes: Shapes::default(),
    }))
}

impl Reader for Log {
    fn file(&self, file: FileId) -> &Arc<str> {
        self.requests.file(file)
    }

    fn timeline(&self) -> Timeline {
        Timeline::SORTED_DATES
    }

    fn tells_objects(&self) -> bool {
        true
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Ok(Some(record));
            }
            let Some(request) = self.requests.next()? else { return Ok(None) };
            self.read(request)?;
        }
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

impl Log {
    fn read(&mut self, mut request: Request) -> Result<(), TraceError> {
        let kind = request.resource.kind;
        match (request.verb, &*request.subresource) {
            (Verb::Create, "eviction") if kind == "Pod" => self.delete(&request, &request.namespace, &request.name),
            (Verb::Create, "") => {
                let Some(mut object) = request.answer.take().or_else(|| request.sent.take()) else {
                    return self.missing(&request, "there is no object");
                };
                complete(&mut object, &request);
                if text(&object, "/metadata/name").is_empty() {
                    return self.missing(&request, "the name that the server gave is not there");
                }
                self.lifecycles.annotate(&mut object, &request.namespace);
                self.apply(&request, object);
            }
            (Verb::Update | Verb::Patch, "" | "resize") => {
                if request.by_control_plane && request.resource.control_plane == ControlPlane::PassedOver {
                    return Ok(());
                }
                let sent = if request.verb == Verb::Update { request.sent.take() } else { None };
                let Some(mut object) = request.answer.take().or(sent) else {
                    return self.missing(&request, "there is no object, and a patch alone is none");
                };
                complete(&mut object, &request);
                if kind == "Pod" && text(&object, "/metadata/annotations/kubernetes.io~1config.mirror").is_empty() {
                    // It says where the recorded scheduler put the pod.
                    if let Some(spec) = object.pointer_mut("/spec").and_then(Value::as_object_mut) {
                        spec.remove("nodeName");
                    }
                }
                if kind != "Pod" {
                    self.lifecycles.annotate(&mut object, &request.namespace);
                }
                self.apply(&request, object);
            }
            (Verb::Update | Verb::Patch, "scale") => self.scale(&request)?,
            (Verb::Update | Verb::Patch, "status") if kind == "Node" => {
                if let Some(mut object) = request.answer.take() {
                    complete(&mut object, &request);
                    self.apply(&request, object);
                }
            }
            (Verb::Delete, "") => self.delete(&request, &request.namespace, &request.name),
            (Verb::DeleteCollection, "") => {
                let items = request.answer.as_ref().and_then(|answer| answer.get("items")).and_then(Value::as_array);
                let Some(items) = items else {
                    return self.missing(&request, "the list of what was deleted is not there");
                };
                for item in items {
                    self.delete(&request, text(item, "/metadata/namespace"), text(item, "/metadata/name"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn apply(&mut self, request: &Request, object: Value) {
        if object.pointer("/spec/replicas").is_some() || object.pointer("/spec/template").is_some() {
            let name = text(&object, "/metadata/name").into();
            self.last.insert((request.resource.kind, request.namespace.clone(), name), object.clone());
        }
        self.tell(request, Event::Applied(Box::new(object)));
    }

    fn scale(&mut self, request: &Request) -> Result<(), TraceError> {
        let scale = request.answer.as_ref().or(request.sent.as_ref());
        let replicas = scale.and_then(|scale| scale.pointer("/spec/replicas")).and_then(Value::as_u64);
        let Some(replicas) = replicas else { return self.missing(request, "there is no `spec.replicas`") };
        let identity = (request.resource.kind, request.namespace.clone(), request.name.clone());
        // What was there before the log began cannot be scaled.
        let Some(object) = self.last.get_mut(&identity) else {
            return self.missing(request, "what is scaled is not in the log");
        };
        if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
            spec.insert("replicas".to_owned(), replicas.into());
        }
        let object = object.clone();
        self.tell(request, Event::Applied(Box::new(object)));
        Ok(())
    }

    fn delete(&mut self, request: &Request, namespace: &str, name: &str) {
        let kind = request.resource.kind;
        self.last.remove(&(kind, namespace.into(), name.into()));
        self.tell(request, Event::Deleted { kind: kind.into(), namespace: namespace.into(), name: name.into() });
    }

    fn tell(&mut self, request: &Request, event: Event) {
        self.ready.push_back(Record { at: request.at, place: request.place, event });
    }

    /// A request that cannot be played, because the log does not say enough.
    fn missing(&self, request: &Request, problem: &str) -> Result<(), TraceError> {
        if !request.resource.is_workload {
            return Ok(());
        }
        self.repairs.repair(Rule::MissingObject, || TraceError::NoObject {
            file: Arc::clone(self.requests.file(request.place.file)),
            line: request.place.line,
            kind: request.resource.kind,
            problem: problem.into(),
        })
    }
}

/// Gives an object what the log says elsewhere, and takes away what a simulation decides itself.
fn complete(object: &mut Value, request: &Request) {
    let Some(map) = object.as_object_mut() else { return };
    for (key, text) in [("kind", request.resource.kind), ("apiVersion", request.resource.api_version)] {
        map.entry(key).or_insert_with(|| text.into());
    }
    if request.resource.kind != "Node" {
        map.remove("status");
    }
    let metadata = map.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    let Some(metadata) = metadata.as_object_mut() else { return };
    metadata.remove("managedFields");
    for (key, text) in [("namespace", &request.namespace), ("name", &request.name)] {
        let known = metadata.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        if !known && !text.is_empty() {
            metadata.insert(key.to_owned(), (**text).into());
        }
    }
}

#[cfg(test)]
mod tests;

//! How long the pods of a log ran: what its first reading gathers.

use super::request::{Request, Requests, Verb, text};
use crate::error::TraceError;
use crate::run_times::{self, Ended, RunTimes};
use serde_json::Value;
use std::collections::BTreeMap;

/// Kind, namespace and name of an object.
type Identity = (String, String, String);

/// What is known of the pods of a log. Memory follows their number.
#[derive(Debug, Default)]
pub(super) struct Lifecycles {
    /// How the pods ended, in the order of their creation.
    pods: Vec<Option<Ended>>,
    /// The pods of each owner; a pod without one is its own. A name that is used again has several.
    of: BTreeMap<Identity, Vec<usize>>,
}

impl Lifecycles {
    /// Reads a log from its beginning to its end.
    pub(super) fn gather(mut requests: Requests) -> Result<Self, TraceError> {
        let mut lifecycles = Self::default();
        // The pod that has a name at the moment, and the owners of owners.
        let mut named: BTreeMap<(Box<str>, Box<str>), usize> = BTreeMap::new();
        let mut owners: BTreeMap<Identity, Identity> = BTreeMap::new();
        while let Some(request) = requests.next()? {
            let Some(object) = request.answer.as_ref().or(request.sent.as_ref()) else { continue };
            match (request.resource.kind, request.verb, &*request.subresource) {
                ("Pod", Verb::Create, "") => {
                    let (namespace, name) = names(&request, object);
                    let pod = lifecycles.pods.len();
                    lifecycles.pods.push(None);
                    let mut owner = owner(object, &namespace);
                    // The pods of a Deployment are owned by its ReplicaSets.
                    while let Some(of) = &owner {
                        lifecycles.of.entry(of.clone()).or_default().push(pod);
                        owner = owners.get(of).cloned();
                    }
                    let own = ("Pod".to_owned(), namespace.to_string(), name.to_string());
                    lifecycles.of.entry(own).or_default().push(pod);
                    named.insert((namespace, name), pod);
                }
                ("Pod", Verb::Update | Verb::Patch, "status") => {
                    let Some(pod) = named.get(&names(&request, object)) else { continue };
                    if let Some(end) = ended(object) {
                        lifecycles.pods[*pod].get_or_insert(end);
                    }
                }
                (kind, Verb::Create, "") => {
                    let (namespace, name) = names(&request, object);
                    if let Some(owner) = owner(object, &namespace) {
                        owners.entry((kind.to_owned(), namespace.into(), name.into())).or_insert(owner);
                    }
                }
                _ => {}
            }
        }
        Ok(lifecycles)
    }

    /// Tells an object that is created how long its pods run.
    pub(super) fn annotate(&mut self, object: &mut Value, namespace: &str) {
        let identity = (text(object, "/kind").into(), namespace.to_owned(), text(object, "/metadata/name").into());
        let is_pod = identity.0 == "Pod";
        let Some(pods) = self.of.get_mut(&identity) else { return };
        let times: RunTimes = if is_pod {
            // The next pod of this name takes the next entry.
            if pods.is_empty() { Vec::new() } else { vec![self.pods[pods.remove(0)]] }
        } else {
            pods.iter().map(|pod| self.pods[*pod]).collect()
        };
        run_times::annotate(object, &times, &BTreeMap::new());
    }
}

/// Namespace and name of the object that a request is about.
fn names(request: &Request, object: &Value) -> (Box<str>, Box<str>) {
    let or = |known: &str, pointer| if known.is_empty() { text(object, pointer).into() } else { known.into() };
    (or(&request.namespace, "/metadata/namespace"), or(&request.name, "/metadata/name"))
}

fn owner(object: &Value, namespace: &str) -> Option<Identity> {
    let references = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = references.iter().find(|reference| reference.get("controller") == Some(&Value::Bool(true)))?;
    Some((text(owner, "/kind").into(), namespace.into(), text(owner, "/name").into()))
}

/// How a pod ended, if its status says so: from the first start of one of its containers to the last end.
fn ended(pod: &Value) -> Option<Ended> {
    let failed = match text(pod, "/status/phase") {
        "Succeeded" => false,
        "Failed" => true,
        _ => return None,
    };
    let lists = ["/status/initContainerStatuses", "/status/containerStatuses"];
    let statuses = lists.iter().filter_map(|list| pod.pointer(list)?.as_array()).flatten();
    let (mut start, mut end) = (i64::MAX, i64::MIN);
    for status in statuses {
        let time = |pointer| text(status, pointer).parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
        if let (Some(from), Some(to)) = (time("/state/terminated/startedAt"), time("/state/terminated/finishedAt")) {
            (start, end) = (start.min(from), end.max(to));
        }
    }
    (start <= end).then(|| Ended { seconds: end - start, failed })
}

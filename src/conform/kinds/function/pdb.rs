//! `pdb`: the status of a PodDisruptionBudget.
//!
//! The pods and their owners are put into a store as the input says they are, and the budget is asked there.

use super::input::{items, object, pod, time};
use super::{Function, Unusable};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use towtank_sim::cluster::{Cause, Cluster, Fingerprint, Object};
use towtank_sim::disruption::PodDisruptionBudget;
use towtank_sim::model::ObjectId;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::NewPod;
use towtank_sim::time::{SimTime, Span};

pub(super) const FUNCTION: Function = Function { name: "pdb", play };

/// The lists of owners in the input, in an order in which an owner's owner comes first.
const OWNERS: [(&str, &str); 3] =
    [("deployments", "Deployment"), ("replicaSets", "ReplicaSet"), ("statefulSets", "StatefulSet")];

/// How long an eviction that was granted may take to show as a deletion.
///
/// Source: `DeletionTimeout` in `pkg/controller/disruption/disruption.go`.
const DELETION_TIMEOUT: Span = Span::from_secs(120);

/// The node that everything runs on.
const NODE: &str = "node";

fn play(input: &Value) -> Result<Value, Unusable> {
    let kind = PodDisruptionBudget::KIND;
    let (_, budget): (_, PodDisruptionBudget) = object(&input["pdb"], "policy/v1", kind, "pdb")?;
    let namespace = input["pdb"]["metadata"]["namespace"].as_str().unwrap_or("default");
    let now = time(&input["now"], "now")?;
    let mut cluster = Cluster::default();
    let node = NodeSpec { name: NODE.into(), ..NodeSpec::default() };
    cluster.add_node(node).map_err(|error| Unusable::new("", error))?;
    let owners = create_owners(input, &mut cluster)?;

    let mut disrupted = Vec::new();
    for (i, manifest) in items(input, "pods").enumerate() {
        let field = format!("pods[{i}]");
        let metadata = &manifest["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default();
        let mut spec = pod(manifest, &field)?;
        let selected = budget.selector.as_ref().is_some_and(|selector| selector.matches(&spec.labels));
        spec.node_name = Some(NODE.into());
        let class = cluster.intern(spec);
        let owner = owner(metadata, &owners, &mut cluster, &field)?;
        let new = NewPod { owner, ..NewPod::new(name, class) };
        let id = cluster.create_pod(new).map_err(|refusal| Unusable::new(&field, refusal))?;
        if manifest["status"]["phase"] == "Running" {
            cluster.start(id);
        }
        let is_ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
        cluster.set_ready(id, items(&manifest["status"], "conditions").any(is_ready));
        let terminating = !metadata["deletionTimestamp"].is_null();
        // In the store a granted eviction shows at once, as a deletion.
        let evicted = !terminating && selected && was_evicted(input, name, now)?;
        if evicted {
            disrupted.push(name);
        }
        if evicted || terminating {
            cluster.delete_pod(id, Cause::Evicted);
        }
    }

    let status = budget.status(namespace, &cluster);
    let (word, reason) = match status.disruptions_allowed {
        0 => ("False", "InsufficientPods"),
        _ => ("True", "SufficientPods"),
    };
    Ok(json!({
        "expectedPods": status.expected_pods,
        "currentHealthy": status.current_healthy,
        "desiredHealthy": status.desired_healthy,
        "disruptionsAllowed": status.disruptions_allowed,
        "disruptedPods": disrupted,
        "condition": { "type": "DisruptionAllowed", "status": word, "reason": reason },
    }))
}

/// Something with a scale. Of an owner only that counts, and the tables leave out the rest.
#[derive(Debug)]
struct Scaled {
    kind: &'static str,
    replicas: Option<u32>,
}

impl Object for Scaled {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn replicas(&self) -> Option<u32> {
        self.replicas
    }

    fn fold(&self, _: &mut Fingerprint) {}
}

/// Creates the owners; their ids by the uids of the input.
fn create_owners<'v>(input: &'v Value, cluster: &mut Cluster) -> Result<BTreeMap<&'v str, ObjectId>, Unusable> {
    let mut owners = BTreeMap::new();
    for (list, kind) in OWNERS {
        for (i, object) in items(input, list).enumerate() {
            let field = format!("{list}[{i}]");
            let metadata = &object["metadata"];
            let replicas = object["spec"]["replicas"].as_u64().unwrap_or(1);
            let body = Scaled { kind, replicas: u32::try_from(replicas).ok() };
            let owner = controller_of(metadata).and_then(|uid| owners.get(uid).copied());
            let name = metadata["name"].as_str().unwrap_or_default();
            let namespace = metadata["namespace"].as_str().unwrap_or("default");
            let id = cluster.create_object(namespace, name, owner, Box::new(body));
            let id = id.map_err(|error| Unusable::new(&field, error))?;
            let uid = metadata["uid"].as_str();
            owners.insert(uid.ok_or_else(|| Unusable::new(&format!("{field}.metadata.uid"), "required"))?, id);
        }
    }
    Ok(owners)
}

/// The owner of a pod. One that is not in the input has no scale.
fn owner(
    metadata: &Value,
    owners: &BTreeMap<&str, ObjectId>,
    cluster: &mut Cluster,
    field: &str,
) -> Result<Option<ObjectId>, Unusable> {
    let Some(uid) = controller_of(metadata) else { return Ok(None) };
    if let Some(id) = owners.get(uid) {
        return Ok(Some(*id));
    }
    let name = metadata["name"].as_str().unwrap_or_default();
    let unknown = Box::new(Scaled { kind: "Unknown", replicas: None });
    let id = cluster.create_object("default", &format!("owner-of-{name}"), None, unknown);
    id.map(Some).map_err(|error| Unusable::new(field, error))
}

/// The uid of the owner that controls an object.
fn controller_of(metadata: &Value) -> Option<&str> {
    items(metadata, "ownerReferences").find(|owner| owner["controller"] == true)?["uid"].as_str()
}

/// Whether the budget's status still reckons with a deletion that has not shown.
fn was_evicted(input: &Value, name: &str, now: SimTime) -> Result<bool, Unusable> {
    match &input["pdb"]["status"]["disruptedPods"][name] {
        Value::Null => Ok(false),
        at => Ok(time(at, &format!("pdb.status.disruptedPods.{name}"))? + DELETION_TIMEOUT >= now),
    }
}

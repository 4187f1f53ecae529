//! The recorded cases of `conformance/functions/pdb.json`: what a budget allows.

use super::{Scaled, Tank};
use crate::cluster::Cause;
use crate::disruption::{BudgetStatus, IntOrPercent, PodDisruptionBudget};
use crate::engine::Until;
use crate::model::ObjectId;
use crate::model::labels::LabelSelector;
use serde_json::Value;
use std::collections::BTreeMap;

#[test]
fn the_recorded_cases() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance/functions/pdb.json");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let file: Value = serde_json::from_str(&text).unwrap();
    for (number, case) in file["cases"].as_array().unwrap().iter().enumerate() {
        let expected = &case["output"];
        let count = |field: &str| expected[field].as_u64().unwrap();
        let expected = BudgetStatus {
            expected_pods: count("expectedPods"),
            current_healthy: count("currentHealthy"),
            desired_healthy: count("desiredHealthy"),
            disruptions_allowed: count("disruptionsAllowed"),
        };
        assert_eq!(status(&case["input"]), expected, "case {number}: {}", case["input"]["pdb"]["spec"]);
    }
}

/// Builds the case in a store and asks.
fn status(input: &Value) -> BudgetStatus {
    let mut tank = Tank::new();
    tank.node("n", "a");
    let mut owners: BTreeMap<String, ObjectId> = BTreeMap::new();
    for (list, kind) in [("deployments", "Deployment"), ("replicaSets", "ReplicaSet"), ("statefulSets", "StatefulSet")]
    {
        for object in input[list].as_array().into_iter().flatten() {
            let meta = &object["metadata"];
            let owner = meta["ownerReferences"][0]["uid"].as_str().and_then(|uid| owners.get(uid).copied());
            let replicas = object["spec"]["replicas"].as_u64().map(|n| n as u32);
            let id = tank.object(meta["name"].as_str().unwrap(), owner, Box::new(Scaled(kind, replicas)));
            owners.insert(meta["uid"].as_str().unwrap().to_owned(), id);
        }
    }
    let mut pods = Vec::new();
    for pod in input["pods"].as_array().into_iter().flatten() {
        let meta = &pod["metadata"];
        let owner = meta["ownerReferences"][0]["uid"].as_str().map(|uid| owners[uid]);
        pods.push((tank.pod(meta["name"].as_str().unwrap(), "n", owner, Vec::new()), pod));
    }
    tank.run(Until::Idle);
    for (id, pod) in pods {
        let cluster = tank.cluster();
        let ready = pod["status"]["conditions"][0]["status"] == "True";
        cluster.set_ready(id, ready);
        // A pod that the budget's status names as disrupted is on its way out, unless that was more than two minutes ago.
        let disrupted = &input["pdb"]["status"]["disruptedPods"][pod["metadata"]["name"].as_str().unwrap()];
        let recently = disrupted.as_str().is_some_and(|at| at >= "2025-06-15T11:58:00Z");
        if recently || !pod["metadata"]["deletionTimestamp"].is_null() {
            cluster.delete_pod(id, Cause::Deleted);
        }
    }
    let spec = &input["pdb"]["spec"];
    let number = |value: &Value| match value {
        Value::String(text) => Some(text.parse().unwrap()),
        value => value.as_u64().map(|n| IntOrPercent::Int(n as u32)),
    };
    let labels = spec["selector"]["matchLabels"].as_object().unwrap();
    let match_labels = labels.iter().map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned())).collect();
    let budget = PodDisruptionBudget {
        selector: Some(LabelSelector { match_labels, ..LabelSelector::default() }),
        min_available: number(&spec["minAvailable"]),
        max_unavailable: number(&spec["maxUnavailable"]),
        ..PodDisruptionBudget::default()
    };
    budget.status("default", tank.cluster())
}

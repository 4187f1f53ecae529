//! One loop of the Cluster Autoscaler with pending pods: which groups it would grow.

use super::{CaseResult, Kind, Options, Recording};
use crate::conform::autoscaler::{Input, Owners, World, build};
use crate::conform::{Mismatch, compare};
use crate::diagnostic::Diagnostic;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use towtank_sim::autoscaling::cluster_autoscaler::{ScaleUp, ScaleUpResult};
use towtank_sim::model::PodId;

pub(super) const KIND: Kind = Kind { name: "scaleup", recognised, run };

fn recognised(recording: &Recording) -> bool {
    let has = |field| recording.has(&[field]);
    !recording.is_folder() && recording.has(&["nodeGroups", "expect"]) && !has("loops") && !has("events")
}

fn run(recording: &Recording, options: &Options) -> Result<Vec<CaseResult>, Diagnostic> {
    let input: Input = recording.yaml()?;
    if !options.wants(&input.name, &input.covers) {
        return Ok(Vec::new());
    }
    let mut world = build(recording, &input, Owners::MadeUp)?;
    if !world.not_modelled.is_empty() {
        let not_modelled = std::mem::take(&mut world.not_modelled);
        return Ok(vec![CaseResult { not_modelled, ..CaseResult::new(input.name, Vec::new()) }]);
    }
    let found = world.autoscaler.look(&world.cluster);
    let got = told(&found, &world);
    let mismatches = mismatches(&input, &got);
    Ok(vec![CaseResult::new(input.name, mismatches)])
}

/// What differs. Where upstream's orders decide, another outcome that was seen will do, and one of the same shape.
fn mismatches(input: &Input, got: &Value) -> Vec<Mismatch> {
    let mismatches = compare(&input.expect, got);
    if mismatches.is_empty() || !input.order_sensitive {
        return mismatches;
    }
    let shape_of_got = shape(got);
    let mut outcomes = std::iter::once(&input.expect).chain(&input.alternatives);
    if outcomes.any(|outcome| compare(&shape(outcome), &shape_of_got).is_empty()) { Vec::new() } else { mismatches }
}

/// What outcomes that differ only in the order of pods have in common.
fn shape(outcome: &Value) -> Value {
    let length = |field: &str| outcome[field].as_array().map_or(0, Vec::len);
    let counts = match &outcome["nodeCounts"] {
        Value::Null => {
            let options = outcome["options"].as_array().into_iter().flatten();
            let counts = options.map(|option| (option["group"].as_str().unwrap_or_default(), &option["nodeCount"]));
            json!(counts.collect::<BTreeMap<_, _>>())
        }
        counts => counts.clone(),
    };
    json!({
        "result": outcome["result"],
        "scaleUps": outcome["scaleUps"],
        "best": outcome["best"],
        "nodeCounts": counts,
        "filteredOut": length("filteredOut"),
    })
}

/// What the autoscaler found, as recordings have it.
fn told(found: &ScaleUp, world: &World) -> Value {
    let in_order = |pods: &[PodId]| -> Vec<String> { pods.iter().map(|pod| world.pod_name(*pod)).collect() };
    let sorted = |pods: &[PodId]| {
        let mut names = in_order(pods);
        names.sort();
        names
    };
    let skipped: Map<String, Value> =
        found.skipped.iter().map(|(group, reason)| (group.to_string(), json!([reason]))).collect();
    let options = found.options.iter().map(|option| {
        json!({
            "group": &*option.group,
            "nodeCount": option.nodes,
            "pods": sorted(&option.pods),
            "similar": option.similar.iter().map(|group| &**group).collect::<Vec<&str>>(),
            "packing": option.packing.iter().map(|pods| in_order(pods)).collect::<Vec<_>>(),
        })
    });
    let mut remain: Vec<(String, Value)> = found
        .hopeless
        .iter()
        .map(|hopeless| {
            let name = world.pod_name(hopeless.pod);
            let rejected: Map<String, Value> =
                hopeless.rejected.iter().map(|(group, reasons)| (group.to_string(), json!(reasons))).collect();
            (name.clone(), json!({"pod": name, "rejected": rejected, "skipped": skipped}))
        })
        .collect();
    remain.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut increases: Vec<_> = found.increases.iter().collect();
    increases.sort_by_key(|increase| &increase.group);
    let increases = increases.into_iter().map(
        |increase| json!({"group": &*increase.group, "from": increase.from, "to": increase.to, "max": increase.max}),
    );
    json!({
        "result": found.result.name(),
        "filteredOut": sorted(&filtered_out(found, world)),
        "skippedGroups": skipped,
        "remainUnschedulable": remain.into_iter().map(|(_, row)| row).collect::<Vec<_>>(),
        "options": options.collect::<Vec<_>>(),
        "best": found.best.iter().map(|best| &*found.options[*best].group).collect::<Vec<_>>(),
        "scaleUps": increases.collect::<Vec<_>>(),
        "triggered": sorted(&found.triggered),
        "awaitEvaluation": sorted(&found.await_evaluation),
    })
}

/// The pods that wait and for which no nodes were looked for.
fn filtered_out(found: &ScaleUp, world: &World) -> Vec<PodId> {
    if found.result == ScaleUpResult::NotTried {
        return Vec::new();
    }
    let pods = world.cluster.pods();
    let waits = |id: &PodId| {
        pods.condition(*id).is_some() && world.cluster.pod(*id).is_some_and(|pod| pod.nominated_node().is_none())
    };
    pods.unbound().filter(|id| waits(id) && !found.pods.contains(id)).collect()
}

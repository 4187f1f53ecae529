//! `deployment`: the sizes of a Deployment's ReplicaSets after one look of its controller.

use super::input::{items, object, time};
use super::{Function, Unusable};
use serde_json::{Map, Value, json};
use towtank_workloads::controllers::deployment_rolling::{RolloutSet, RolloutSets, roll};
use towtank_workloads::controllers::deployment_scaling::scale;
use towtank_workloads::controllers::{Deployment, ReplicaSet};

pub(super) const FUNCTION: Function = Function { name: "deployment", play };

fn play(input: &Value) -> Result<Value, Unusable> {
    let kind = Deployment::KIND;
    let (_, deployment): (_, Deployment) = object(&input["deployment"], "apps/v1", kind, "deployment")?;
    let new = match &input["newReplicaSet"] {
        Value::Null => None,
        value => Some(set(value, "newReplicaSet")?),
    };
    let old = items(input, "oldReplicaSets").enumerate();
    let old = old.map(|(i, value)| set(value, &format!("oldReplicaSets[{i}]"))).collect::<Result<_, _>>()?;
    let mut sets = RolloutSets { new, old };
    let Deployment { strategy, replicas, .. } = deployment;
    match input["mode"].as_str() {
        Some("rolling") if sets.new.is_none() => return Err(Unusable::new("newReplicaSet", "required")),
        Some("rolling") => _ = roll(&mut sets, strategy, replicas),
        Some("scale") => {
            let present = input["deployment"]["status"]["replicas"].as_u64().unwrap_or(0);
            _ = scale(&mut sets, strategy, replicas, u32::try_from(present).unwrap_or(u32::MAX));
        }
        _ => return Err(Unusable::new("mode", "expected `rolling` or `scale`")),
    }
    let sizes: Map<String, Value> = sets.iter().map(|set| (set.name.clone(), json!(set.replicas))).collect();
    Ok(json!({ "replicas": sizes }))
}

fn set(value: &Value, field: &str) -> Result<RolloutSet, Unusable> {
    let (name, set): (_, ReplicaSet) = object(value, "apps/v1", ReplicaSet::KIND, field)?;
    let metadata = &value["metadata"];
    let annotation = |key: &str| {
        let text = metadata["annotations"][format!("deployment.kubernetes.io/{key}")].as_str()?;
        // What is no count is as good as absent (`getNonNegativeInt32FromAnnotation`).
        text.parse::<u32>().ok().filter(|count| i32::try_from(*count).is_ok())
    };
    let available = value["status"]["availableReplicas"].as_u64().unwrap_or(0);
    Ok(RolloutSet {
        name,
        created: time(&metadata["creationTimestamp"], &format!("{field}.metadata.creationTimestamp"))?,
        replicas: set.replicas,
        available: u32::try_from(available).unwrap_or(u32::MAX),
        desired_replicas: annotation("desired-replicas"),
        max_replicas: annotation("max-replicas"),
    })
}

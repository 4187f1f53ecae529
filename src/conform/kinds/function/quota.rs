//! `quota`: what ResourceQuotas say of a pod, and what they have used afterwards.

use super::input::{object, pod, resources, written};
use super::{Function, Unusable};
use serde_json::{Map, Value, json};
use towtank_sim::cluster::{Charge, ResourceQuota};
use towtank_sim::model::pod::PodClass;
use towtank_sim::model::resources::ResourceTable;

pub(super) const FUNCTION: Function = Function { name: "quota", play };

fn play(input: &Value) -> Result<Value, Unusable> {
    let class = PodClass::new(pod(&input["pod"], "pod")?, &mut ResourceTable::default());
    let list = input["quotas"].as_array().into_iter().flatten().enumerate();
    let mut quotas = list.map(|(i, value)| quota(value, &format!("quotas[{i}]"))).collect::<Result<Vec<_>, _>>()?;
    let matching: Vec<String> =
        quotas.iter().filter(|(_, quota)| quota.matches(&class)).map(|(name, _)| name.clone()).collect();
    let verdict = quotas.iter().try_for_each(|(name, quota)| quota.judge(name, &class));
    let mut output = json!({
        "usage": written(class.quota_usage()),
        "matching": matching,
        "allowed": verdict.is_ok(),
    });
    if let Err(why) = verdict {
        let name = input["pod"]["metadata"]["name"].as_str().unwrap_or_default();
        output["message"] = json!(format!("pods \"{name}\" is forbidden: {why}"));
        return Ok(output);
    }
    let mut used = Map::new();
    for (name, quota) in &mut quotas {
        quota.charge(&class, Charge::Full);
        used.insert(name.clone(), written(&quota.used));
    }
    output["used"] = used.into();
    Ok(output)
}

/// A quota with what its status says is used; the store counts that by itself, and the reader leaves it to the store.
fn quota(value: &Value, field: &str) -> Result<(String, ResourceQuota), Unusable> {
    let (name, mut quota): (_, ResourceQuota) = object(value, "v1", ResourceQuota::KIND, field)?;
    quota.used = resources(&value["status"]["used"], &format!("{field}.status.used"))?;
    Ok((name, quota))
}

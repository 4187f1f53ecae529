//! The recorded cases of `conformance/functions/quota.json`: what a pod counts for, which quotas match it, what they
//! say, and what is used afterwards.

use super::{Charge, QuotaScope, ResourceQuota, ScopeRequirement};
use crate::model::pod::{Container, InitContainer, PodClass, PodSpec};
use crate::model::resources::{ResourceList, ResourceTable};
use crate::time::Span;
use serde_json::Value;

#[test]
fn the_recorded_cases() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance/functions/quota.json");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut unsupported = 0;
    for (number, case) in file["cases"].as_array().unwrap().iter().enumerate() {
        let (pod, expected) = (&case["input"]["pod"], &case["output"]);
        if !pod["spec"]["affinity"].is_null() && !expected["matching"].is_null() {
            // A scope about pod affinity, which pods do not have here.
            unsupported += 1;
            continue;
        }
        let class = PodClass::new(spec(pod), &mut ResourceTable::default());
        assert_eq!(print(class.quota_usage()), strings(&expected["usage"]), "case {number}: usage");

        let mut quotas: Vec<(String, ResourceQuota)> =
            case["input"]["quotas"].as_array().unwrap().iter().map(quota).collect();
        let matching: Vec<&str> = quotas.iter().filter(|(_, q)| q.matches(&class)).map(|(name, _)| &**name).collect();
        let expected_matching: Vec<&str> =
            expected["matching"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(matching, expected_matching, "case {number}: matching");

        let verdict = quotas.iter().try_for_each(|(name, quota)| quota.judge(name, &class));
        let message = verdict.as_ref().err().map(|why| format!("pods \"a\" is forbidden: {why}"));
        assert_eq!(message.as_deref(), expected["message"].as_str(), "case {number}");
        assert_eq!(verdict.is_ok(), expected["allowed"].as_bool().unwrap(), "case {number}");
        if verdict.is_ok() {
            for (name, quota) in &mut quotas {
                quota.charge(&class, Charge::Full);
                assert_eq!(print(&quota.used), strings(&expected["used"][&*name]), "case {number}: {name}");
            }
        }
    }
    assert_eq!(unsupported, 1);
}

fn quota(object: &Value) -> (String, ResourceQuota) {
    let spec = &object["spec"];
    let named = spec["scopes"].as_array().into_iter().flatten();
    let selected = spec["scopeSelector"]["matchExpressions"].as_array().into_iter().flatten();
    let scopes = named
        .map(|scope| ScopeRequirement::exists(scope.as_str().unwrap().parse::<QuotaScope>().unwrap()))
        .chain(selected.map(|entry| ScopeRequirement {
            scope: entry["scopeName"].as_str().unwrap().parse().unwrap(),
            operator: entry["operator"].as_str().unwrap().parse().unwrap(),
            values: entry["values"].as_array().into_iter().flatten().map(|v| v.as_str().unwrap().to_owned()).collect(),
        }))
        .collect();
    let mut quota = ResourceQuota::new(list(&spec["hard"]), scopes);
    quota.used = list(&object["status"]["used"]);
    (object["metadata"]["name"].as_str().unwrap().to_owned(), quota)
}

/// The parts of a manifest that the recorded cases use.
fn spec(pod: &Value) -> PodSpec {
    let spec = &pod["spec"];
    let inits = spec["initContainers"].as_array().into_iter().flatten();
    PodSpec {
        priority_class: spec["priorityClassName"].as_str().map(Into::into),
        containers: spec["containers"].as_array().unwrap().iter().map(container).collect(),
        init_containers: inits
            .map(|c| InitContainer { container: container(c), sidecar: c["restartPolicy"] == "Always" })
            .collect(),
        requests: list(&spec["resources"]["requests"]),
        limits: list(&spec["resources"]["limits"]),
        overhead: list(&spec["overhead"]),
        active_deadline: spec["activeDeadlineSeconds"].as_i64().map(Span::from_secs),
        ..PodSpec::default()
    }
}

fn container(container: &Value) -> Container {
    Container {
        name: container["name"].as_str().unwrap().to_owned(),
        requests: list(&container["resources"]["requests"]),
        limits: list(&container["resources"]["limits"]),
        ..Container::default()
    }
}

fn list(amounts: &Value) -> ResourceList {
    strings(amounts).into_iter().map(|(name, amount)| (name, amount.parse().unwrap())).collect()
}

fn print(list: &ResourceList) -> Vec<(String, String)> {
    list.iter().map(|(name, quantity)| (name.clone(), quantity.to_string())).collect()
}

fn strings(object: &Value) -> Vec<(String, String)> {
    let fields = object.as_object().into_iter().flatten();
    let mut all: Vec<_> = fields.map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned())).collect();
    all.sort();
    all
}

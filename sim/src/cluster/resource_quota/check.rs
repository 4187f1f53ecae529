//! Whether a pod is within a quota, and the server's words when it is not.
//!
//! Source: `CheckRequest` in `apiserver/pkg/admission/plugin/resourcequota/controller.go`.

use super::ResourceQuota;
use super::usage::{compute_usage, is_of_pods};
use crate::model::pod::{Container, PodClass, PodSpec};
use crate::model::resources::{ResourceList, ResourceName};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The names of which every container must say how much it needs, once a quota limits them.
const MUST_SPECIFY: [&str; 6] = ["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];

/// Judges a pod that the quota matches.
pub(super) fn check(quota: &ResourceQuota, name: &str, class: &PodClass) -> Result<(), String> {
    let missing = unspecified(quota, &class.spec);
    if !missing.is_empty() {
        return Err(format!("failed quota: {name}: must specify {}", missing.join("; ")));
    }
    let unknown: Vec<&str> =
        quota.hard.keys().map(ResourceName::as_str).filter(|r| is_of_pods(r) && !quota.used.contains_key(r)).collect();
    if !unknown.is_empty() {
        return Err(format!("status unknown for quota: {name}, resources: {}", unknown.join(",")));
    }
    let usage = class.quota_usage();
    let exceeded: Vec<&ResourceName> = quota
        .hard
        .iter()
        .filter(|(resource, limit)| {
            let requested = usage.get(resource).filter(|amount| !amount.is_zero());
            requested.is_some_and(|amount| quota.used[*resource].plus(*amount) > **limit)
        })
        .map(|(resource, _)| resource)
        .collect();
    if exceeded.is_empty() {
        return Ok(());
    }
    let list = |of: &ResourceList| {
        let mut text = String::new();
        for (i, resource) in exceeded.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let _ = write!(text, "{comma}{resource}={}", of[*resource]);
        }
        text
    };
    let (requested, used, limited) = (list(usage), list(&quota.used), list(&quota.hard));
    Err(format!("exceeded quota: {name}, requested: {requested}, used: {used}, limited: {limited}"))
}

/// What containers do not specify though the quota limits it: `limits.cpu for: a,b`, by resource (`Constraints`).
fn unspecified(quota: &ResourceQuota, spec: &PodSpec) -> Vec<String> {
    let required: Vec<&str> = MUST_SPECIFY.into_iter().filter(|name| quota.hard.contains_key(name)).collect();
    if required.is_empty() {
        return Vec::new();
    }
    let of_pod = compute_usage(&spec.requests, &spec.limits);
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Container { name, requests, limits, .. } in
        spec.containers.iter().chain(spec.init_containers.iter().map(|c| &c.container))
    {
        let specified = compute_usage(requests, limits);
        for resource in &required {
            if !specified.contains_key(resource) && !of_pod.contains_key(resource) {
                missing.entry(resource).or_default().insert(name);
            }
        }
    }
    let join = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(",");
    missing.into_iter().map(|(resource, names)| format!("{resource} for: {}", join(names))).collect()
}

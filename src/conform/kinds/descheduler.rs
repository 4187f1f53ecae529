//! Cycles of the descheduler: which pods it evicts.

use super::{CaseResult, Kind, Options, Recording};
use crate::conform::{Mismatch, compare, world};
use crate::diagnostic::Diagnostic;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use towtank_policies::descheduler::ParsedPolicy;
use towtank_sim::cluster::Cluster;
use towtank_sim::descheduler::{Condition, Owner, PodView, View};
use towtank_sim::model::ClassId;
use towtank_sim::model::pod::PodPhase;
use towtank_sim::time::SimTime;
use towtank_workloads::manifest::Item;

pub(super) const KIND: Kind = Kind {
    name: "descheduler",
    recognised: |recording| !recording.is_folder() && recording.has(&["policy", "pods", "expect"]),
    run,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    #[serde(default)]
    covers: Vec<String>,
    now: String,
    #[serde(default)]
    view: Sight,
    policy: Value,
    nodes: Vec<Value>,
    pods: Vec<Value>,
    #[serde(default)]
    namespaces: Vec<Value>,
    #[serde(default)]
    persistent_volume_claims: Vec<Value>,
    #[serde(default)]
    pod_disruption_budgets: Vec<Value>,
    #[serde(default)]
    priority_classes: Vec<Value>,
    expect: Expect,
}

/// Whether the cycle sees what it has evicted itself.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Sight {
    #[default]
    Frozen,
    Live,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expect {
    #[serde(default)]
    evicted: Value,
    #[serde(default)]
    possible: Vec<Value>,
    #[serde(default)]
    ordered: bool,
    #[serde(default)]
    listing_independent: bool,
    #[serde(default)]
    total: Value,
    #[serde(default)]
    per_node: Value,
}

fn run(recording: &Recording, options: &Options) -> Result<Vec<CaseResult>, Diagnostic> {
    let case: Case = recording.json()?;
    if !options.wants(&case.name, &case.covers) {
        return Ok(Vec::new());
    }
    let parsed = ParsedPolicy::read(&case.policy.to_string(), "policy")
        .map_err(|error| recording.problem("policy", error.message))?;
    let mut cluster = world::cluster();
    let lists = [
        ("nodes", &case.nodes),
        ("namespaces", &case.namespaces),
        ("podDisruptionBudgets", &case.pod_disruption_budgets),
        ("priorityClasses", &case.priority_classes),
    ];
    for (list, objects) in lists {
        for (index, object) in objects.iter().enumerate() {
            world::create(recording, &format!("{list}[{index}]"), object, &mut cluster)?;
        }
    }
    let mut classes = Vec::new();
    for (index, pod) in case.pods.iter().enumerate() {
        classes.push(class_of(recording, &format!("pods[{index}]"), pod, &mut cluster)?);
    }
    let mut view = View::without_pods(&cluster);
    view.now =
        instant(&case.now).ok_or_else(|| recording.problem("now", "expected a time such as 2000-01-01T00:00:00Z"))?;
    view.live = case.view == Sight::Live;
    // Of claims only the class is looked at, and recordings say no more.
    view.claims.extend(case.persistent_volume_claims.iter().map(|claim| {
        let text = |field: &'_ str| claim["metadata"][field].as_str().unwrap_or_default();
        let class = claim["spec"]["storageClassName"].as_str().filter(|class| !class.is_empty());
        ((text("namespace").into(), text("name").into()), class.map(Into::into))
    }));
    for node in &case.nodes {
        let name = node["metadata"]["name"].as_str().unwrap_or_default();
        let conditions = node["status"]["conditions"].as_array().into_iter().flatten();
        let unready = |condition: &Value| condition["type"] == "Ready" && condition["status"] != "True";
        if let Some(view) = view.nodes.iter_mut().find(|node| *node.spec.name == *name) {
            view.ready = !conditions.into_iter().any(unready);
        }
    }
    for (pod, class) in case.pods.iter().zip(classes) {
        view.pods.extend(pod_view(pod, class, &view, &cluster));
    }
    view.list_pods(&cluster);
    let evictions = parsed.policy.cycle(&mut view, &mut |_| true);
    let pods: Vec<&PodView<'_>> = evictions.iter().map(|eviction| &view.pods[eviction.pod]).collect();
    let mismatches = mismatches(&case.expect, &pods, &view);
    Ok(vec![CaseResult::new(case.name, mismatches)])
}

/// The class of a pod, also of one that has ended.
fn class_of(recording: &Recording, field: &str, pod: &Value, cluster: &mut Cluster) -> Result<ClassId, Diagnostic> {
    let mut running = pod.clone();
    if let Some(status) = running.get_mut("status").and_then(Value::as_object_mut) {
        status.insert("phase".to_owned(), json!("Running"));
    }
    match world::read(recording, field, &running)?.map(|planned| planned.item) {
        Some(Item::Pod(pod)) => Ok(cluster.intern((*pod.template.spec).clone())),
        _ => Err(recording.problem(field, "expected a pod")),
    }
}

/// A pod as the descheduler sees it, if it has a node.
fn pod_view<'c>(pod: &'c Value, class: ClassId, view: &View<'c>, cluster: &'c Cluster) -> Option<PodView<'c>> {
    let (metadata, spec, status) = (&pod["metadata"], &pod["spec"], &pod["status"]);
    let node = view.nodes.iter().position(|node| spec["nodeName"] == *node.spec.name)?;
    let name = metadata["name"].as_str().unwrap_or_default();
    let mut result = PodView::new(None, name, cluster.classes.get(class), node);
    result.phase = match status["phase"].as_str() {
        Some("Running") => PodPhase::Running,
        Some("Succeeded") => PodPhase::Succeeded,
        Some("Failed") => PodPhase::Failed,
        _ => PodPhase::Pending,
    };
    result.created = time(&metadata["creationTimestamp"]).unwrap_or_default();
    result.started = time(&status["startTime"]);
    result.terminating = !metadata["deletionTimestamp"].is_null();
    let text = |value: &'c Value| value.as_str().unwrap_or_default();
    let owners = list(&metadata["ownerReferences"]);
    result.owners = owners
        .map(|owner| Owner {
            kind: text(&owner["kind"]).into(),
            name: text(&owner["name"]).into(),
            uid: text(&owner["uid"]).into(),
        })
        .collect();
    let conditions = list(&status["conditions"]).map(|condition| Condition {
        kind: text(&condition["type"]).to_owned(),
        status: text(&condition["status"]).to_owned(),
        reason: text(&condition["reason"]).to_owned(),
        since: time(&condition["lastTransitionTime"]),
    });
    result.conditions = conditions.collect();
    let reasons = |statuses: &'c Value| {
        let states = list(statuses).flat_map(|status| [&status["state"]["waiting"], &status["state"]["terminated"]]);
        states.filter_map(|state| state["reason"].as_str()).map(Into::into)
    };
    result.states = reasons(&status["containerStatuses"]).collect();
    result.states.extend(status["reason"].as_str().map(Into::into));
    result.init_states = reasons(&status["initContainerStatuses"]).collect();
    let statuses = || list(&status["containerStatuses"]);
    let codes = statuses().filter_map(|status| status["state"]["terminated"]["exitCode"].as_i64());
    result.exit_codes = codes.filter_map(|code| i32::try_from(code).ok()).collect();
    let restarts = statuses().filter_map(|status| status["restartCount"].as_u64());
    result.restarts = u32::try_from(restarts.sum::<u64>()).unwrap_or(u32::MAX);
    Some(result)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn time(value: &Value) -> Option<SimTime> {
    instant(value.as_str()?)
}

fn instant(text: &str) -> Option<SimTime> {
    let at: Timestamp = text.parse().ok()?;
    i64::try_from(at.as_nanosecond()).ok().map(SimTime)
}

/// What differs. Where the order in which upstream lists pods decides, the numbers of evictions will do.
fn mismatches(expect: &Expect, evicted: &[&PodView<'_>], view: &View<'_>) -> Vec<Mismatch> {
    let mut names: Vec<String> = evicted.iter().map(|pod| format!("{}/{}", pod.namespace(), pod.name)).collect();
    if !expect.ordered {
        names.sort();
    }
    let names = json!(names);
    let outcomes = if expect.possible.is_empty() { std::slice::from_ref(&expect.evicted) } else { &expect.possible };
    let differences: Vec<Vec<Mismatch>> = outcomes.iter().map(|outcome| compare(outcome, &names)).collect();
    if differences.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    if expect.listing_independent || expect.total.is_null() && expect.per_node.is_null() {
        return differences.into_iter().next().unwrap_or_default();
    }
    let mut per_node: BTreeMap<&str, usize> = BTreeMap::new();
    for pod in evicted {
        *per_node.entry(&view.nodes[pod.node].spec.name).or_default() += 1;
    }
    let mut counts =
        vec![("total", &expect.total, json!(evicted.len())), ("perNode", &expect.per_node, json!(per_node))];
    counts.retain(|(_, expected, _)| !expected.is_null());
    let differences = counts.iter().flat_map(|(field, expected, got)| {
        let named = move |found: Mismatch| Mismatch { what: format!("{field}: {}", found.what), ..found };
        compare(expected, got).into_iter().map(named)
    });
    differences.collect()
}

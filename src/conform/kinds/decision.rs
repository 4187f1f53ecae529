//! Decisions: one pod, one cluster, and everything that the plugins say.

use super::{CaseResult, Kind, Options, Recording};
use crate::conform::{Mismatch, compare, world};
use crate::diagnostic::Diagnostic;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use towtank_policies::kube::default_preemption::DefaultPreemption;
use towtank_sim::cluster::{Change, Cluster};
use towtank_sim::model::{ClassId, NodeId, PodId};
use towtank_sim::scheduler::{
    Cycle, Evaluation, FailureKind, FitError, Inspection, Nomination, Profile, Selection, TieBreak, Verdict,
};

pub(super) const KIND: Kind =
    Kind { name: "decision", recognised: |recording| !recording.is_folder() && recording.has(&["pod", "expect"]), run };

/// Plugins of this simulator that kube-scheduler does not have.
const OWN_PLUGINS: [&str; 1] = ["NodeGpuShare"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    #[serde(default)]
    covers: Vec<String>,
    #[serde(default)]
    feature_gates: BTreeMap<String, bool>,
    config: Option<Value>,
    #[serde(default)]
    objects: Vec<Value>,
    pod: Value,
    expect: Value,
}

fn run(recording: &Recording, options: &Options) -> Result<Vec<CaseResult>, Diagnostic> {
    let case: Case = recording.yaml()?;
    if !options.wants(&case.name, &case.covers) {
        return Ok(Vec::new());
    }
    let scheduler = world::scheduler(recording, case.config.as_ref(), &case.feature_gates)?;
    let mut cluster = world::cluster();
    world::create_all(recording, &case.objects, &mut cluster)?;
    // A pod that names its node would be bound at once. What the plugins say of it is asked all the same.
    let mut waiting = case.pod.clone();
    let node_name = waiting.get_mut("spec").and_then(|spec| spec.as_object_mut()?.remove("nodeName"));
    let world::Created::Pod(pod) = world::create(recording, "pod", &waiting, &mut cluster)? else {
        return Err(recording.problem("pod", "expected a pod that has not ended"));
    };
    let node_name = node_name.as_ref().and_then(Value::as_str);
    let mut decision = Decision::new(pod, node_name, &scheduler.profiles, cluster)
        .ok_or_else(|| recording.problem("pod.spec.schedulerName", "no profile of this name"))?;
    let got = decision.told();
    let mismatches = differences(&case.expect, &got);
    Ok(vec![CaseResult::new(case.name, mismatches)])
}

/// A pod to be decided about, under a profile.
struct Decision<'p> {
    pod: PodId,
    class: ClassId,
    number: u8,
    profile: &'p Profile,
    cluster: Cluster,
    selection: Selection,
}

impl<'p> Decision<'p> {
    fn new(pod: PodId, node_name: Option<&str>, profiles: &'p [Profile], mut cluster: Cluster) -> Option<Self> {
        let mut selection = Selection::new(Evaluation::Checked, TieBreak::First, None);
        cluster.deliver(|change, cluster| {
            selection.changed(change, cluster);
            if let Change::PodCreated(id) = change
                && let Some(waiting) = cluster.pod(id).filter(|pod| pod.node.is_none())
            {
                selection.nominator.nominate(id, waiting.nominated_node().cloned());
            }
        });
        let mut spec = cluster.class_of(cluster.pod(pod)?).spec.clone();
        let number = profiles.iter().position(|profile| profile.name == spec.scheduler_name)?;
        spec.node_name = node_name.map(Into::into);
        let class = cluster.intern(spec);
        Some(Self { pod, class, number: number as u8, profile: &profiles[number], cluster, selection })
    }

    /// Everything that the plugins say, as a recording has it.
    fn told(&mut self) -> Value {
        let nodes: Vec<NodeId> = self.selection.order(&self.cluster).to_vec();
        let cycle = Cycle::new(&self.cluster, self.class, Some(self.pod));
        let found = self.selection.inspect(self.profile, &cycle);
        let mut told = Map::new();
        if let Some((plugin, message)) = &found.gated {
            let plugin = self.name(*plugin);
            let code = "UnschedulableAndUnresolvable";
            told.insert("gated".into(), json!({"plugin": plugin, "code": code, "reasons": [message]}));
            return Value::Object(told);
        }
        if nodes.is_empty() {
            // The scheduling cycle asks no plugin where there is no node.
            let selected = self.selection.select((self.number, self.profile), &cycle);
            let message = selected.error.map(|error| error.message(&self.cluster.resources));
            return json!({"message": message});
        }
        told.insert("prefilter".into(), self.prefilter(&found));
        if found.rejection.is_none() {
            told.insert("skippedFilters".into(), self.names(&found.skipped_filters));
            told.insert("infeasible".into(), self.infeasible(&found, &nodes));
            told.insert("feasible".into(), self.feasible(&found));
            let best = (0..found.feasible.len()).map(|index| found.total(index)).max();
            let is_best = |(index, _): &(usize, &NodeId)| Some(found.total(*index)) == best;
            let mut names: Vec<&str> =
                found.feasible.iter().enumerate().filter(is_best).map(|(_, id)| self.node(*id)).collect();
            names.sort_unstable();
            told.insert("best".into(), json!(names));
            let skipped: Vec<usize> =
                found.scores.iter().filter(|by| by.scores.is_none()).map(|by| by.plugin).collect();
            told.insert("skippedScores".into(), self.names(&skipped));
        }
        if found.nominated_node_used {
            told.insert("nominatedNodeUsed".into(), json!(true));
        }
        let selected = self.selection.select((self.number, self.profile), &cycle);
        if let Some(error) = selected.error {
            if error.kind == FailureKind::Unfit {
                told.insert("message".into(), json!(error.message(&self.cluster.resources)));
                if cycle.class.spec.node_name.is_none() {
                    let preemption = preemption(&mut self.selection, self.profile, &cycle, error);
                    told.insert("preemption".into(), preemption);
                }
            } else {
                told.insert("error".into(), json!(error.message(&self.cluster.resources)));
            }
        }
        Value::Object(told)
    }

    fn prefilter(&self, found: &Inspection) -> Value {
        match (&found.rejection, &found.restricted) {
            (Some(rejection), _) => {
                let plugin = rejection.plugin.map(|plugin| self.name(plugin));
                let reasons = self.reasons(&rejection.verdict);
                json!({"code": rejection.verdict.code(), "plugin": plugin, "reasons": reasons})
            }
            (None, Some((nodes, plugins))) => {
                let names: Vec<&str> = nodes.iter().map(|name| &**name).collect();
                json!({"code": "Success", "nodes": names, "restrictedBy": self.profile.names(*plugins)})
            }
            (None, None) => json!({"code": "Success"}),
        }
    }

    fn infeasible(&self, found: &Inspection, nodes: &[NodeId]) -> Value {
        let mut told = Map::new();
        for (id, plugin, verdict) in &found.refused {
            let refusal = json!({
                "plugin": self.name(*plugin), "code": verdict.code(), "reasons": self.reasons(verdict),
            });
            told.insert(self.node(*id).to_owned(), refusal);
        }
        if let Some((left, plugins)) = &found.restricted {
            let names = self.profile.names(*plugins);
            let reason = format!("node(s) didn't satisfy plugin(s) [{}]", names.join(" "));
            for id in nodes.iter().filter(|id| !left.contains(self.node(**id))) {
                let refusal = json!({
                    "plugin": names.join(","), "code": "UnschedulableAndUnresolvable", "reasons": [reason],
                });
                told.insert(self.node(*id).to_owned(), refusal);
            }
        }
        Value::Object(told)
    }

    fn feasible(&self, found: &Inspection) -> Value {
        let mut told = Map::new();
        for (index, id) in found.feasible.iter().enumerate() {
            let score = |by: &towtank_sim::scheduler::PluginScores| {
                Some((self.name(by.plugin).to_owned(), json!(by.scores.as_ref()?[index])))
            };
            let scores: Map<String, Value> = found.scores.iter().filter_map(score).collect();
            told.insert(self.node(*id).to_owned(), json!({"total": found.total(index), "scores": scores}));
        }
        Value::Object(told)
    }

    fn reasons(&self, verdict: &Verdict) -> Vec<String> {
        match verdict {
            Verdict::Error(text) => vec![text.to_string()],
            verdict => verdict.reasons().iter().map(|r| r.text(&self.cluster.resources).to_string()).collect(),
        }
    }

    fn node(&self, id: NodeId) -> &str {
        self.cluster.node(id).name()
    }

    fn name(&self, plugin: usize) -> &'static str {
        self.profile.plugins[plugin].name()
    }

    fn names(&self, plugins: &[usize]) -> Value {
        let names: BTreeSet<&str> = plugins.iter().map(|plugin| self.name(*plugin)).collect();
        json!(names.iter().filter(|name| !OWN_PLUGINS.contains(name)).collect::<Vec<_>>())
    }
}

/// What PostFilter makes of a pod that fits nowhere.
fn preemption(selection: &mut Selection, profile: &Profile, cycle: &Cycle<'_>, error: Box<FitError>) -> Value {
    let before = error.clone();
    let name = |id: &PodId| world::pod_name(*id, cycle.cluster);
    let (error, remedy) = selection.post_filter(profile, cycle, error);
    let mut told = Map::new();
    if let Nomination::Set(node) = remedy.nomination {
        let mut victims: Vec<String> = remedy.victims.iter().map(name).collect();
        victims.sort();
        told.insert("node".into(), json!(cycle.cluster.node(node).name()));
        told.insert("victims".into(), json!(victims));
        let failure = selection.failure(profile, cycle, &before);
        let (candidates, _) = DefaultPreemption::exhaustive().candidates(cycle, &failure);
        let candidates = candidates.iter().map(|candidate| {
            let mut victims: Vec<String> = candidate.victims.iter().map(name).collect();
            victims.sort();
            let node = cycle.cluster.node(candidate.node).name().to_owned();
            (node, json!({"victims": victims, "pdbViolations": candidate.violations}))
        });
        told.insert("candidates".into(), Value::Object(candidates.collect()));
    }
    if let Some(message) = error.post_filter {
        told.insert("message".into(), json!(message));
    }
    Value::Object(told)
}

/// What is not as recorded. Where upstream may choose among several nodes, ours has to be one of them.
fn differences(expected: &Value, got: &Value) -> Vec<Mismatch> {
    let mut expected = expected.clone();
    let mut got = got.clone();
    let ties = expected.get_mut("preemption").and_then(|preemption| preemption.as_object_mut()?.remove("ties"));
    if let Some(Value::Array(ties)) = ties
        && let Some(preemption) = got.get_mut("preemption").and_then(Value::as_object_mut)
    {
        let node = preemption.remove("node").unwrap_or_default();
        preemption.remove("victims");
        if !ties.contains(&node) {
            let expected = format!("one of {}", Value::Array(ties));
            return vec![Mismatch::new("preemption.node", expected, node)];
        }
    }
    for list in ["skippedFilters", "skippedScores"] {
        sort(&mut expected, list);
    }
    compare(&expected, &got)
}

fn sort(value: &mut Value, field: &str) {
    if let Some(list) = value.get_mut(field).and_then(Value::as_array_mut) {
        list.sort_by_key(ToString::to_string);
    }
}

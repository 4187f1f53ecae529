//! The user of a script, who applies, changes and deletes objects.

use super::objects;
use super::script::{Deletion, Fail, Patch, Script, Step, time};
use super::shared::SharedRef;
use crate::conform::{Recording, world};
use crate::diagnostic::Diagnostic;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use towtank_sim::agenda::{Rank, Subject, Timer};
use towtank_sim::cluster::{AdmissionPlugin, Cause, Cluster, Interest, Refusal};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::model::pod::{NewPod, PodClass, Run};
use towtank_sim::model::{PodId, labels::Labels};
use towtank_sim::source::Work;
use towtank_sim::time::Span;
use towtank_workloads::manifest::{self, Item, replacement};

/// Kinds that the user of a script may create although nothing is told of them.
const PLAIN: [&str; 2] = ["Pod", "Node"];
/// The nodes of a script that lists none.
const DEFAULT_NODES: [&str; 3] = ["n1", "n2", "n3"];

/// What the steps of a script ask for and is not modelled.
pub(super) fn not_modelled(recording: &Recording, script: &Script) -> Result<Vec<String>, Diagnostic> {
    let mut missing = Vec::new();
    for step in &script.steps {
        let others = [("node", step.node.is_some()), ("load", step.load.is_some())];
        missing.extend(others.into_iter().filter(|(_, there)| *there).map(|(what, _)| format!("steps with `{what}`")));
        if step.fail.as_ref().is_some_and(|fail| fail.verb != "create" || fail.kind != "Pod") {
            missing.push("refusals of anything but the creation of pods".into());
        }
        for object in step.apply.iter().flatten() {
            let kind = object["kind"].as_str().unwrap_or_default();
            if !objects::is_known(kind) && !PLAIN.contains(&kind) {
                missing.push(format!("objects of kind {kind}"));
                continue;
            }
            let read = manifest::parse("object.json", object.to_string());
            let read = read.map_err(|error| recording.problem("steps", error))?;
            let unknown = read.warnings.into_iter().filter(|warning| warning.message.contains("not modelled"));
            missing.extend(unknown.map(|warning| warning.message));
        }
    }
    Ok(missing)
}

/// Creates the nodes of a script.
///
/// # Errors
/// One of them cannot be read or created.
pub(super) fn create_nodes(recording: &Recording, script: &Script, cluster: &mut Cluster) -> Result<(), Diagnostic> {
    let default = || DEFAULT_NODES.map(|name| json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}));
    let nodes = script.nodes.clone().unwrap_or_else(|| default().into());
    for (index, node) in nodes.iter().enumerate() {
        world::create(recording, &format!("nodes[{index}]"), &with_room(node), cluster)?;
    }
    Ok(())
}

/// A node without resources has room for everything.
fn with_room(node: &Value) -> Value {
    let mut node = node.clone();
    if node["status"]["allocatable"].is_null() {
        let resources = json!({"cpu": "1000", "memory": "1000Gi", "pods": "1000"});
        node["status"] = json!({"allocatable": resources, "capacity": resources});
    }
    node
}

pub(super) struct User {
    recording: Recording,
    steps: Vec<Step>,
    /// The objects as manifests, by kind and name.
    objects: BTreeMap<(String, String), Value>,
    shared: SharedRef,
}

impl User {
    pub(super) fn new(recording: &Recording, script: &Script, shared: &SharedRef) -> Result<Self, Diagnostic> {
        for (index, step) in script.steps.iter().enumerate() {
            let at = time(step.at);
            let at = at.ok_or_else(|| recording.problem(&format!("steps[{index}].at"), "expected seconds"))?;
            if let Some(pods) = &step.pods {
                shared.borrow_mut().pod_steps.push((at, pods.clone()));
            }
        }
        let default =
            || DEFAULT_NODES.map(|name| json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}));
        let nodes = script.nodes.clone().unwrap_or_else(|| default().into());
        let nodes = nodes.into_iter().map(|node| (key(&node), with_room(&node))).collect();
        Ok(Self {
            recording: recording.clone(),
            steps: script.steps.clone(),
            objects: nodes,
            shared: Rc::clone(shared),
        })
    }

    fn step(&mut self, index: usize, cx: &mut Context<'_>) -> Result<(), Diagnostic> {
        let step = self.steps[index].clone();
        let field = format!("steps[{index}]");
        for (number, object) in step.apply.iter().flatten().enumerate() {
            self.apply(&format!("{field}.apply[{number}]"), object, cx)?;
        }
        if let Some(patch) = step.patch {
            self.patch(&format!("{field}.patch"), &patch, cx)?;
        }
        if let Some(deletion) = step.delete {
            self.delete(&deletion, cx);
        }
        if let Some(fail) = step.fail {
            self.shared.borrow_mut().fails.push(fail);
        }
        Ok(())
    }

    fn apply(&mut self, field: &str, object: &Value, cx: &mut Context<'_>) -> Result<(), Diagnostic> {
        let object = if object["kind"] == "Node" { with_room(object) } else { object.clone() };
        let Some(planned) = world::read(&self.recording, field, &object)? else { return Ok(()) };
        let refused = |error: &dyn fmt::Display| self.recording.problem(field, error);
        match planned.item {
            Item::Node(spec) => {
                cx.cluster.add_node(*spec).map_err(|error| refused(&error))?;
            }
            Item::Object { namespace, name, body } => {
                cx.cluster.create_object(&namespace, &name, None, body).map_err(|error| refused(&error))?;
            }
            Item::Pod(pod) => {
                let class = cx.cluster.intern((*pod.template.spec).clone());
                let new = NewPod { run: Run::Forever, ..NewPod::new(pod.name, class) };
                cx.cluster.create_pod(new).map_err(|refusal| refused(&refusal.message))?;
            }
        }
        self.objects.insert(key(&object), object);
        Ok(())
    }

    fn patch(&mut self, field: &str, patch: &Patch, cx: &mut Context<'_>) -> Result<(), Diagnostic> {
        if patch.kind == "Pod" {
            let pod = self.shared.borrow().names.find_pod(&patch.name);
            if let Some(pod) = pod {
                self.patch_pod(field, pod, &patch.merge, cx)?;
            }
            return Ok(());
        }
        let key = (patch.kind.clone(), patch.name.clone());
        let Some(old) = self.objects.get(&key) else {
            return Err(self.recording.problem(field, format!("there is no {} {}", patch.kind, patch.name)));
        };
        let mut old = old.clone();
        let there = cx.cluster.objects().by_name(&patch.kind, "default", &patch.name);
        if let Some(replicas) = there.and_then(|id| cx.cluster.objects().entry(id)?.body.replicas()) {
            old["spec"]["replicas"] = replicas.into();
        }
        let mut new = old.clone();
        merge(&mut new, &patch.merge);
        let Some(planned) = world::read(&self.recording, field, &new)? else { return Ok(()) };
        if let Some(id) = there {
            let mut set = Map::new();
            differences("", &old, &new, &mut set);
            self.shared.borrow_mut().given.insert(id, set);
        }
        self.objects.insert(key, new);
        match replacement(planned.item, cx.cluster) {
            Work::UpdateObject { body, .. } => {
                if let Some(id) = there {
                    cx.cluster.replace_object(id, body);
                }
            }
            Work::UpdateNode(spec) => {
                if let Some(id) = cx.cluster.nodes().by_name(&spec.name) {
                    cx.cluster.update_node(id, |old| *old = *spec);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn patch_pod(&mut self, field: &str, id: PodId, merge: &Value, cx: &mut Context<'_>) -> Result<(), Diagnostic> {
        let Some(pod) = cx.cluster.pod(id) else { return Ok(()) };
        let metadata = &merge["metadata"];
        if let Some(labels) = metadata["labels"].as_object() {
            let mut spec = cx.cluster.class_of(pod).spec.clone();
            let mut map: BTreeMap<String, String> =
                spec.labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            for (key, value) in labels {
                match value.as_str() {
                    Some(value) => _ = map.insert(key.clone(), value.to_owned()),
                    None => _ = map.remove(key),
                }
            }
            spec.labels = Labels::from(map);
            let class = cx.cluster.intern(spec);
            cx.cluster.update_pod(id, class);
        }
        if let Some(cost) = metadata["annotations"].get("controller.kubernetes.io/pod-deletion-cost") {
            let cost = cost.as_str().map_or(Ok(0), str::parse);
            let cost = cost.map_err(|_| self.recording.problem(field, "a deletion cost is a whole number"))?;
            cx.cluster.set_deletion_cost(id, cost);
        }
        Ok(())
    }

    fn delete(&mut self, deletion: &Deletion, cx: &mut Context<'_>) {
        let Deletion { kind, name, grace } = deletion;
        match kind.as_str() {
            "Pod" => {
                let found = self.shared.borrow().names.find_pod(name);
                let Some(id) = found else { return };
                let grace = grace.and_then(Span::try_from_secs_f64);
                cx.cluster.delete_pod_within(id, Cause::Deleted, grace);
                if grace == Some(Span::ZERO) {
                    cx.cluster.remove_pod(id);
                }
            }
            "Node" => {
                if let Some(id) = cx.cluster.nodes().by_name(name) {
                    cx.cluster.remove_node_alone(id);
                }
            }
            _ => {
                if let Some(id) = cx.cluster.objects().by_name(kind, "default", name) {
                    cx.cluster.remove_object(id);
                }
            }
        }
        self.objects.remove(&(kind.clone(), name.clone()));
    }
}

fn key(object: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// Merges a patch into a document.
///
/// Source: RFC 7386.
fn merge(document: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *document = patch.clone();
        return;
    };
    if !document.is_object() {
        *document = Value::Object(Map::new());
    }
    let Some(fields) = document.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            fields.remove(key);
        } else {
            merge(fields.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// What differs between two documents, as recordings tell it: lists and maps that are new as `changed`, what is gone as `null`.
fn differences(path: &str, old: &Value, new: &Value, set: &mut Map<String, Value>) {
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let of = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                differences(&join(key), &of(old), &of(new), set);
            }
        }
        (old, new) if old == new => {}
        (_, Value::Array(_)) => _ = set.insert(told(path), "changed".into()),
        // `omitempty`: false is not written.
        (_, Value::Bool(false)) if path == "spec.paused" => _ = set.insert(told(path), Value::Null),
        (_, new) => _ = set.insert(told(path), new.clone()),
    }
}

fn told(path: &str) -> String {
    path.strip_prefix("metadata.").unwrap_or(path).to_owned()
}

impl Controller for User {
    fn name(&self) -> &'static str {
        "user"
    }

    fn interest(&self) -> Interest {
        Interest::NONE
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        for (index, step) in self.steps.iter().enumerate() {
            if let Some(at) = time(step.at) {
                cx.remind(at, Rank::Arrival, Timer { kind: 0, tag: index as u32, about: Subject::Itself });
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        if let Err(problem) = self.step(timer.tag as usize, cx) {
            self.shared.borrow_mut().problem.get_or_insert(problem);
        }
    }
}

/// The API server refuses what the script says that it does.
pub(super) struct Refusing(pub(super) SharedRef);

impl fmt::Debug for Refusing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refusing")
    }
}

impl AdmissionPlugin for Refusing {
    fn name(&self) -> &'static str {
        "Script"
    }

    fn judge(&self, _class: &PodClass, _cluster: &Cluster) -> Result<(), Refusal> {
        let mut shared = self.0.borrow_mut();
        if shared.actor == "user" {
            return Ok(());
        }
        let Some(fail) = shared.fails.iter_mut().find(|fail| fail.count > 0) else { return Ok(()) };
        fail.count -= 1;
        let Fail { code, reason, message, .. } = &*fail;
        let reason = if reason == "Forbidden" { "Forbidden" } else { "InternalError" };
        Err(Refusal { code: *code, reason, by: "Script", object: String::new(), message: message.clone() })
    }
}

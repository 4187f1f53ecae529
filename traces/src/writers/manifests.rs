//! Kubernetes manifests as YAML: a Node, Pod or Job for each record, with our annotations for what Kubernetes has no field for.
//!
//! A job of several pods becomes a Job that runs them all at once. Names are made DNS names: other characters become `-`. Traces of objects
//! are written as they are; manifests know no changes and no deletions, so those are left out.

use super::losses::Losses;
use super::rows::run_of;
use super::survey::Survey;
use super::{PodWriter, Target, WriteError};
use crate::record::{Event, Record, Submitted};
use crate::stream::Stream;
use crate::yaml;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Write;
use towtank_sim::model::affinity::{NodeSelector, NodeSelectorTerm};
use towtank_sim::model::gpu::GPU_MILLI;
use towtank_sim::model::labels::Labels;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{Container, PodSpec, RestartPolicy, Run};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::time::Span;

pub(super) const TARGET: Target = Target {
    name: "manifests",
    about: "Kubernetes manifests with towtank's annotations, as YAML",
    extension: "yaml",
    pods: Some(open),
    nodes: Some(nodes),
};

struct Manifests<'o> {
    out: &'o mut (dyn Write + Send),
    killed: BTreeMap<(String, String), VecDeque<i64>>,
    objects: Objects,
}

#[allow(clippy::unnecessary_wraps, reason = "other targets refuse some traces")]
fn open<'o>(survey: &'o Survey, out: &'o mut (dyn Write + Send)) -> Result<Box<dyn PodWriter + 'o>, WriteError> {
    Ok(Box::new(Manifests { out, killed: survey.killed.clone(), objects: Objects::default() }))
}

impl PodWriter for Manifests<'_> {
    fn write(&mut self, record: &Record, stream: &mut Stream, losses: &mut Losses) -> Result<(), WriteError> {
        let Event::Submitted(job) = &record.event else {
            return self.objects.write(record, false, losses, self.out);
        };
        let spec = stream.shape(job.shape).spec.clone();
        if job.gang {
            losses.count("gangs, whose pods may start one by one now");
        }
        let lost =
            !spec.pod_affinity.is_empty() || !spec.pod_anti_affinity.is_empty() || !spec.topology_spread.is_empty();
        if lost || !spec.volumes.is_empty() || !spec.resource_claims.is_empty() {
            losses.count("pods with wishes about other pods, volumes or claims, which are left out of them");
        }
        let run = run_of(&mut self.killed, record.at, &spec.namespace, job);
        Ok(document(&manifest(record.at, job, run, &spec, losses), self.out)?)
    }

    fn finish(&mut self) -> Result<(), WriteError> {
        Ok(())
    }
}

fn nodes(records: &[Record], losses: &mut Losses, out: &mut (dyn Write + Send)) -> Result<(), WriteError> {
    let mut objects = Objects::default();
    for record in records {
        match &record.event {
            Event::NodeAdded(spec) => document(&node(record.at, spec), out)?,
            Event::NodeChanged(_) => losses.count("changes of nodes, which are left out"),
            Event::NodeRemoved(_) => losses.count("nodes that go, which stay"),
            _ => objects.write(record, true, losses, out)?,
        }
    }
    Ok(())
}

/// The objects that were written.
#[derive(Default)]
struct Objects(BTreeSet<[String; 3]>);

impl Objects {
    /// Writes an object when it is applied for the first time; nodes, or all others.
    fn write(
        &mut self,
        record: &Record,
        nodes: bool,
        losses: &mut Losses,
        out: &mut (dyn Write + Send),
    ) -> Result<(), WriteError> {
        match &record.event {
            Event::Applied(object) => {
                let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
                let identity = [text("/kind"), text("/metadata/namespace"), text("/metadata/name")];
                if (identity[0] == "Node") != nodes {
                    return Ok(());
                }
                if !self.0.insert(identity) {
                    losses.count("changes of objects, which are left out");
                    return Ok(());
                }
                let mut object = (**object).clone();
                if record.at > 0
                    && let Some(Value::Object(metadata)) = object.get_mut("metadata")
                {
                    let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
                    annotations["towtank.dev/arrival"] = seconds(record.at).into();
                }
                document(&object, out)?;
            }
            Event::Deleted { .. } => losses.count("deletions of objects, which stay"),
            _ => {}
        }
        Ok(())
    }
}

/// A pod, or a Job of several.
fn manifest(at: i64, job: &Submitted, run: Run, spec: &PodSpec, losses: &mut Losses) -> Value {
    let name = dns_name(&job.name, losses);
    let mut annotations = Map::new();
    match run {
        Run::Forever => {}
        Run::Succeeds(span) => drop(annotations.insert("towtank.dev/run-time".to_owned(), seconds(span.0).into())),
        Run::Fails(span) => {
            annotations.insert("towtank.dev/run-time".to_owned(), seconds(span.0).into());
            annotations.insert("towtank.dev/exit-code".to_owned(), "1".into());
        }
    }
    if let Some(gpu) = spec.gpu {
        annotations.insert("towtank.dev/gpu-milli".to_owned(), gpu.milli.to_string().into());
        annotations.insert("towtank.dev/gpu-count".to_owned(), gpu.count.to_string().into());
    }
    let arrival = (at > 0).then(|| ("towtank.dev/arrival".to_owned(), seconds(at).into()));
    let mut body = pod_spec(spec);
    if job.pods == 1 {
        annotations.extend(arrival);
        let metadata = metadata(&name, &spec.namespace, &spec.labels, annotations);
        return json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": body});
    }
    // A Job wants to know what comes of its pods.
    if spec.restart_policy == RestartPolicy::Always {
        body["restartPolicy"] = "Never".into();
    }
    let template = json!({"metadata": {"labels": texts(&spec.labels), "annotations": annotations}, "spec": body});
    let metadata = metadata(&name, &spec.namespace, &Labels::new(), arrival.into_iter().collect());
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata,
        "spec": {"parallelism": job.pods, "completions": job.pods, "backoffLimit": 0, "template": template},
    })
}

fn pod_spec(spec: &PodSpec) -> Value {
    let containers: Vec<Value> = spec.containers.iter().map(container).collect();
    let mut body = json!({
        "restartPolicy": format!("{:?}", spec.restart_policy), "schedulerName": &*spec.scheduler_name, "containers": containers,
    });
    if let Some(priority) = spec.priority {
        body["priority"] = priority.into();
    }
    if let Some(class) = &spec.priority_class {
        body["priorityClassName"] = (**class).into();
    }
    if let Some(node) = &spec.node_name {
        body["nodeName"] = (**node).into();
    }
    if !spec.node_selector.is_empty() {
        body["nodeSelector"] = texts(&spec.node_selector).into();
    }
    let affinity = &spec.node_affinity;
    if let Some(required) = &affinity.required {
        body["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = selector(required);
    }
    if !affinity.preferred.is_empty() {
        let preferred =
            affinity.preferred.iter().map(|one| json!({"weight": one.weight, "preference": term(&one.term)}));
        body["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] = preferred.collect();
    }
    let tolerations = spec.tolerations.iter().map(|toleration| {
        let mut one = json!({"key": toleration.key, "operator": format!("{:?}", toleration.operator)});
        if !toleration.value.is_empty() {
            one["value"] = toleration.value.as_str().into();
        }
        if let Some(effect) = toleration.effect {
            one["effect"] = format!("{effect:?}").into();
        }
        if let Some(seconds) = toleration.seconds {
            one["tolerationSeconds"] = (seconds.0 / 1_000_000_000).into();
        }
        one
    });
    let tolerations: Vec<Value> = tolerations.collect();
    if !tolerations.is_empty() {
        body["tolerations"] = tolerations.into();
    }
    body
}

fn container(container: &Container) -> Value {
    let image = if container.image.is_empty() { "none" } else { &container.image };
    let resources = json!({"requests": list(&container.requests), "limits": list(&container.limits)});
    json!({"name": container.name, "image": image, "resources": resources})
}

fn selector(selector: &NodeSelector) -> Value {
    json!({"nodeSelectorTerms": selector.terms.iter().map(term).collect::<Vec<_>>()})
}

fn term(term: &NodeSelectorTerm) -> Value {
    let conditions = |list: &[towtank_sim::model::labels::Requirement]| -> Vec<Value> {
        let one = |condition: &towtank_sim::model::labels::Requirement| json!({"key": condition.key, "operator": format!("{:?}", condition.operator), "values": condition.values});
        list.iter().map(one).collect()
    };
    json!({"matchExpressions": conditions(&term.expressions), "matchFields": conditions(&term.fields)})
}

fn node(at: i64, spec: &NodeSpec) -> Value {
    let mut annotations = Map::new();
    if at > 0 {
        annotations.insert("towtank.dev/arrival".to_owned(), seconds(at).into());
    }
    if spec.devices > 0 {
        annotations.insert("towtank.dev/gpu-devices".to_owned(), spec.devices.to_string().into());
    }
    let taints = spec.taints.iter();
    let taints =
        taints.map(|taint| json!({"key": taint.key, "value": taint.value, "effect": format!("{:?}", taint.effect)}));
    let mut allocatable = spec.allocatable.clone();
    allocatable.remove(GPU_MILLI);
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": metadata(&spec.name, "", &spec.labels, annotations),
        "spec": {"taints": taints.collect::<Vec<_>>(), "unschedulable": spec.unschedulable},
        "status": {"allocatable": list(&allocatable)},
    })
}

fn metadata(name: &str, namespace: &str, labels: &Labels, annotations: Map<String, Value>) -> Value {
    let mut metadata = json!({"name": name});
    if !namespace.is_empty() {
        metadata["namespace"] = namespace.into();
    }
    if !labels.is_empty() {
        metadata["labels"] = texts(labels).into();
    }
    if !annotations.is_empty() {
        metadata["annotations"] = annotations.into();
    }
    metadata
}

fn texts(labels: &Labels) -> Map<String, Value> {
    labels.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect()
}

fn list(resources: &ResourceList) -> Map<String, Value> {
    resources.iter().map(|(name, amount)| (name.to_string(), amount.to_string().into())).collect()
}

fn seconds(nanos: i64) -> String {
    format!("{}s", Span(nanos))
}

/// The nearest name that Kubernetes takes.
fn dns_name(name: &str, losses: &mut Losses) -> String {
    let lower = name.to_ascii_lowercase();
    let dns: String =
        lower.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).take(253).collect();
    let dns = dns.trim_matches(['-', '.']).to_owned();
    let dns = if dns.is_empty() { "unnamed".to_owned() } else { dns };
    if dns != name {
        losses.count("names that are no DNS names, written with `-` for other characters");
    }
    dns
}

fn document(object: &Value, out: &mut (dyn Write + Send)) -> std::io::Result<()> {
    let text = yaml::text(object).map_err(std::io::Error::other)?;
    write!(out, "---\n{text}")
}

//! The cluster and the scheduler of a recording.

use super::Recording;
use crate::diagnostic::Diagnostic;
use serde_json::Value;
use std::collections::BTreeMap;
use towtank_policies::{BuildContext, ParsedConfig};
use towtank_sim::admission;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::pod::{NewPod, Run};
use towtank_sim::model::{NodeId, ObjectId, PodId};
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{FeatureGates, Profile};
use towtank_sim::time::Span;
use towtank_workloads::manifest::{self, Item, ManifestError, Planned};

/// The scheduler that a recording configures.
pub(super) struct Scheduler {
    pub(super) profiles: Vec<Profile>,
    pub(super) gates: FeatureGates,
    pub(super) initial_backoff: Span,
    pub(super) max_backoff: Span,
}

/// Builds the scheduler of a recording: its configuration, in which whatever it leaves out is the default, and its gates.
///
/// # Errors
/// The configuration or a gate cannot be used.
pub(super) fn scheduler(
    recording: &Recording,
    config: Option<&Value>,
    gates: &BTreeMap<String, bool>,
) -> Result<Scheduler, Diagnostic> {
    let parsed = match config {
        None => ParsedConfig::default(),
        Some(config) => {
            ParsedConfig::read(&config.to_string(), "config").map_err(|error| recording.problem("config", error))?
        }
    };
    let gates = feature_gates(recording, gates)?;
    let built = towtank_policies::build(&parsed, &BuildContext::new(Streams::new(0), gates));
    let towtank_policies::SchedulerConfig { profiles, initial_backoff, max_backoff, .. } = built;
    Ok(Scheduler { profiles, gates, initial_backoff, max_backoff })
}

fn feature_gates(recording: &Recording, gates: &BTreeMap<String, bool>) -> Result<FeatureGates, Diagnostic> {
    let mut result = FeatureGates::default();
    for (name, on) in gates {
        let gate = FeatureGates::find(name).ok_or_else(|| {
            recording.problem(&format!("featureGates.{name}"), "is not a feature gate that has an effect here")
        })?;
        result.set(gate, *on);
    }
    Ok(result)
}

/// An empty cluster whose API server does what recordings expect: it resolves priorities, and the status of objects is what
/// their manifests say.
pub(super) fn cluster() -> Cluster {
    let mut cluster = Cluster::default();
    cluster.admission = admission::priority();
    cluster.statuses_as_given = true;
    cluster
}

/// Reads an object of a recording through the reader of manifests; `None` for a pod that has ended.
///
/// # Errors
/// What the API server would refuse, at the object's place.
pub(super) fn read(recording: &Recording, field: &str, object: &Value) -> Result<Option<Planned>, Diagnostic> {
    let read = manifest::parse("object.json", object.to_string());
    let mut manifests = read.map_err(|error| match error {
        ManifestError::Field { path, message, .. } => recording.problem(&format!("{field}.{path}"), message),
        other => recording.problem(field, other),
    })?;
    Ok(manifests.submissions.pop())
}

/// What came of creating an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Created {
    Node(NodeId),
    Pod(PodId),
    Object(ObjectId),
    /// A pod that has ended.
    Nothing,
}

/// Creates the objects of a recording: everything else before the pods, each in the order in which they are listed.
///
/// # Errors
/// One of them cannot be read or created.
pub(super) fn create_all(recording: &Recording, objects: &[Value], cluster: &mut Cluster) -> Result<(), Diagnostic> {
    let mut pods = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        let field = format!("objects[{index}]");
        if object["kind"] == "Pod" {
            pods.push((field, object));
        } else {
            create(recording, &field, object, cluster)?;
        }
    }
    for (field, object) in pods {
        create(recording, &field, object, cluster)?;
    }
    Ok(())
}

/// Creates one object.
///
/// # Errors
/// It cannot be read or created.
pub(super) fn create(
    recording: &Recording,
    field: &str,
    object: &Value,
    cluster: &mut Cluster,
) -> Result<Created, Diagnostic> {
    let Some(planned) = read(recording, field, object)? else { return Ok(Created::Nothing) };
    let refused = |error: &dyn std::fmt::Display| recording.problem(field, error);
    match planned.item {
        Item::Node(spec) => cluster.add_node(*spec).map(Created::Node).map_err(|error| refused(&error)),
        Item::Object { ref namespace, ref name, .. } => {
            let owner = owner(planned.owner.as_ref(), namespace, cluster);
            let (namespace, name) = (namespace.clone(), name.clone());
            let Item::Object { body, .. } = planned.item else { return Ok(Created::Nothing) };
            let id = cluster.create_object(&namespace, &name, owner, body);
            id.map(Created::Object).map_err(|error| refused(&error))
        }
        Item::Pod(pod) => {
            let class = cluster.intern((*pod.template.spec).clone());
            let owner = owner(planned.owner.as_ref(), &pod.template.spec.namespace, cluster);
            let status = pod.status.map(Box::new);
            let new = NewPod { owner, status, run: Run::Forever, ..NewPod::new(pod.name, class) };
            cluster.create_pod(new).map(Created::Pod).map_err(|refusal| refused(&refusal.message))
        }
    }
}

/// The controller that an object names, if it is there.
pub(super) fn owner(named: Option<&(String, String)>, namespace: &str, cluster: &Cluster) -> Option<ObjectId> {
    let (kind, name) = named?;
    cluster.objects().by_name(kind, namespace, name)
}

/// `namespace/name` of a pod.
pub(super) fn pod_name(id: PodId, cluster: &Cluster) -> String {
    let Some(pod) = cluster.pod(id) else { return "a pod that is gone".to_owned() };
    format!("{}/{}", cluster.class_of(pod).spec.namespace, pod.name)
}

//! The cluster and the autoscaler of a recording.

use super::{Input, NodeGroupInput, options};
use crate::conform::{Recording, world};
use crate::diagnostic::Diagnostic;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::autoscaling::cluster_autoscaler::{DaemonSetPods, PriorityTier};
use towtank_sim::autoscaling::{ClusterAutoscaler, NodeGroup, NodeGroupOptions};
use towtank_sim::cluster::{Cluster, Fingerprint, Object};
use towtank_sim::model::PodId;
use towtank_sim::model::node::{HOSTNAME_LABEL, NodeSpec};
use towtank_sim::random::Distribution;
use towtank_sim::scheduler::FitError;
use towtank_sim::time::SimTime;
use towtank_workloads::controllers::with_tolerations;
use towtank_workloads::manifest::Item;

/// The first instant of a recording's clock, in seconds: late enough for what is older.
pub(in crate::conform) const T0: i64 = 10 * 86_400;
/// The same in seconds since 1970: it is 2000-01-01T00:00:00Z.
const EPOCH: i64 = 946_684_800;

/// What a recording is played in.
pub(in crate::conform) struct World {
    pub(in crate::conform) cluster: Cluster,
    pub(in crate::conform) autoscaler: ClusterAutoscaler,
    /// What the recording asks for and the simulator does not have.
    pub(in crate::conform) not_modelled: Vec<String>,
}

/// A controller of pods that is there for nothing but its kind and name.
#[derive(Debug)]
struct Controller(&'static str);

impl Object for Controller {
    fn kind(&self) -> &'static str {
        self.0
    }
    fn fold(&self, _into: &mut Fingerprint) {}
}

/// Kinds of controllers. Any other is a custom one.
const CONTROLLERS: [&str; 6] = ["DaemonSet", "Job", "Node", "ReplicaSet", "ReplicationController", "StatefulSet"];

/// What becomes of owners that are named and not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::conform) enum Owners {
    /// They are made up, so that pods of one owner are known to belong together.
    MadeUp,
    /// They are not there.
    AsListed,
}

/// Builds the cluster as it is at the first instant, and an autoscaler that has not looked yet.
///
/// # Errors
/// Something of the recording cannot be used.
pub(in crate::conform) fn build(recording: &Recording, input: &Input, owners: Owners) -> Result<World, Diagnostic> {
    let mut not_modelled = Vec::new();
    let tiers = priorities(input, &mut not_modelled);
    let (settings, unknown) = options::settings(&input.options, &tiers)
        .map_err(|(name, message)| recording.problem(&format!("options.{name}"), message))?;
    not_modelled.extend(unknown);

    let mut cluster = world::cluster();
    cluster.evictions_at_once = true;
    let mut daemon_sets = Vec::new();
    let mut sorted: Vec<(usize, &Value)> = input.objects.iter().enumerate().collect();
    // The order in which upstream's lists are canonical.
    sorted.sort_by_key(|(_, object)| (object["kind"] == "Pod", namespace(object), name(object)));
    let groups: BTreeMap<&str, &str> = input
        .node_groups
        .iter()
        .flat_map(|group| group.nodes.iter().map(|node| (node.as_str(), group.name.as_str())))
        .collect();
    for (index, object) in sorted {
        let field = format!("objects[{index}]");
        cluster.now = created(object).ok_or_else(|| recording.problem(&field, "creationTimestamp: expected a time"))?;
        match object["kind"].as_str() {
            Some("Node") => node(recording, &field, object, &groups, &mut cluster)?,
            Some("DaemonSet") => daemon_sets.push(daemon_set(recording, &field, object, &mut cluster)?),
            Some("Pod") => {
                if owners == Owners::MadeUp {
                    own(recording, &field, object, &mut cluster)?;
                }
                pod(recording, &field, object, &mut cluster)?;
            }
            Some("ConfigMap") => {}
            _ => drop(world::create(recording, &field, object, &mut cluster)?),
        }
    }
    cluster.now = SimTime::from_secs(T0);
    cluster.deliver(|_, _| {});

    let mut specs = Vec::new();
    let mut unregistered = Vec::new();
    for (index, group) in input.node_groups.iter().enumerate() {
        let field = format!("nodeGroups[{index}]");
        specs.push(node_group(recording, &field, group, &mut not_modelled)?);
        let target = group.target_size.unwrap_or(0) as usize;
        unregistered.push(u32::try_from(target.saturating_sub(group.nodes.len())).unwrap_or(0));
    }
    let scheduler = world::scheduler(recording, None, &BTreeMap::new())?;
    let mut autoscaler = ClusterAutoscaler::new(specs, scheduler.profiles, settings);
    autoscaler.attach(&mut cluster, daemon_sets, &unregistered);
    Ok(World { cluster, autoscaler, not_modelled })
}

impl World {
    /// A pod's name, with its namespace if that is not the default one.
    pub(in crate::conform) fn pod_name(&self, id: PodId) -> String {
        let name = world::pod_name(id, &self.cluster);
        name.strip_prefix("default/").map(str::to_owned).unwrap_or(name)
    }
}

fn priorities(input: &Input, not_modelled: &mut Vec<String>) -> Vec<PriorityTier> {
    let groups: Vec<Arc<str>> = input.node_groups.iter().map(|group| group.name.as_str().into()).collect();
    let named =
        |object: &&Value| object["kind"] == "ConfigMap" && name(object) == "cluster-autoscaler-priority-expander";
    let Some(map) = input.objects.iter().find(named) else { return Vec::new() };
    let config = map["data"]["priorities"].as_str().unwrap_or_default();
    options::tiers(config, &groups).unwrap_or_else(|| {
        not_modelled.push("regular expressions of the priority expander".to_owned());
        Vec::new()
    })
}

fn node(
    recording: &Recording,
    field: &str,
    object: &Value,
    groups: &BTreeMap<&str, &str>,
    cluster: &mut Cluster,
) -> Result<(), Diagnostic> {
    let Some(mut spec) = node_spec(recording, field, object)? else { return Ok(()) };
    spec.group = groups.get(&*spec.name).map(|group| (*group).into());
    let id = cluster.add_node(spec).map_err(|error| recording.problem(field, error))?;
    let conditions = object["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    if conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] != "True") {
        cluster.set_node_ready(id, false);
    }
    Ok(())
}

fn node_spec(recording: &Recording, field: &str, object: &Value) -> Result<Option<NodeSpec>, Diagnostic> {
    let planned = world::read(recording, field, object)?;
    let Some(Item::Node(mut spec)) = planned.map(|planned| planned.item) else { return Ok(None) };
    let name = spec.name.to_string();
    if spec.labels.get(HOSTNAME_LABEL).is_none() {
        spec.labels.insert(HOSTNAME_LABEL.to_owned(), name);
    }
    Ok(Some(*spec))
}

fn pod(recording: &Recording, field: &str, object: &Value, cluster: &mut Cluster) -> Result<(), Diagnostic> {
    let world::Created::Pod(id) = world::create(recording, field, object, cluster)? else { return Ok(()) };
    let conditions = object["status"]["conditions"].as_array();
    let unschedulable = |condition: &Value| {
        condition["type"] == "PodScheduled" && condition["status"] == "False" && condition["reason"] == "Unschedulable"
    };
    let waits = object["spec"]["nodeName"].as_str().is_none_or(str::is_empty);
    if waits && conditions.is_none_or(|conditions| conditions.iter().any(unschedulable)) {
        cluster.mark_unschedulable(id, &Arc::new(FitError::default()));
    }
    Ok(())
}

/// Creates the controller of a pod if it is not there.
fn own(recording: &Recording, field: &str, object: &Value, cluster: &mut Cluster) -> Result<(), Diagnostic> {
    let owners = object["metadata"]["ownerReferences"].as_array();
    let Some(owner) = owners.into_iter().flatten().find(|owner| owner["controller"] == true) else { return Ok(()) };
    let (kind, name) = (owner["kind"].as_str().unwrap_or_default(), owner["name"].as_str().unwrap_or_default());
    let namespace = namespace(object);
    if cluster.objects().by_name(kind, namespace, name).is_some() {
        return Ok(());
    }
    let known = CONTROLLERS.iter().find(|known| **known == kind).copied();
    let body = Box::new(Controller(known.unwrap_or("CustomController")));
    let created = cluster.create_object(namespace, name, None, body);
    created.map(drop).map_err(|error| recording.problem(field, error))
}

/// A DaemonSet; its pods tolerate what pods of DaemonSets do.
fn daemon_set(
    recording: &Recording,
    field: &str,
    object: &Value,
    cluster: &mut Cluster,
) -> Result<DaemonSetPods, Diagnostic> {
    let template = &object["spec"]["template"];
    let mut metadata = template["metadata"].clone();
    if !metadata.is_object() {
        metadata = json!({});
    }
    metadata["name"] = json!(name(object));
    metadata["namespace"] = json!(namespace(object));
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]});
    let planned = world::read(recording, field, &pod)?.map(|planned| planned.item);
    let Some(Item::Pod(pod)) = planned else { return Err(recording.problem(field, "expected a pod template")) };
    let spec = with_tolerations((*pod.template.spec).clone());
    let body = Box::new(Controller("DaemonSet"));
    let object = cluster.create_object(namespace(object), name(object), None, body);
    let object = object.map_err(|error| recording.problem(field, error))?;
    Ok(DaemonSetPods { object, spec })
}

fn node_group(
    recording: &Recording,
    field: &str,
    group: &NodeGroupInput,
    not_modelled: &mut Vec<String>,
) -> Result<NodeGroup, Diagnostic> {
    let template = match &group.template {
        Some(template) => node_spec(recording, &format!("{field}.template"), template)?,
        None => None,
    };
    if template.is_none() {
        not_modelled.push("a node group without a template".to_owned());
    }
    let mut result = NodeGroup {
        name: group.name.as_str().into(),
        min: group.min_size,
        max: group.max_size,
        initial: 0,
        template: template.unwrap_or_default(),
        // Nothing comes by itself.
        provisioning: Distribution::Constant { value: 1e9 },
        price: group.price,
        zones: Vec::new(),
        zero_or_max: false,
        options: NodeGroupOptions::default(),
    };
    for (name, value) in &group.options {
        let problem = |message: String| recording.problem(&format!("{field}.options.{name}"), message);
        if !options::of_group(&mut result, name, value).map_err(problem)? {
            not_modelled.push(format!("{name} of a node group"));
        }
    }
    Ok(result)
}

/// When an object was created: an hour ago if it does not say.
fn created(object: &Value) -> Option<SimTime> {
    let since = match object["metadata"]["creationTimestamp"].as_str() {
        None => -3600,
        Some(text) => text.parse::<Timestamp>().ok()?.as_second() - EPOCH,
    };
    Some(SimTime::from_secs(T0 + since))
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

fn namespace(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().filter(|name| !name.is_empty()).unwrap_or("default")
}

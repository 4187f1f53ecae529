//! What a new node of a group would be.
//!
//! Source: `cluster-autoscaler/processors/nodeinfosprovider/mixed_nodeinfos_processor.go`, `cluster-autoscaler/simulator/node_info_utils.go`.

use super::drainability::is_of_daemon_set;
use super::group::Group;
use super::settings::ClusterAutoscalerSettings;
use super::snapshot::Filters;
use crate::cluster::Cluster;
use crate::model::node::{HOSTNAME_LABEL, Node, NodeSpec};
use crate::model::pod::PodSpec;
use crate::model::{ClassId, ObjectId};
use crate::time::Span;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A node is an example for others once it has been ready for so long.
const STABLE: Span = Span::from_secs(60);

/// Keys of taints that come from a node's condition, or from the autoscaler.
const PASSING: [&str; 12] = [
    "ToBeDeletedByClusterAutoscaler",
    "DeletionCandidateOfClusterAutoscaler",
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/unschedulable",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/network-unavailable",
    "node.kubernetes.io/pid-pressure",
    "node.cloudprovider.kubernetes.io/uninitialized",
    "node.cloudprovider.kubernetes.io/shutdown",
    "cloud.google.com/impending-node-termination",
];

/// Beginnings of keys of taints that a node has only while it starts, or that only tell of its state.
const PASSING_PREFIXES: [&str; 3] = [
    "ignore-taint.cluster-autoscaler.kubernetes.io/",
    "startup-taint.cluster-autoscaler.kubernetes.io/",
    "status-taint.cluster-autoscaler.kubernetes.io/",
];

/// Plugins that say whether a DaemonSet has a pod on a node at all.
const PLACING: [&str; 4] = ["NodeUnschedulable", "NodeName", "TaintToleration", "NodeAffinity"];

/// A DaemonSet, as far as new nodes are concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct DaemonSet {
    /// The object that owns its pods.
    pub(super) object: ObjectId,
    /// The class of its pods.
    pub(super) class: ClassId,
}

/// The DaemonSets of a cluster, in order of namespace and name.
pub(super) fn daemon_sets(cluster: &mut Cluster) -> Vec<DaemonSet> {
    let entries = cluster.objects().all_of("DaemonSet");
    let sets: Vec<_> = entries.filter_map(|entry| Some((entry.meta.id, entry.body.daemon_pod()?.clone()))).collect();
    let set = |(object, spec): (ObjectId, Arc<PodSpec>)| DaemonSet { object, class: cluster.intern((*spec).clone()) };
    sets.into_iter().map(set).collect()
}

/// Looks up what new nodes of the groups would be: like the first node that has been ready for a while, or like the last such node, or as
/// the group says; with the pods of DaemonSets.
pub(super) fn refresh(
    groups: &mut [Group],
    daemon_sets: &[DaemonSet],
    filters: Filters<'_>,
    settings: &ClusterAutoscalerSettings,
) {
    let cluster = filters.cluster;
    for group in groups {
        let example = group.nodes.iter().map(|id| cluster.node(*id)).find(|node| is_example(node, cluster));
        if let Some(example) = example {
            let mut template = example.without_pods(fresh(&example.spec, &group.spec.name, settings));
            let running = put_daemon_pods(&mut template, example, cluster);
            if settings.force_daemon_sets {
                let missing = daemon_sets.iter().filter(|set| !running.contains(&set.object));
                add_daemon_pods(&mut template, missing, filters);
            }
            group.template = template;
            group.has_example = true;
        } else if !group.has_example {
            let mut template = group.bare.clone();
            template.spec = Arc::new(fresh(&template.spec, &group.spec.name, settings));
            add_daemon_pods(&mut template, daemon_sets.iter(), filters);
            group.template = template;
        }
    }
}

fn is_example(node: &Node, cluster: &Cluster) -> bool {
    let leaves = node.spec.taints.iter().any(|taint| taint.key == PASSING[0]);
    node.ready && node.created + STABLE < cluster.now && !node.spec.unschedulable && !leaves
}

/// The specification of a new node like one that is there, by a name that no node has: whoever keeps to one host, or away from somebody's
/// host, finds nobody on a node that is still to come.
fn fresh(spec: &NodeSpec, group: &str, settings: &ClusterAutoscalerSettings) -> NodeSpec {
    let mut spec = renamed(spec, format!("template-node-for-{group}"));
    if spec.taints.iter().any(|taint| passes(&taint.key, settings)) {
        spec.taints.retain(|taint| !passes(&taint.key, settings));
    }
    spec
}

/// Whether a taint goes by itself.
fn passes(key: &str, settings: &ClusterAutoscalerSettings) -> bool {
    PASSING.contains(&key)
        || PASSING_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
        || settings.startup_taints.iter().any(|startup| startup == key)
}

/// A specification under another name.
pub(super) fn renamed(spec: &NodeSpec, name: String) -> NodeSpec {
    let mut spec = spec.clone();
    spec.labels.insert(HOSTNAME_LABEL.to_owned(), name.clone());
    NodeSpec { name: name.into(), ..spec }
}

/// Puts the DaemonSet pods of a node onto a new one; the DaemonSets.
fn put_daemon_pods(template: &mut Node, example: &Node, cluster: &Cluster) -> BTreeSet<ObjectId> {
    let mut pods: Vec<_> = example.pods.iter().filter_map(|id| cluster.pod(*id)).collect();
    pods.retain(|pod| pod.deleting.is_none() && is_of_daemon_set(pod, cluster));
    for pod in &pods {
        template.add_hypothetical(cluster.class_of(pod));
    }
    pods.iter().filter_map(|pod| pod.owner).collect()
}

/// Puts a pod of each DaemonSet that belongs there onto a new node, whether there is room for it or not.
fn add_daemon_pods<'a>(template: &mut Node, sets: impl Iterator<Item = &'a DaemonSet>, filters: Filters<'_>) {
    for set in sets {
        if filters.refuses(set.class, template).is_none_or(|plugin| !PLACING.contains(&plugin)) {
            template.add_hypothetical(filters.class(set.class));
        }
    }
}

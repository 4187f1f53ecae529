//! How much of a node is used.
//!
//! Source: `cluster-autoscaler/simulator/utilization/info.go`.

use super::drainability::{is_long_terminating, is_of_daemon_set};
use super::group::{Group, gpu_resource};
use super::settings::ClusterAutoscalerSettings;
use super::snapshot::Snapshot;
use crate::cluster::Cluster;
use crate::model::ClassId;
use crate::model::node::Node;
use crate::model::resources::ResourceId;

/// The requested fractions of what a node has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Utilization {
    /// Of its CPUs; 0 for a node with GPUs.
    pub cpu: f64,
    /// Of its memory; 0 for a node with GPUs.
    pub memory: f64,
    /// Of its GPUs; 0 for a node without.
    pub gpu: f64,
    /// The resource that counts.
    pub resource: ResourceId,
    /// The fraction that counts.
    pub fraction: f64,
}

impl Utilization {
    /// The utilization of a place, and the threshold up to which the node may be unneeded. `None` if it has no CPU or no memory.
    pub(super) fn of(
        place: usize,
        group: &Group,
        snapshot: &Snapshot<'_>,
        cluster: &Cluster,
        settings: &ClusterAutoscalerSettings,
    ) -> Option<(Self, f64)> {
        let node = &*snapshot.places[place].node;
        let options = &group.spec.options;
        let used = Used::new(place, group, snapshot, cluster, settings);
        if let Some(gpu) = gpu_resource(node, cluster) {
            let threshold = options.scale_down_gpu_utilization_threshold;
            let fraction = used.fraction(gpu).unwrap_or(0.0);
            let utilization = Self { cpu: 0.0, memory: 0.0, gpu: fraction, resource: gpu, fraction };
            return Some((utilization, threshold.unwrap_or(settings.scale_down_gpu_utilization_threshold)));
        }
        let threshold = options.scale_down_utilization_threshold.unwrap_or(settings.scale_down_utilization_threshold);
        let (cpu, memory) = (used.fraction(ResourceId::CPU)?, used.fraction(ResourceId::MEMORY)?);
        let (resource, fraction) = if cpu > memory { (ResourceId::CPU, cpu) } else { (ResourceId::MEMORY, memory) };
        Some((Self { cpu, memory, gpu: 0.0, resource, fraction }, threshold))
    }
}

/// What is taken off the requests of a node's pods, pod by pod.
struct Used<'a> {
    node: &'a Node,
    cluster: &'a Cluster,
    /// The classes of pods that do not count, with whether their requests are taken off what is allocatable.
    ignored: Vec<(ClassId, bool)>,
}

impl<'a> Used<'a> {
    fn new(
        place: usize,
        group: &Group,
        snapshot: &'a Snapshot<'_>,
        cluster: &'a Cluster,
        settings: &ClusterAutoscalerSettings,
    ) -> Self {
        let node = &*snapshot.places[place].node;
        let daemons = group.spec.options.ignore_daemon_sets_utilization;
        let daemons = daemons.unwrap_or(settings.ignore_daemon_sets_utilization);
        let mirrors = settings.ignore_mirror_pods_utilization;
        // A kubelet that works ends its pods in time.
        let late = !node.ready || !node.machine_up;
        let mut ignored = Vec::new();
        if daemons || mirrors || late {
            for pod in snapshot.pods_of(place).filter_map(|id| cluster.pod(id)) {
                let class = cluster.class_of(pod);
                let is_mirror = || class.spec.eviction_terms.get().is_some_and(|terms| terms.mirror);
                if (daemons && is_of_daemon_set(pod, cluster)) || (mirrors && is_mirror()) {
                    ignored.push((pod.class, true));
                } else if late && is_long_terminating(pod, class, cluster.now) {
                    ignored.push((pod.class, false));
                }
            }
        }
        Self { node, cluster, ignored }
    }

    /// The requested fraction of a resource; `None` if the node has nothing of it.
    fn fraction(&self, resource: ResourceId) -> Option<f64> {
        let (mut requested, mut allocatable) = (self.node.requested.get(resource), self.node.allocatable.get(resource));
        if allocatable == 0 {
            return None;
        }
        for (class, off_allocatable) in &self.ignored {
            let amount = self.cluster.classes.get(*class).requests.get(resource);
            requested -= amount;
            allocatable -= if *off_allocatable { amount } else { 0 };
        }
        Some(requested as f64 / allocatable as f64)
    }
}

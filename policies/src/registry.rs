//! Every plugin by name: one line each.

use crate::by_node::{ByNode, ScoreByNode};
use crate::config::{ArgsSource, ConfigError};
use crate::factory::{Factory, PluginContext, Prepare};
use crate::suggest::did_you_mean;
use crate::{kube, legacy, research};
use std::sync::Arc;
use thiserror::Error;
use towtank_sim::scheduler::Plugin;

/// A plugin that configurations can name.
#[derive(Clone, Copy, Debug)]
pub struct PluginEntry {
    /// The name.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Reads its arguments.
    pub prepare: Prepare,
}

/// The plugins that a configuration can name: the [`PLUGINS`], and those that a program brings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registry<'a> {
    brought: &'a [PluginEntry],
}

/// No plugin has this name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown plugin `{name}`{hint}")]
pub struct UnknownPlugin {
    name: String,
    hint: String,
}

/// The plugins.
#[rustfmt::skip]
pub const PLUGINS: &[PluginEntry] = &[
    entry("NodeName", "pods that name their node go only there", |args| plain(args, |_| Box::new(kube::node_name::NodeName))),
    entry("NodeUnschedulable", "cordoned nodes take no pods", |args| plain(args, |_| Box::new(kube::node_unschedulable::NodeUnschedulable))),
    entry("TaintToleration", "taints repel pods; fewer soft taints score higher", |args| plain(args, |context| Box::new(kube::taint_toleration::TaintToleration::new(context.gates)))),
    entry("NodeAffinity", "node selectors and node affinity, required and preferred", kube::node_affinity::prepare),
    entry("NodePorts", "no host port twice on a node", |args| plain(args, |_| Box::new(kube::node_ports::NodePorts))),
    entry("NodeResourcesFit", "requests fit; scored by LeastAllocated, MostAllocated or RequestedToCapacityRatio", kube::node_resources_fit::prepare),
    entry("NodeGpuShare", "shares of GPU devices fit device by device (towtank's own)", kube::node_gpu_share::prepare),
    entry("NodeResourcesBalancedAllocation", "prefers nodes that the pod brings into balance", kube::node_resources_balanced_allocation::prepare),
    entry("ImageLocality", "prefers nodes that have the pod's images", |args| plain(args, |_| Box::<kube::image_locality::ImageLocality>::default())),
    entry("VolumeRestrictions", "no disk twice on a node, and no claim twice that is for one pod", |args| plain(args, |_| Box::new(kube::volume_restrictions::VolumeRestrictions))),
    entry("NodeVolumeLimits", "a node takes no more volumes than its CSI drivers allow", |args| plain(args, |context| Box::new(kube::node_volume_limits::NodeVolumeLimits::new(context.gates)))),
    entry("VolumeBinding", "pods go where their volumes are or can be made, and have them before they are bound", kube::volume_binding::prepare),
    entry("VolumeZone", "pods go to the zone of their volumes", |args| plain(args, |_| Box::new(kube::volume_zone::VolumeZone))),
    entry("PodTopologySpread", "spreads pods over zones, hosts and other domains", kube::pod_topology_spread::prepare),
    entry("InterPodAffinity", "pods want to be near other pods, or away from them", kube::inter_pod_affinity::prepare),
    entry("NodeDeclaredFeatures", "a node declares the features that the pod needs", kube::node_declared_features::prepare),
    entry("PrioritySort", "orders the queue by priority, then by waiting time", |args| plain(args, |_| Box::new(kube::priority_sort::PrioritySort))),
    entry("SchedulingGates", "pods with gates wait outside the queue", |args| plain(args, |_| Box::new(kube::scheduling_gates::SchedulingGates))),
    entry("DynamicResources", "finds devices for the claims of pods", kube::dynamic_resources::prepare),
    entry("DefaultPreemption", "makes pods of lower priority go where no node is feasible", kube::default_preemption::prepare),
    entry("DefaultBinder", "binds pods to nodes", |args| plain(args, |_| Box::new(kube::default_binder::DefaultBinder))),
    entry("NodeLabel", "asks for labels on nodes, or prefers them (up to Kubernetes 1.22)", legacy::node_label::prepare),
    entry("NodeResourcesLeastAllocated", "prefers nodes with more left free (up to Kubernetes 1.22)", legacy::node_resources_least_allocated::prepare),
    entry("NodeResourcesMostAllocated", "prefers nodes with more taken (up to Kubernetes 1.22)", legacy::node_resources_most_allocated::prepare),
    entry("RequestedToCapacityRatio", "scores nodes by a line over their utilization (up to Kubernetes 1.22)", legacy::requested_to_capacity_ratio::prepare),
    entry("Random", "scores nodes at random", |args| plain(args, |context| Box::new(research::random::Random::new(context)))),
    entry("BestFit", "prefers the node that the pod leaves with the least free", by_node::<research::best_fit::BestFit>),
    entry("WorstFit", "prefers the node that the pod leaves with the most free", by_node::<research::worst_fit::WorstFit>),
    entry("FirstFit", "takes the oldest feasible node", by_node::<research::first_fit::FirstFit>),
    entry("AnyNode", "leaves the choice among feasible nodes to the tie-break", by_node::<research::any_node::AnyNode>),
    entry("DotProd", "prefers nodes whose free CPU and GPUs are least aligned with the pod's demand", by_node::<research::dot_prod::DotProd>),
    entry("FGD", "takes the node, and the GPU device, on which fragmentation grows the least", |args| plain(args, |context| Box::new(research::fgd::Fgd::new(context)))),
    entry("GpuBestFit", "prefers the node that the pod leaves with the least CPU and GPU", by_node::<research::gpu_best_fit::GpuBestFit>),
    entry("GpuClustering", "keeps pods together that ask for GPUs in the same way", by_node::<research::gpu_clustering::GpuClustering>),
    entry("GpuPacking", "prefers GPUs in use to free ones, and nodes in use to free ones", by_node::<research::gpu_packing::GpuPacking>),
    entry("RoundRobin", "takes the next feasible node after the last one taken", |args| plain(args, |_| Box::<research::round_robin::RoundRobin>::default())),
    entry("PowerOfKChoices", "draws k feasible nodes and takes the least loaded of them", research::power_of_k_choices::prepare),
    entry("Fifo", "orders the queue by creation, whatever the priorities", |args| plain(args, |_| Box::new(research::fifo::Fifo))),
    entry("ShortestJobFirst", "orders the queue by announced run time, the shortest first", |args| plain(args, |_| Box::new(research::shortest_job_first::ShortestJobFirst))),
    entry("LargestFirst", "orders the queue by size, the largest first", research::largest_first::prepare),
    entry("DominantResourceFairness", "takes the next pod of the tenant with the smallest dominant share", research::dominant_resource_fairness::prepare),
];

/// In-tree plugins of kube-scheduler that configurations may name and that have no effect here yet.
pub const UNMODELLED: &[&str] = &["GangScheduling", "PodGroupPodsCount", "TopologyPlacementGenerator"];

/// The plugins of the default profile, with their weights (0: none given), in order. NodeGpuShare is an addition: it has no
/// say about pods without GPU shares.
///
/// Source: `pkg/scheduler/apis/config/v1/default_plugins.go`, with the default feature gates of 1.36.
pub(crate) const DEFAULT_MULTI_POINT: &[(&str, i64)] = &[
    ("SchedulingGates", 0),
    ("PrioritySort", 0),
    ("NodeUnschedulable", 0),
    ("NodeName", 0),
    ("TaintToleration", 3),
    ("NodeAffinity", 2),
    ("NodePorts", 0),
    ("NodeResourcesFit", 1),
    ("NodeGpuShare", 0),
    ("VolumeRestrictions", 0),
    ("NodeVolumeLimits", 0),
    ("VolumeBinding", 0),
    ("VolumeZone", 0),
    ("PodTopologySpread", 2),
    ("InterPodAffinity", 2),
    ("DynamicResources", 2),
    ("NodeDeclaredFeatures", 0),
    ("DefaultPreemption", 0),
    ("NodeResourcesBalancedAllocation", 1),
    ("ImageLocality", 1),
    ("DefaultBinder", 0),
];

impl<'a> Registry<'a> {
    /// With these plugins of a program's own.
    pub const fn with(brought: &'a [PluginEntry]) -> Self {
        Self { brought }
    }

    /// A name that two plugins have.
    ///
    /// Source: `pkg/scheduler/framework/runtime/registry.go`, `Merge`, which refuses it.
    pub(crate) fn duplicate(self) -> Option<&'static str> {
        let taken = |(index, entry): (usize, &PluginEntry)| {
            let before = self.brought[..index].iter().map(|entry| entry.name);
            before.chain(Registry::default().known()).any(|name| name == entry.name).then_some(entry.name)
        };
        self.brought.iter().enumerate().find_map(taken)
    }

    /// The names that a configuration may use: of plugins that are modelled, and of those that are not yet.
    pub(crate) fn known(self) -> impl Iterator<Item = &'static str> + 'a {
        let modelled = PLUGINS.iter().chain(self.brought).map(|entry| entry.name);
        modelled.chain(UNMODELLED.iter().copied())
    }

    /// Whether a configuration may use the name.
    pub(crate) fn is_known(self, name: &str) -> bool {
        self.known().any(|known| known == name)
    }

    /// The plugin of this name.
    pub(crate) fn find(self, name: &str) -> Option<&'a PluginEntry> {
        PLUGINS.iter().chain(self.brought).find(|entry| entry.name == name)
    }
}

/// The plugin of this name.
pub fn find(name: &str) -> Option<&'static PluginEntry> {
    PLUGINS.iter().find(|entry| entry.name == name)
}

/// The plugin of this name, or what may have been meant.
///
/// # Errors
/// No plugin has this name.
pub fn find_or_suggest(name: &str) -> Result<&'static PluginEntry, UnknownPlugin> {
    find(name).ok_or_else(|| UnknownPlugin {
        name: name.to_owned(),
        hint: did_you_mean(name, PLUGINS.iter().map(|entry| entry.name)),
    })
}

const fn entry(name: &'static str, about: &'static str, prepare: Prepare) -> PluginEntry {
    PluginEntry { name, about, prepare }
}

/// A plugin without arguments. What a configuration gives it is passed over, as upstream does, with a warning.
///
/// # Errors
/// None: the plugins with arguments have some.
pub fn plain(_args: &ArgsSource<'_>, make: fn(&PluginContext<'_>) -> Box<dyn Plugin>) -> Result<Factory, ConfigError> {
    Ok(Arc::new(make))
}

/// Prepares the plugin of a score by node, which has no arguments.
///
/// # Errors
/// None.
pub fn by_node<S: ScoreByNode>(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    plain(args, |_| Box::new(ByNode::<S>::default()))
}

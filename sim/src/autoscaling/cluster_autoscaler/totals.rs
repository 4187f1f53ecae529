//! What all nodes of the cluster may have in sum, and what is left of it.
//!
//! Source: `cluster-autoscaler/resourcequotas`, with the limits of `--cores-total`, `--memory-total` and `--gpu-total`.

use super::group::{Group, gpu_resource};
use crate::cluster::Cluster;
use crate::model::node::Node;
use crate::model::resources::ResourceId;
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// One gibibyte.
const GIB: i64 = 1 << 30;

/// The least and the most that the nodes may have in sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Cores.
    pub cores: (i64, i64),
    /// Memory in GiB.
    pub memory_gib: (i64, i64),
    /// GPUs of types that are named by the value of the label [`Totals::gpu_label`].
    pub gpus: BTreeMap<String, (i64, i64)>,
    /// The label of nodes that names the type of their GPUs. Each cloud has its own.
    pub gpu_label: String,
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            cores: (0, 5000 * 64),
            memory_gib: (0, 5000 * 64 * 20),
            gpus: BTreeMap::new(),
            gpu_label: "cloud.google.com/gke-accelerator".to_owned(),
        }
    }
}

impl Totals {
    /// Whether any of the lower limits keeps a node.
    pub(super) fn must_leave_something(&self) -> bool {
        let Self { cores, memory_gib, gpus, .. } = self;
        [cores, memory_gib].into_iter().chain(gpus.values()).any(|(least, _)| *least > 0)
    }
}

/// What is left of each limit, by upstream's names of the resources.
#[derive(Clone, Debug)]
pub(super) struct Left {
    left: BTreeMap<String, i64>,
    gpu_label: String,
}

impl Left {
    /// What the nodes may still grow by.
    pub(super) fn until_most<'n>(totals: &Totals, nodes: impl Iterator<Item = &'n Node>, cluster: &Cluster) -> Self {
        Self::of(totals, nodes, cluster, |(_, most), used| most.saturating_sub(used))
    }

    /// What the nodes may still shrink by.
    pub(super) fn until_least<'n>(totals: &Totals, nodes: impl Iterator<Item = &'n Node>, cluster: &Cluster) -> Self {
        Self::of(totals, nodes, cluster, |(least, _), used| used.saturating_sub(least))
    }

    fn of<'n>(
        totals: &Totals,
        nodes: impl Iterator<Item = &'n Node>,
        cluster: &Cluster,
        left: impl Fn((i64, i64), i64) -> i64,
    ) -> Self {
        let mut used: BTreeMap<&str, i64> = BTreeMap::new();
        for node in nodes {
            for (resource, amount) in amounts(node, &totals.gpu_label, cluster) {
                *used.entry(resource).or_default() += amount;
            }
        }
        let of = |resource: &str| used.get(resource).copied().unwrap_or(0);
        let bytes = (totals.memory_gib.0.saturating_mul(GIB), totals.memory_gib.1.saturating_mul(GIB));
        let limits = [("cpu", totals.cores), ("memory", bytes)];
        let gpus = totals.gpus.iter().map(|(kind, limits)| (kind.as_str(), *limits));
        let all = limits.into_iter().chain(gpus);
        let left = all.map(|(name, limits)| (name.to_owned(), left(limits, of(name)).max(0))).collect();
        Self { left, gpu_label: totals.gpu_label.clone() }
    }

    /// How many of `count` nodes like this one do not exceed what is left, and the resources of which there is too little for all.
    pub(super) fn check(&self, node: &Node, count: u32, cluster: &Cluster) -> (u32, Vec<String>) {
        let mut allowed = i64::from(count);
        let mut exceeded = Vec::new();
        for (resource, amount) in amounts(node, &self.gpu_label, cluster) {
            let Some(left) = self.left.get(resource).copied().filter(|_| amount > 0) else { continue };
            if left < amount.saturating_mul(i64::from(count)) {
                allowed = allowed.min(left / amount);
                exceeded.push(resource.to_owned());
            }
        }
        (u32::try_from(allowed).unwrap_or(0), exceeded)
    }

    /// Takes off what so many nodes have.
    pub(super) fn take(&mut self, node: &Node, count: u32, cluster: &Cluster) {
        for (resource, amount) in amounts(node, &self.gpu_label, cluster) {
            if let Some(left) = self.left.get_mut(resource) {
                *left = (*left - amount.saturating_mul(i64::from(count))).max(0);
            }
        }
    }

    /// Why a group cannot grow by so many nodes.
    pub(super) fn exceeded(&self, group: &Group, count: u32, cluster: &Cluster) -> Option<String> {
        let (_, resources) = self.check(&group.template, count, cluster);
        (!resources.is_empty())
            .then(|| format!("exceeded quota: \"cluster-wide\", resources: {}", resources.join(", ")))
    }
}

/// What a node counts for: whole cores, bytes, and GPUs of its type.
fn amounts<'n>(node: &'n Node, gpu_label: &str, cluster: &Cluster) -> SmallVec<[(&'n str, i64); 3]> {
    let capacity = |name: &str, id| match node.spec.capacity.get(name) {
        Some(quantity) if name == "cpu" => quantity.milli_value(),
        Some(quantity) => quantity.value(),
        None => node.allocatable.get(id),
    };
    let mut amounts: SmallVec<[(&str, i64); 3]> = SmallVec::new();
    amounts.push(("cpu", (capacity("cpu", ResourceId::CPU) + 999) / 1000));
    amounts.push(("memory", capacity("memory", ResourceId::MEMORY)));
    if let (Some(kind), Some(gpu)) = (node.spec.labels.get(gpu_label), gpu_resource(node, cluster)) {
        amounts.push((kind, node.allocatable.get(gpu)));
    }
    amounts
}

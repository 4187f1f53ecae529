//! Resources as configurations name them, resolved in the cluster at hand.

use crate::config::WeightedResource;
use smallvec::SmallVec;
use towtank_sim::cluster::{Cluster, NodeLoad};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::model::resources::ResourceId;

/// A resource that a scorer looks at.
#[derive(Clone, Debug)]
pub(crate) struct ResourceRef {
    name: String,
    fixed: Option<ResourceId>,
    weight: i64,
}

/// One resource of a scorer in one cycle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CycleResource {
    id: ResourceId,
    /// The resource's weight.
    pub(crate) weight: i64,
    /// What the pod asks for.
    pub(crate) pod: i64,
    nonzero: bool,
}

/// The resources of a scorer in one cycle: nearly always CPU and memory.
pub(crate) type CycleResources = SmallVec<[CycleResource; 2]>;

/// A resource's amounts on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amounts {
    /// Without the pod.
    pub(crate) before: i64,
    /// With the pod.
    pub(crate) after: i64,
    /// What the node has.
    pub(crate) allocatable: i64,
}

impl ResourceRef {
    /// The resources of a configuration, in its order.
    pub(crate) fn list(resources: &[WeightedResource]) -> Vec<Self> {
        let fixed = |name: &str| match name {
            "cpu" => Some(ResourceId::CPU),
            "memory" => Some(ResourceId::MEMORY),
            "ephemeral-storage" => Some(ResourceId::EPHEMERAL_STORAGE),
            "pods" => Some(ResourceId::PODS),
            _ => None,
        };
        resources.iter().map(|r| Self { name: r.name.clone(), fixed: fixed(&r.name), weight: r.weight() }).collect()
    }

    /// The resources that are scored for this class. Upstream leaves out scalar resources that the pod does not ask for,
    /// and `pods`. With `nonzero`, CPU and memory count with the defaults for containers without a request.
    ///
    /// Source: `pkg/scheduler/framework/plugins/noderesources/resource_allocation.go`.
    pub(crate) fn resolve(list: &[Self], class: &PodClass, cluster: &Cluster, nonzero: bool) -> CycleResources {
        let resolve = |resource: &Self| {
            let id = resource.fixed.or_else(|| cluster.resources.get(&resource.name))?;
            let pod = if nonzero { class.scored.get(id) } else { class.requests.get(id) };
            let counted = match id {
                ResourceId::CPU | ResourceId::MEMORY | ResourceId::EPHEMERAL_STORAGE => true,
                ResourceId::PODS => false,
                _ => pod != 0,
            };
            counted.then_some(CycleResource { id, weight: resource.weight, pod, nonzero })
        };
        list.iter().filter_map(resolve).collect()
    }
}

impl CycleResource {
    /// What the pod asks for of CPU and of memory, and the weights of both; `None` where something else is scored, or where that is
    /// too much for [`NodeLoad`].
    pub(crate) fn cpu_and_memory(resources: &[Self]) -> Option<([i64; 2], [i64; 2])> {
        let (mut pod, mut weights) = ([0; 2], [0; 2]);
        for resource in resources {
            let place = match resource.id {
                ResourceId::CPU => 0,
                ResourceId::MEMORY => 1,
                _ => return None,
            };
            pod[place] = resource.pod;
            weights[place] += resource.weight;
        }
        pod.iter().chain(&weights).all(|amount| NodeLoad::is_exact(*amount)).then_some((pod, weights))
    }

    /// The amounts on a node; `None` where the node has none of the resource, which is then not scored.
    #[inline]
    pub(crate) fn on(&self, node: &Node) -> Option<Amounts> {
        let allocatable = node.allocatable.get(self.id);
        if allocatable == 0 {
            return None;
        }
        let before = match self.id {
            ResourceId::CPU if self.nonzero => node.nonzero_cpu,
            ResourceId::MEMORY if self.nonzero => node.nonzero_memory,
            id => node.requested.get(id),
        };
        Some(Amounts { before, after: before.saturating_add(self.pod), allocatable })
    }
}

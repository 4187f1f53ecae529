//! Nodes: what their specification says and what the store keeps beside it.

use super::gpu::Devices;
use super::id::{NodeId, PodId};
use super::labels::Labels;
use super::pod::{HostPort, Pod, PodClass};
use super::pod_list::PodList;
use super::resources::{ResourceList, ResourceTable, Resources};
use super::shared::Shared;
use super::taint::Taint;
use crate::time::SimTime;
use std::sync::Arc;

/// Label with the node's zone.
pub const ZONE_LABEL: &str = "topology.kubernetes.io/zone";
/// Label with the node's region.
pub const REGION_LABEL: &str = "topology.kubernetes.io/region";
/// Label with the node's name.
pub const HOSTNAME_LABEL: &str = "kubernetes.io/hostname";
/// Label with the node's machine type.
pub const INSTANCE_TYPE_LABEL: &str = "node.kubernetes.io/instance-type";

/// What the API server holds of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSpec {
    /// The name, unique in the cluster.
    pub name: Arc<str>,
    /// The labels.
    pub labels: Labels,
    /// The taints, in order.
    pub taints: Shared<Vec<Taint>>,
    /// `spec.unschedulable`: cordoned.
    pub unschedulable: bool,
    /// `status.allocatable`.
    pub allocatable: Shared<ResourceList>,
    /// `status.capacity`; empty where it equals `allocatable`.
    pub capacity: Shared<ResourceList>,
    /// The images present, with their sizes in bytes.
    pub images: Shared<Vec<NodeImage>>,
    /// `status.declaredFeatures`, sorted: what its kubelet says that it can do.
    pub declared_features: Shared<Vec<String>>,
    /// How many GPU devices can be shared.
    pub devices: u8,
    /// The node group (autoscaling) that made it.
    pub group: Option<Arc<str>>,
    /// The annotation `cluster-autoscaler.kubernetes.io/scale-down-disabled`: no autoscaler removes it.
    pub scale_down_disabled: bool,
}

impl NodeSpec {
    /// What the two have in common is kept once from now on.
    pub fn share(&mut self, other: &Self) {
        self.taints.share(&other.taints);
        self.allocatable.share(&other.allocatable);
        self.capacity.share(&other.capacity);
        self.images.share(&other.images);
        self.declared_features.share(&other.declared_features);
    }
}

/// An image on a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeImage {
    /// All names of the image.
    pub names: Vec<String>,
    /// Its size in bytes.
    pub size: i64,
}

/// A node of the cluster: its specification, and the sums over its pods that the scheduler reads.
///
/// The fields are laid out by cache line: what changes with every pod is in the first two, and thousands of nodes do not fit into
/// a cache.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Node {
    /// The pods bound to it that have not ended, in no particular order.
    pub pods: PodList,
    /// CPU (milli) of its pods as scoring counts it, with the defaults for containers without a request.
    pub nonzero_cpu: i64,
    /// Memory (bytes), likewise.
    pub nonzero_memory: i64,
    /// The specification. Copies of a node share it.
    pub spec: Arc<NodeSpec>,
    /// Unique in the run, in order of creation.
    pub uid: u64,
    /// Its slot.
    pub id: NodeId,
    /// The condition Ready.
    pub ready: bool,
    /// Whether the machine runs: a fact that the API learns late.
    pub machine_up: bool,
    /// The effective requests of the pods on it.
    pub requested: Resources,
    /// `allocatable` as a vector. Nodes of one kind share it.
    pub allocatable: Arc<Resources>,
    /// The host ports in use.
    pub ports: Vec<HostPort>,
    /// When it came.
    pub created: SimTime,
    /// The specification before its last change, for those who want to know what is new.
    pub previous: Option<Arc<NodeSpec>>,
    /// The GPU devices and what is free of them.
    pub devices: Devices,
}

impl Node {
    /// A node that has just come: ready and without pods.
    pub(crate) fn new(
        (id, uid): (NodeId, u64),
        created: SimTime,
        spec: Arc<NodeSpec>,
        allocatable: Arc<Resources>,
    ) -> Self {
        Self {
            id,
            uid,
            allocatable,
            devices: Devices::new(spec.devices as usize),
            spec,
            requested: Resources::default(),
            nonzero_cpu: 0,
            nonzero_memory: 0,
            pods: PodList::default(),
            ports: Vec::new(),
            ready: true,
            machine_up: true,
            created,
            previous: None,
        }
    }

    /// A node that is not in the store: what a node of this specification would be. Its id is no slot of the table.
    pub fn hypothetical(spec: NodeSpec, table: &mut ResourceTable) -> Self {
        let allocatable = Arc::new(table.vector(&spec.allocatable));
        Self::new((NodeId::NOWHERE, u64::MAX), SimTime::ZERO, Arc::new(spec), allocatable)
    }

    /// A node like this one under another specification with the same resources, which is not in the store and has no pods.
    #[must_use]
    pub fn without_pods(&self, spec: NodeSpec) -> Self {
        Self::new((NodeId::NOWHERE, u64::MAX), SimTime::ZERO, Arc::new(spec), Arc::clone(&self.allocatable))
    }

    /// Takes the resources of a pod of this class, which no store knows of: `pods` stays as it is. For copies of nodes on
    /// which placements are tried out.
    pub fn add_hypothetical(&mut self, class: &PodClass) {
        if let Some(request) = class.spec.gpu {
            self.devices.take(request);
        }
        self.take(class);
    }

    fn take(&mut self, class: &PodClass) {
        self.requested.add(&class.requests);
        self.nonzero_cpu += class.nonzero_cpu;
        self.nonzero_memory += class.nonzero_memory;
        self.ports.extend_from_slice(&class.host_ports);
    }

    /// Takes a pod of the store, which is not on it at the moment: for copies of nodes on which placements are tried out.
    pub fn add_pod(&mut self, id: PodId, pod: &Pod, class: &PodClass) {
        self.pods.push(id);
        self.take(class);
        if let Some(request) = class.spec.gpu {
            // One that is here in the store gets the devices back that it had.
            if pod.placed_on() == Some(self.id) {
                self.devices.take_from(request, pod.devices);
            } else {
                self.devices.take(request);
            }
        }
    }

    /// Gives back a pod that is on the node in the store.
    pub fn remove_pod(&mut self, id: PodId, pod: &Pod, class: &PodClass) {
        let Some(place) = self.pods.iter().position(|other| *other == id) else { return };
        self.pods.swap_remove(place);
        self.requested.sub(&class.requests);
        self.nonzero_cpu -= class.nonzero_cpu;
        self.nonzero_memory -= class.nonzero_memory;
        for port in &class.host_ports {
            if let Some(i) = self.ports.iter().position(|p| p == port) {
                self.ports.swap_remove(i);
            }
        }
        if let Some(request) = class.spec.gpu {
            self.devices.give_back(request, pod.devices);
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// The zone, empty where it has none.
    pub fn zone(&self) -> &str {
        self.spec.labels.get(ZONE_LABEL).map_or("", String::as_str)
    }
}

//! Pods: what their specification says, the class that alike pods share, and the live pod.

mod eviction_terms;
mod live;
mod traits;

pub use eviction_terms::{EvictionTerms, SafeToEvict, Terms};
pub use live::Pod;
pub use traits::PodTraits;

use super::affinity::NodeAffinity;
use super::gpu::GpuRequest;
use super::id::{ClassId, ObjectId};
use super::labels::Labels;
use super::name::Name;
use super::pod_affinity::PodAffinity;
use super::resource_claims::{ContainerClaim, PodClaims, PodResourceClaim};
use super::resources::{ResourceId, ResourceList, ResourceTable, Resources};
use super::taint::Toleration;
use super::topology_spread::TopologySpreadConstraint;
use super::volume::Volume;
use crate::time::{SimTime, Span};
use std::sync::{Arc, OnceLock};

/// The scheduler that a pod without `schedulerName` asks for.
pub const DEFAULT_SCHEDULER: &str = "default-scheduler";

/// Everything of a pod that a plugin, an admission step or the kubelet may read, and nothing that differs between the
/// replicas of one template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodSpec {
    /// The namespace.
    pub namespace: Arc<str>,
    /// The labels.
    pub labels: Labels,
    /// Which profile schedules it.
    pub scheduler_name: Arc<str>,
    /// The PriorityClass asked for; resolved into `priority` by admission.
    pub priority_class: Option<Arc<str>>,
    /// The priority; `None` until admission has resolved it.
    pub priority: Option<i32>,
    /// `spec.preemptionPolicy`; `None` until admission has resolved it.
    pub preemption_policy: Option<PreemptionPolicy>,
    /// Ordinary containers, at least one for a valid pod.
    pub containers: Vec<Container>,
    /// Init containers and sidecars, in order.
    pub init_containers: Vec<InitContainer>,
    /// `spec.resources.requests`: what the pod as a whole requests. What is named here (CPU, memory, huge pages) takes the
    /// place of the sum over its containers.
    pub requests: ResourceList,
    /// `spec.resources.limits`, likewise.
    pub limits: ResourceList,
    /// What the status says of the pod's resources as a whole, for a pod that runs.
    pub actual: Option<Box<ActualResources>>,
    /// The node cannot do what a resize asks for, so that only what is there counts.
    pub resize_infeasible: bool,
    /// `spec.hostNetwork`: the pod is on the node's network.
    pub host_network: bool,
    /// `spec.hostUsers`: `false` for a user namespace of the pod's own.
    pub host_users: bool,
    /// The RuntimeClass's overhead.
    pub overhead: ResourceList,
    /// Shares of GPU devices, beside what the containers request.
    pub gpu: Option<GpuRequest>,
    /// `spec.resourceClaims`.
    pub resource_claims: Vec<PodResourceClaim>,
    /// `spec.nodeName`: bound from the outside, the scheduler is not asked.
    pub node_name: Option<Arc<str>>,
    /// `spec.nodeSelector`.
    pub node_selector: Labels,
    /// `spec.affinity.nodeAffinity`.
    pub node_affinity: NodeAffinity,
    /// `spec.affinity.podAffinity`.
    pub pod_affinity: PodAffinity,
    /// `spec.affinity.podAntiAffinity`.
    pub pod_anti_affinity: PodAffinity,
    /// `spec.topologySpreadConstraints`.
    pub topology_spread: Vec<TopologySpreadConstraint>,
    /// The tolerations.
    pub tolerations: Vec<Toleration>,
    /// Gates that keep the pod out of the scheduling queue.
    pub scheduling_gates: Vec<String>,
    /// `spec.schedulingGroup.podGroupName`: the group that it belongs to.
    pub scheduling_group: Option<Arc<str>>,
    /// The volumes.
    pub volumes: Vec<Volume>,
    /// The restart policy.
    pub restart_policy: RestartPolicy,
    /// How long the pod may take to stop.
    pub termination_grace: Span,
    /// Whether `spec.activeDeadlineSeconds` is set, and to what.
    pub active_deadline: Option<Span>,
    /// What it says to those who want to move it elsewhere.
    pub eviction_terms: Terms,
}

/// One container as far as scheduling reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image, empty for none.
    pub image: String,
    /// `resources.requests`, with requests defaulted from limits already.
    pub requests: ResourceList,
    /// `resources.limits`.
    pub limits: ResourceList,
    /// What the status says of its resources, for a container that runs.
    pub actual: Option<Box<ActualResources>>,
    /// Ports that it asks of the host.
    pub host_ports: Vec<HostPort>,
    /// `resources.claims`: the claims of the pod that it uses.
    pub claims: Vec<ContainerClaim>,
    /// Whether one of its `restartPolicyRules` restarts all containers of the pod.
    pub restarts_all: bool,
}

/// What a status says of resources. It differs from the specification while a resize in place goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ActualResources {
    /// `resources.requests`: what is in force.
    pub requests: ResourceList,
    /// `resources.limits`, likewise.
    pub limits: ResourceList,
    /// `allocatedResources`: what the node has promised.
    pub allocated: ResourceList,
}

/// An init container; with `sidecar` set it keeps running beside the ordinary ones (`restartPolicy: Always`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InitContainer {
    /// The container.
    pub container: Container,
    /// Whether it is a sidecar.
    pub sidecar: bool,
}

/// A port on the host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPort {
    /// Address on the host; `0.0.0.0` for all.
    pub ip: String,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// The port, 1 to 65535.
    pub port: u16,
}

/// What happens to a container that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RestartPolicy {
    /// It is started again.
    #[default]
    Always,
    /// It is started again if it failed.
    OnFailure,
    /// It stays ended.
    Never,
}

/// Whether a pod may make room for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PreemptionPolicy {
    /// Pods of lower priority may have to go for it.
    #[default]
    PreemptLowerPriority,
    /// Never.
    Never,
}

/// The quality-of-service class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QosClass {
    /// Every container has CPU and memory limits equal to its requests.
    Guaranteed,
    /// Anything between.
    Burstable,
    /// No request and no limit.
    BestEffort,
}

impl Default for PodSpec {
    /// A pod without containers in namespace `default`, for the default scheduler, with the API server's defaults.
    fn default() -> Self {
        Self {
            namespace: "default".into(),
            labels: Labels::new(),
            scheduler_name: DEFAULT_SCHEDULER.into(),
            priority_class: None,
            priority: None,
            preemption_policy: None,
            containers: Vec::new(),
            init_containers: Vec::new(),
            requests: ResourceList::new(),
            limits: ResourceList::new(),
            actual: None,
            resize_infeasible: false,
            host_network: false,
            host_users: true,
            overhead: ResourceList::new(),
            gpu: None,
            resource_claims: Vec::new(),
            node_name: None,
            node_selector: Labels::new(),
            node_affinity: NodeAffinity::default(),
            pod_affinity: PodAffinity::default(),
            pod_anti_affinity: PodAffinity::default(),
            topology_spread: Vec::new(),
            tolerations: Vec::new(),
            scheduling_gates: Vec::new(),
            scheduling_group: None,
            volumes: Vec::new(),
            restart_policy: RestartPolicy::Always,
            termination_grace: Span::from_secs(30),
            active_deadline: None,
            eviction_terms: Terms::default(),
        }
    }
}

impl PodSpec {
    /// A pod with one container that requests exactly this.
    pub fn with_requests(requests: ResourceList) -> Self {
        let container = Container { name: "main".into(), requests, ..Container::default() };
        Self { containers: vec![container], ..Self::default() }
    }

    /// All lists of what it requests.
    pub(crate) fn resource_lists(&self) -> impl Iterator<Item = &ResourceList> {
        let inits = self.init_containers.iter().map(|init| &init.container);
        let containers = inits.chain(&self.containers);
        let actual = containers.clone().map(|container| &container.actual).chain([&self.actual]);
        let actual = actual.flatten().flat_map(|actual| [&actual.requests, &actual.allocated]);
        containers.map(|container| &container.requests).chain([&self.requests, &self.overhead]).chain(actual)
    }

    /// The host ports of all containers.
    pub fn host_ports(&self) -> impl Iterator<Item = &HostPort> {
        let sidecars = self.init_containers.iter().filter(|c| c.sidecar).map(|c| &c.container);
        sidecars.chain(&self.containers).flat_map(|c| &c.host_ports)
    }
}

/// A specification together with what is computed from it once.
#[derive(Clone, Debug)]
pub struct PodClass {
    /// The specification.
    pub spec: PodSpec,
    /// Effective requests, one pod included in the `pods` column; of a pod that runs, with what its status says.
    pub requests: Resources,
    /// What scoring by allocation counts for the incoming pod: requests of the containers, with the defaults for those that
    /// have none, whatever the pod requests as a whole.
    pub scored: Resources,
    /// CPU (milli) that the pod counts for on its node in such scoring.
    pub nonzero_cpu: i64,
    /// Memory (bytes), likewise.
    pub nonzero_memory: i64,
    /// The quality-of-service class.
    pub qos: QosClass,
    /// The host ports, sorted.
    pub host_ports: Vec<HostPort>,
    /// What its pods have that others lack.
    pub traits: PodTraits,
    /// What one pod counts for in quotas, computed when a quota first asks.
    pub(crate) quota_usage: OnceLock<ResourceList>,
    /// How many classes the cluster had had before.
    pub(crate) number: u64,
    /// Whether it stays without pods.
    pub(crate) for_ever: bool,
}

impl PodClass {
    /// Computes the class of a specification; new resource names get columns in `table`.
    pub fn new(spec: PodSpec, table: &mut ResourceTable) -> Self {
        let mut requests = table.vector(&spec.held_requests());
        requests.set(ResourceId::PODS, 1);
        let mut scored = table.vector(&spec.scored_requests());
        if let Some(gpu) = spec.gpu {
            let id = table.intern(super::gpu::GPU_MILLI);
            for vector in [&mut requests, &mut scored] {
                vector.set(id, vector.get(id) + gpu.total());
            }
        }
        let nonzero = spec.nonzero_requests();
        let mut host_ports: Vec<HostPort> = spec.host_ports().cloned().collect();
        host_ports.sort();
        let mut class = Self {
            nonzero_cpu: nonzero.get("cpu").map_or(0, |q| q.milli_value()),
            nonzero_memory: nonzero.get("memory").map_or(0, |q| q.value()),
            qos: spec.qos(),
            host_ports,
            quota_usage: OnceLock::new(),
            number: 0,
            for_ever: false,
            traits: PodTraits::default(),
            requests,
            scored,
            spec,
        };
        class.traits = PodTraits::of_class(&class);
        class
    }

    /// Whether it wishes anything about pods near it.
    pub fn has_pod_affinity(&self) -> bool {
        !self.spec.pod_affinity.is_empty() || !self.spec.pod_anti_affinity.is_empty()
    }

    /// Whether something that a plugin reads is named after the pod itself, so that pods of this class are not alike to it.
    pub fn is_individual(&self) -> bool {
        !self.spec.resource_claims.is_empty() || self.spec.volumes.iter().any(Volume::is_ephemeral)
    }

    /// Whether a pod of this class may make room for itself.
    pub fn preemption_policy(&self) -> PreemptionPolicy {
        self.spec.preemption_policy.unwrap_or_default()
    }

    /// The priority after admission, 0 where there is none.
    pub fn priority(&self) -> i32 {
        self.spec.priority.unwrap_or(0)
    }
}

/// Where a pod is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PodPhase {
    /// Not started: waiting for a node, or starting on one.
    Pending,
    /// Started.
    Running,
    /// Ended well; never changes again.
    Succeeded,
    /// Ended badly; never changes again.
    Failed,
}

impl PodPhase {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

/// How a pod's work ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Run {
    /// Never: a service.
    #[default]
    Forever,
    /// With success, this long after its start.
    Succeeds(Span),
    /// With failure, this long after its start.
    Fails(Span),
}

/// What a running pod really uses, in ten-thousandths of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Usage {
    /// CPU, 0 to 65,535 ten-thousandths of the request.
    pub cpu: u16,
    /// Memory, likewise.
    pub memory: u16,
}

impl Default for Usage {
    /// Everything that was requested.
    fn default() -> Self {
        Self { cpu: 10_000, memory: 10_000 }
    }
}

impl Usage {
    /// What a pod that requests so much CPU (milli) and memory (bytes) uses of them while it works, rounded down.
    #[inline]
    pub fn of(self, requests: [i64; 2]) -> [i64; 2] {
        let share = |amount: i64, fraction: u16| match amount.checked_mul(fraction.into()) {
            Some(product) => product / 10_000,
            None => (i128::from(amount) * i128::from(fraction) / 10_000) as i64,
        };
        [share(requests[0], self.cpu), share(requests[1], self.memory)]
    }
}

/// A pod to be created.
#[derive(Clone, Debug)]
pub struct NewPod {
    /// Its name, unique in its namespace among the pods that exist.
    pub name: Name,
    /// What it is: admission may change it.
    pub class: Submitted,
    /// The controller that owns it.
    pub owner: Option<ObjectId>,
    /// How it ends.
    pub run: Run,
    /// What it uses while it runs.
    pub usage: Usage,
    /// What a pod that has lived elsewhere brings with it.
    pub status: Option<Box<GivenStatus>>,
}

/// What a pod is, as submitted.
#[derive(Clone, Debug)]
pub enum Submitted {
    /// It is of a class, as others are.
    Class(ClassId),
    /// Perhaps no other pod is like it: what it is as submitted needs no class. See
    /// [`Cluster::submit_alone`](crate::cluster::Cluster::submit_alone).
    Alone(Box<PodSpec>),
}

impl Submitted {
    /// The class, if it has one.
    pub const fn class(&self) -> Option<ClassId> {
        match self {
            Self::Class(id) => Some(*id),
            Self::Alone(_) => None,
        }
    }
}

impl Default for Submitted {
    /// Of no class that there is: what is left when it has been used up.
    fn default() -> Self {
        Self::Class(ClassId(u32::MAX))
    }
}

impl From<ClassId> for Submitted {
    fn from(class: ClassId) -> Self {
        Self::Class(class)
    }
}

/// What the status of a pod from a snapshot says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenStatus {
    /// `status.nominatedNodeName`.
    pub nominated_node: Option<Arc<str>>,
    /// `status.startTime`, which may be before the scenario's start.
    pub start: Option<SimTime>,
    /// Whether its deletion has been asked for, and whether that was for a pod of higher priority.
    pub deleting: Option<GivenDeletion>,
    /// The claims that were made for it.
    pub claims: Option<Box<PodClaims>>,
    /// Whether a finalizer keeps it until [`Cluster::release_pod`](crate::cluster::Cluster::release_pod).
    pub held: bool,
    /// Which part of an Indexed Job it works on.
    pub completion: Option<Completion>,
}

/// Which part of an Indexed Job a pod works on, as its annotations say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The completion index.
    pub index: u32,
    /// How many pods of this index have failed before, as counted; `None` in a Job whose indexes have no limit of their own.
    pub failures: Option<u32>,
    /// How many more have failed before and are not counted.
    pub ignored: u32,
}

/// How a pod has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodEnd {
    /// The exit code of its container; of several, that of the first that failed.
    pub exit: i32,
    /// `status.reason`, such as `Evicted`.
    pub reason: Option<Arc<str>>,
    /// Whether it has the condition `DisruptionTarget`.
    pub disrupted: bool,
}

/// Why a pod from a snapshot is being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenDeletion {
    /// The scheduler preempted it: condition `DisruptionTarget` with reason `PreemptionByScheduler`.
    Preempted,
    /// Anything else.
    Other,
}

impl NewPod {
    /// A pod that runs for ever and uses what it requests.
    pub fn new(name: impl Into<Name>, class: impl Into<Submitted>) -> Self {
        Self {
            name: name.into(),
            class: class.into(),
            owner: None,
            run: Run::Forever,
            usage: Usage::default(),
            status: None,
        }
    }
}

//! Random clusters with something for every plugin.

use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use towtank_sim::cluster::Cluster;
use towtank_sim::dra::DeviceClass;
use towtank_sim::model::affinity::{NodeSelector, NodeSelectorTerm, PreferredNode};
use towtank_sim::model::gpu::GpuRequest;
use towtank_sim::model::labels::{Labels, Operator, Requirement};
use towtank_sim::model::node::{NodeImage, NodeSpec};
use towtank_sim::model::pod::{Container, HostPort, NewPod, PodSpec};
use towtank_sim::model::resource_claims::{ClaimSource, PodResourceClaim};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::model::taint::{Effect, Taint, Toleration, TolerationOperator};
use towtank_sim::model::volume::{Volume, VolumeSource};
use towtank_sim::model::{NodeId, PodId, Quantity};
use towtank_sim::random::{Rng, Streams};

/// A random cluster, and random numbers for more.
pub(super) struct World {
    pub(super) cluster: Cluster,
    pub(super) nodes: Vec<NodeId>,
    rng: Rng,
    pods: usize,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut world =
            Self { cluster: Cluster::default(), nodes: Vec::new(), rng: Streams::new(seed).stream("lasting"), pods: 0 };
        if world.one_in(3) {
            world.add_device_class();
        }
        for i in 0..2 + world.below(8) {
            let spec = world.node(i);
            world.nodes.push(world.cluster.add_node(spec).expect("a new name"));
        }
        world.place(20);
        world
    }

    /// A class of devices, from then on behind an extended resource.
    pub(super) fn add_device_class(&mut self) {
        let class = DeviceClass { extended_resource_name: Some("example.com/b".into()), ..DeviceClass::default() };
        let name = format!("b{}", self.pods);
        self.cluster.create_object("", &name, None, Box::new(class)).expect("a new name");
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        self.rng.random_range(0..n as u64) as usize
    }

    pub(super) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    /// Up to so many more pods on nodes, whether there is room for them or not.
    pub(super) fn place(&mut self, most: usize) {
        for _ in 0..self.below(most) {
            let spec = PodSpec { node_name: None, ..self.pod() };
            let pod = self.submit(spec);
            let node = self.of(&self.nodes.clone());
            self.cluster.bind(pod, node);
        }
    }

    pub(super) fn submit(&mut self, spec: PodSpec) -> PodId {
        let class = self.cluster.intern(spec);
        self.pods += 1;
        self.cluster.create_pod(NewPod::new(format!("p{}", self.pods), class)).expect("nobody refuses")
    }

    /// Amounts that have something to do with each other, or are at the edges of what arithmetic takes.
    fn amount(&mut self, usual: i64, edges: &[i64]) -> i64 {
        if self.one_in(4) { self.of(edges) } else { usual * (1 + self.below(16) as i64) }
    }

    fn node(&mut self, number: usize) -> NodeSpec {
        const MEMORY: [i64; 7] = [0, 1, 1 << 46, (1 << 46) + 1, (1 << 61) - 1, 1 << 61, i64::MAX];
        const CPU: [i64; 6] = [0, 1, 999, 1 << 46, 1 << 53, i64::MAX];
        let mut allocatable = ResourceList::new();
        allocatable.insert("cpu", Quantity::from_milli(self.amount(1000, &CPU)));
        allocatable.insert("memory", Quantity::from_units(self.amount(1 << 30, &MEMORY)));
        allocatable.insert("pods", Quantity::from_units(self.of(&[0, 3, 10, 110, i64::MAX])));
        for name in ["ephemeral-storage", "example.com/a", "example.com/b"] {
            if self.one_in(2) {
                allocatable.insert(name, Quantity::from_units(self.below(4) as i64));
            }
        }
        let mut labels = Labels::new();
        for (key, value) in
            [("disk", "ssd"), ("disk", "hdd"), ("zone", "7"), ("zone", "a"), ("gpu-model", "T4"), ("gpu-model", "A10")]
        {
            if self.one_in(3) {
                labels.insert(key, value.into());
            }
        }
        let effects = [Effect::NoSchedule, Effect::PreferNoSchedule, Effect::PreferNoSchedule, Effect::NoExecute];
        let taints = (0..[0, 0, 1, 3][self.below(4)]).map(|_| Taint {
            key: self.of(&["t", "u"]).into(),
            value: self.of(&["", "3"]).into(),
            effect: self.of(&effects),
        });
        let taints = taints.collect();
        let image = NodeImage { names: vec!["app:latest".into(), "app:1".into()], size: 500 << 20 };
        NodeSpec {
            name: format!("n{number}").into(),
            labels,
            taints,
            unschedulable: self.one_in(5),
            allocatable: allocatable.into(),
            images: vec![image; usize::from(self.one_in(8))].into(),
            declared_features: self.of(&[Vec::new(), vec!["UserNamespacesHostNetworkSupport".into()]]).into(),
            devices: self.below(4) as u8,
            ..NodeSpec::default()
        }
    }

    pub(super) fn requests(&mut self) -> ResourceList {
        let mut requests = ResourceList::new();
        if !self.one_in(4) {
            requests.insert("cpu", Quantity::from_milli(self.amount(250, &[0, 1, 1 << 46, 1 << 54])));
        }
        if !self.one_in(4) {
            let edges = [0, 1, (1 << 46) - 1, 1 << 46, 1 << 57];
            requests.insert("memory", Quantity::from_units(self.amount(256 << 20, &edges)));
        }
        for name in ["ephemeral-storage", "example.com/a", "example.com/b"] {
            if self.one_in(5) {
                requests.insert(name, Quantity::from_units(self.below(3) as i64));
            }
        }
        requests
    }

    fn term(&mut self) -> NodeSelectorTerm {
        let requirement = |key: &str, operator, values: &[&str]| Requirement {
            key: key.into(),
            operator,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let expressions = [
            requirement("disk", Operator::In, &["ssd"]),
            requirement("disk", Operator::NotIn, &["hdd"]),
            requirement("zone", Operator::Gt, &["5"]),
            requirement("zone", Operator::DoesNotExist, &[]),
        ];
        let fields = [
            requirement("metadata.name", Operator::In, &["n0", "n1"]),
            requirement("metadata.name", Operator::NotIn, &["n1"]),
        ];
        NodeSelectorTerm {
            expressions: (0..self.below(3)).map(|_| self.of(&expressions)).collect(),
            fields: if self.one_in(5) { vec![self.of(&fields)] } else { Vec::new() },
        }
    }

    /// The specification of a pod that, most of the time, asks for little that is rare.
    pub(super) fn pod(&mut self) -> PodSpec {
        let container = Container {
            name: "main".into(),
            requests: self.requests(),
            image: self.of(&["", "app", "app:1", "other"]).into(),
            ..Container::default()
        };
        let mut spec = PodSpec { containers: vec![container], ..PodSpec::default() };
        if self.one_in(4) {
            let ip = self.of(&["0.0.0.0", "10.0.0.1", "10.0.0.2"]).into();
            spec.containers[0].host_ports.push(HostPort { ip, protocol: "TCP".into(), port: 80 });
        }
        if self.one_in(5) {
            spec.gpu = Some(GpuRequest { count: 1 + self.below(2) as u8, milli: self.of(&[100, 500, 1000]) });
        }
        if self.one_in(8) {
            spec.node_name = Some(self.of(&["", "n1"]).into());
        }
        if self.one_in(5) {
            spec.node_selector.insert("disk", "ssd".into());
        }
        if self.one_in(4) {
            let terms = (0..self.below(3)).map(|_| self.term()).collect();
            spec.node_affinity.required = Some(NodeSelector { terms });
        }
        if self.one_in(3) {
            let preferred = |world: &mut Self| PreferredNode { weight: world.below(101) as i32, term: world.term() };
            spec.node_affinity.preferred = (0..self.below(4)).map(|_| preferred(self)).collect();
        }
        for _ in 0..[0, 0, 1, 3][self.below(4)] {
            let operators = [TolerationOperator::Exists, TolerationOperator::Equal, TolerationOperator::Lt];
            spec.tolerations.push(Toleration {
                key: self.of(&["", "t", "u", "node.kubernetes.io/unschedulable"]).into(),
                operator: self.of(&operators),
                value: self.of(&["", "3", "9"]).into(),
                effect: self.of(&[None, Some(Effect::NoSchedule), Some(Effect::PreferNoSchedule)]),
                seconds: None,
            });
        }
        if self.one_in(10) {
            let claim = VolumeSource::PersistentVolumeClaim { claim_name: "c".into(), read_only: false };
            let image = VolumeSource::Image { reference: "app".into() };
            let disk = VolumeSource::Iscsi { iqn: "q".into(), read_only: false };
            let source = self.of(&[claim, image, disk, VolumeSource::Csi { driver: "d".into() }]);
            spec.volumes.push(Volume { name: "v".into(), source });
        }
        if self.one_in(12) {
            let source = ClaimSource::Claim("none".into());
            spec.resource_claims.push(PodResourceClaim { name: "c".into(), source });
        }
        spec.host_network = self.one_in(4);
        spec.host_users = !self.one_in(4);
        spec
    }

    /// As the specification, with everything else about what the pod requests and how it is called.
    pub(super) fn renamed(&mut self, spec: &PodSpec) -> PodSpec {
        let mut other = spec.clone();
        other.namespace = "other".into();
        other.labels.insert("app", self.of(&["a", "b"]).into());
        other.overhead = self.requests();
        other.gpu = Some(GpuRequest { count: 1, milli: 300 });
        for container in &mut other.containers {
            container.requests = self.requests();
            container.limits = container.requests.clone();
        }
        other
    }

    /// Changes the specification of a node.
    pub(super) fn change_node(&mut self) {
        let id = self.of(&self.nodes.clone());
        let new = NodeSpec { name: self.cluster.node(id).spec.name.clone(), ..self.node(0) };
        self.cluster.update_node(id, |spec| *spec = NodeSpec { devices: spec.devices, ..new });
    }

    pub(super) fn shuffled(&mut self) -> Vec<NodeId> {
        let mut ids = self.nodes.clone();
        ids.shuffle(&mut self.rng);
        ids
    }
}

//! Random clusters whose pods have opinions about each other.

use rand::RngExt as _;
use std::sync::Arc;
use towtank_sim::cluster::{Cause, Cluster, Namespace};
use towtank_sim::model::labels::{LabelSelector, Labels, Operator, Requirement};
use towtank_sim::model::node::{HOSTNAME_LABEL, NodeSpec};
use towtank_sim::model::pod::{Container, HostPort, NewPod, PodSpec};
use towtank_sim::model::pod_affinity::{PodAffinity, PodAffinityTerm, WeightedPodAffinityTerm};
use towtank_sim::model::taint::{Effect, Taint, Toleration, TolerationOperator};
use towtank_sim::model::topology_spread::{NodeInclusionPolicy, TopologySpreadConstraint, WhenUnsatisfiable};
use towtank_sim::model::{ClassId, NodeId, PodId, Quantity};
use towtank_sim::random::{Rng, Streams};

const KEYS: [&str; 3] = ["zone", HOSTNAME_LABEL, "disk"];

/// A cluster with pods on its nodes, and others that wait.
pub(crate) struct Neighbours {
    pub(crate) cluster: Cluster,
    pub(crate) nodes: Vec<NodeId>,
    pub(crate) waiting: Vec<PodId>,
    pub(crate) draw: Draw,
}

/// Random numbers.
pub(crate) struct Draw {
    rng: Rng,
    crowded: bool,
}

impl Neighbours {
    pub(crate) fn new(seed: u64) -> Self {
        Self::drawn(Draw { rng: Streams::new(seed).stream("neighbours"), crowded: false })
    }

    /// As [`Neighbours::new`], and pods have requests, host ports and priorities, for which there is not always room.
    pub(crate) fn crowded(seed: u64) -> Self {
        Self::drawn(Draw::new(seed))
    }

    fn drawn(mut draw: Draw) -> Self {
        let mut cluster = Cluster::default();
        let red = Namespace::new("x", labels(&[("team", "red")]));
        cluster.create_object("", "x", None, Box::new(red)).expect("a new name");
        cluster.create_object("", "y", None, Box::new(Namespace::new("y", Labels::new()))).expect("a new name");
        let count = 2 + draw.below(7);
        let nodes = (0..count).map(|i| cluster.add_node(draw.node(i)).expect("a new name")).collect();
        let mut all = Self { cluster, nodes, waiting: Vec::new(), draw };
        let classes: Vec<ClassId> = (0..6).map(|_| all.cluster.intern(all.draw.pod())).collect();
        for i in 0..all.draw.below(24) {
            let class = classes[all.draw.below(classes.len())];
            let pod = all.pod(&format!("bound-{i}"), class);
            let node = all.nodes[all.draw.below(count)];
            all.cluster.bind(pod, node);
            if all.draw.one_in(6) {
                all.cluster.delete_pod(pod, Cause::Deleted);
            }
        }
        let wait = |(i, class): (usize, &ClassId)| all.pod(&format!("waiting-{i}"), *class);
        all.waiting = classes.iter().enumerate().map(wait).collect();
        all
    }

    fn pod(&mut self, name: &str, class: ClassId) -> PodId {
        self.cluster.create_pod(NewPod::new(name, class)).expect("no quota")
    }

    /// The specification of a pod.
    pub(crate) fn spec(&self, pod: PodId) -> &PodSpec {
        &self.cluster.class_of(self.cluster.pod(pod).expect("the pod lives")).spec
    }
}

/// The node with room for four CPUs and a few pods.
pub(crate) fn roomy(node: NodeSpec) -> NodeSpec {
    let allocatable = [("cpu", 4), ("memory", 1 << 34), ("pods", 8)];
    let allocatable = allocatable.map(|(name, units)| (name.to_owned(), Quantity::from_units(units)));
    NodeSpec { allocatable: allocatable.into(), ..node }
}

impl Draw {
    /// Draws pods with requests, host ports and priorities.
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: Streams::new(seed).stream("neighbours"), crowded: true }
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.rng.random_range(0..n as u64) as usize
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of these.
    pub(crate) fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    /// A node's specification.
    pub(crate) fn node(&mut self, number: usize) -> NodeSpec {
        let name = format!("n{number}");
        let mut labels = labels(&[("disk", self.of(&["ssd", "hdd"]))]);
        if !self.one_in(6) {
            labels.insert("zone", self.of(&["a", "a", "b", "c", ""]).into());
        }
        if !self.one_in(8) {
            labels.insert(HOSTNAME_LABEL, name.clone());
        }
        let taint = Taint { key: "t".into(), value: String::new(), effect: Effect::NoSchedule };
        let taints = vec![taint; usize::from(self.one_in(4))].into();
        let node = NodeSpec { name: name.into(), labels, taints, ..NodeSpec::default() };
        if self.crowded { roomy(node) } else { node }
    }

    /// A pod's specification.
    pub(crate) fn pod(&mut self) -> PodSpec {
        let mut labels = labels(&[("app", self.of(&["a", "b"]))]);
        if !self.one_in(3) {
            labels.insert("tier", self.of(&["1", "2"]).into());
        }
        let mut spec = PodSpec { namespace: self.of(&["x", "x", "y", "z"]).into(), labels, ..PodSpec::default() };
        if self.one_in(5) {
            spec.node_selector.insert("disk", "ssd".into());
        }
        if self.one_in(3) {
            spec.tolerations.push(Toleration { operator: TolerationOperator::Exists, ..Toleration::default() });
        }
        spec.topology_spread = (0..self.below(4)).map(|_| self.constraint()).collect();
        if !self.one_in(3) {
            spec.pod_affinity = self.affinity();
            spec.pod_anti_affinity = self.affinity();
        }
        if self.crowded {
            let cpu = Quantity::from_milli(250 * self.below(8) as i64);
            let mut container = Container { requests: [("cpu".to_owned(), cpu)].into(), ..Container::default() };
            if self.one_in(4) {
                container.host_ports.push(HostPort { ip: "0.0.0.0".into(), protocol: "TCP".into(), port: 80 });
            }
            spec.containers.push(container);
            spec.priority = self.of(&[None, Some(0), Some(5), Some(10)]);
        }
        spec
    }

    pub(crate) fn constraint(&mut self) -> TopologySpreadConstraint {
        let policy = [NodeInclusionPolicy::Honor, NodeInclusionPolicy::Ignore];
        TopologySpreadConstraint {
            max_skew: 1 + self.below(3) as i32,
            topology_key: self.of(&KEYS).into(),
            when_unsatisfiable: self.of(&[WhenUnsatisfiable::DoNotSchedule, WhenUnsatisfiable::ScheduleAnyway]),
            selector: self.selector(),
            min_domains: self.of(&[None, None, Some(2), Some(4)]),
            node_affinity_policy: self.of(&policy),
            node_taints_policy: self.of(&policy),
        }
    }

    fn affinity(&mut self) -> PodAffinity {
        let required = (0..[0, 0, 1, 2][self.below(4)]).map(|_| self.term()).collect();
        let weighted =
            |draw: &mut Self| WeightedPodAffinityTerm { weight: 1 + draw.below(100) as i32, term: draw.term() };
        let preferred = (0..[0, 0, 1, 3][self.below(4)]).map(|_| weighted(self)).collect();
        PodAffinity { required, preferred }
    }

    fn term(&mut self) -> PodAffinityTerm {
        let none = [None, None, None];
        let by_label = [
            Some(LabelSelector::default()),
            Some(LabelSelector { match_labels: labels(&[("team", "red")]), ..LabelSelector::default() }),
            Some(requirement("team", Operator::DoesNotExist, &[])),
        ];
        let names: [&[&str]; 4] = [&[], &[], &["x"], &["y", "z"]];
        PodAffinityTerm {
            selector: self.selector(),
            namespaces: self.of(&names).iter().map(|name| Arc::from(*name)).collect(),
            namespace_selector: self.of(&[none, by_label].concat()),
            topology_key: self.of(&KEYS).into(),
        }
    }

    pub(crate) fn selector(&mut self) -> Option<LabelSelector> {
        let app = |name| LabelSelector { match_labels: labels(&[("app", name)]), ..LabelSelector::default() };
        match self.below(12) {
            0 => None,
            1 => Some(LabelSelector::default()),
            2 | 3 => Some(requirement("tier", Operator::NotIn, &["1"])),
            4 | 5 => Some(requirement("tier", Operator::Exists, &[])),
            6 | 7 => Some(app("b")),
            _ => Some(app("a")),
        }
    }
}

pub(crate) fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn requirement(key: &str, operator: Operator, values: &[&str]) -> LabelSelector {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    let expressions = vec![Requirement { key: key.to_owned(), operator, values }];
    LabelSelector { match_labels: Labels::new(), expressions }
}

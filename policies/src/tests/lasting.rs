//! Answers that last are those that every cycle gives.

use crate::config::ParsedConfig;
use crate::factory::BuildContext;
use crate::named::POLICIES;
use crate::registry::PLUGINS;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use std::collections::BTreeSet;
use towtank_sim::cluster::Cluster;
use towtank_sim::dra::DeviceClass;
use towtank_sim::model::affinity::{NodeSelector, NodeSelectorTerm, PreferredNode};
use towtank_sim::model::gpu::GpuRequest;
use towtank_sim::model::labels::{Labels, Operator, Requirement};
use towtank_sim::model::node::{NodeImage, NodeSpec};
use towtank_sim::model::pod::{Container, HostPort, NewPod, PodClass, PodSpec};
use towtank_sim::model::resource_claims::{ClaimSource, PodResourceClaim};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::model::taint::{Effect, Taint, Toleration, TolerationOperator};
use towtank_sim::model::volume::{Volume, VolumeSource};
use towtank_sim::model::{NodeId, PodId, Quantity};
use towtank_sim::random::{Rng, Streams};
use towtank_sim::scheduler::{
    Cycle, FeatureGates, Filter, LastingFilter, LastingScore, NodeFilter, NodeScore, Plugin, Points, PreFilter,
    PreScore, Profile, Score, Verdict,
};

/// Configurations that between them use every strategy and every argument that answers depend on.
const PROFILES: [&str; 4] = [
    "",
    "\n    pluginConfig:
      - { name: NodeResourcesFit, args: { scoringStrategy: { type: MostAllocated, resources: [{ name: memory, weight: 7 }] } } }
      - { name: NodeAffinity, args: { addedAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [
          { matchExpressions: [{ key: disk, operator: Exists }] }] } } } }
      - { name: NodeLabel, args: { presentLabels: [disk], absentLabels: [zone] } }",
    "\n    pluginConfig:
      - { name: NodeResourcesFit, args: { ignoredResources: [example.com/a], scoringStrategy: { type: RequestedToCapacityRatio,
          resources: [{ name: cpu, weight: 3 }, { name: memory, weight: 1 }], requestedToCapacityRatio: { shape: [
          { utilization: 0, score: 0 }, { utilization: 70, score: 10 }, { utilization: 100, score: 3 }] } } } }
      - { name: NodeResourcesBalancedAllocation, args: { resources: [{ name: memory }, { name: cpu }] } }
      - { name: NodeLabel, args: { presentLabelsPreference: [disk], absentLabelsPreference: [zone, gone] } }",
    "\n    pluginConfig:
      - { name: NodeResourcesFit, args: { scoringStrategy: { type: LeastAllocated,
          resources: [{ name: cpu, weight: 100 }, { name: memory }, { name: example.com/a, weight: 5 }] } } }
      - { name: NodeResourcesBalancedAllocation, args: { resources: [{ name: cpu }, { name: memory }, { name: example.com/a }] } }
      - { name: NodeResourcesMostAllocated, args: { resources: [{ name: cpu, weight: 9 }, { name: memory, weight: 2 }] } }",
];

/// A random cluster, and random numbers for more.
struct World {
    cluster: Cluster,
    nodes: Vec<NodeId>,
    rng: Rng,
    pods: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world =
            Self { cluster: Cluster::default(), nodes: Vec::new(), rng: Streams::new(seed).stream("lasting"), pods: 0 };
        if world.one_in(3) {
            let class = DeviceClass { extended_resource_name: Some("example.com/b".into()), ..DeviceClass::default() };
            world.cluster.create_object("", "b", None, Box::new(class)).expect("a new name");
        }
        for i in 0..2 + world.below(8) {
            let spec = world.node(i);
            world.nodes.push(world.cluster.add_node(spec).expect("a new name"));
        }
        world.place(20);
        world
    }

    fn below(&mut self, n: usize) -> usize {
        self.rng.random_range(0..n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    /// Up to so many more pods on nodes, whether there is room for them or not.
    fn place(&mut self, most: usize) {
        for _ in 0..self.below(most) {
            let spec = PodSpec { node_name: None, ..self.pod() };
            let pod = self.submit(spec);
            let node = self.of(&self.nodes.clone());
            self.cluster.bind(pod, node);
        }
    }

    fn submit(&mut self, spec: PodSpec) -> PodId {
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
        allocatable.insert("cpu".into(), Quantity::from_milli(self.amount(1000, &CPU)));
        allocatable.insert("memory".into(), Quantity::from_units(self.amount(1 << 30, &MEMORY)));
        allocatable.insert("pods".into(), Quantity::from_units(self.of(&[0, 3, 10, 110, i64::MAX])));
        for name in ["ephemeral-storage", "example.com/a", "example.com/b"] {
            if self.one_in(2) {
                allocatable.insert(name.into(), Quantity::from_units(self.below(4) as i64));
            }
        }
        let mut labels = Labels::new();
        for (key, value) in [("disk", "ssd"), ("disk", "hdd"), ("zone", "7"), ("zone", "a")] {
            if self.one_in(3) {
                labels.insert(key.into(), value.into());
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
            allocatable,
            images: vec![image; usize::from(self.one_in(8))],
            declared_features: self.of(&[Vec::new(), vec!["UserNamespacesHostNetworkSupport".into()]]),
            devices: self.below(4) as u8,
            ..NodeSpec::default()
        }
    }

    fn requests(&mut self) -> ResourceList {
        let mut requests = ResourceList::new();
        if !self.one_in(4) {
            requests.insert("cpu".into(), Quantity::from_milli(self.amount(250, &[0, 1, 1 << 46, 1 << 54])));
        }
        if !self.one_in(4) {
            let edges = [0, 1, (1 << 46) - 1, 1 << 46, 1 << 57];
            requests.insert("memory".into(), Quantity::from_units(self.amount(256 << 20, &edges)));
        }
        for name in ["ephemeral-storage", "example.com/a", "example.com/b"] {
            if self.one_in(5) {
                requests.insert(name.into(), Quantity::from_units(self.below(3) as i64));
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
    fn pod(&mut self) -> PodSpec {
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
            spec.node_selector.insert("disk".into(), "ssd".into());
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

    fn shuffled(&mut self) -> Vec<NodeId> {
        let mut ids = self.nodes.clone();
        ids.shuffle(&mut self.rng);
        ids
    }
}

fn build(profile: &str) -> Profile {
    let text = format!(
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n  - schedulerName: \
         default-scheduler{profile}\n"
    );
    let config = ParsedConfig::read(&text, "test").unwrap_or_else(|e| panic!("{e}"));
    build_config(&config)
}

fn build_config(config: &ParsedConfig) -> Profile {
    let context = BuildContext { streams: Streams::new(7), gates: FeatureGates::default() };
    crate::build(config, &context).profiles.remove(0)
}

/// The profiles with all plugins, and those of the named policies.
fn profiles() -> Vec<Profile> {
    let all: Vec<String> = PLUGINS.iter().map(|plugin| format!("{{ name: {} }}", plugin.name)).collect();
    let shape = "{ name: RequestedToCapacityRatio, args: { shape: [{ utilization: 0, score: 10 }, { utilization: 100, score: 0 }] } }";
    let with_all = PROFILES.map(|profile| {
        let config = if profile.is_empty() { "\n    pluginConfig:" } else { profile };
        build(&format!("\n    plugins: {{ multiPoint: {{ enabled: [{}] }} }}{config}\n      - {shape}", all.join(", ")))
    });
    with_all.into_iter().chain(POLICIES.iter().map(|policy| build_config(&policy.config()))).collect()
}

/// What a plugin says in a cycle, compared with what it has said for good.
struct Twin<'a> {
    plugin: &'a dyn Plugin,
    cycle: Cycle<'a>,
    /// All nodes, in any order.
    ids: &'a [NodeId],
}

impl Twin<'_> {
    fn name(&self) -> &'static str {
        self.plugin.name()
    }

    fn check_filter(&self, lasting: &LastingFilter) {
        let name = self.name();
        let asked = self.plugin.pre_filter(&self.cycle);
        match (lasting, &asked) {
            (LastingFilter::InCycle | LastingFilter::ByKey, _) | (LastingFilter::Skip, PreFilter::Skip) => {}
            (LastingFilter::ByNode(lasting), PreFilter::Ask(asked)) => self.compare_filters(&**lasting, &**asked),
            (LastingFilter::Skip, _) => panic!("{name} skips for good, and not in the cycle"),
            (LastingFilter::ByNode(_), _) => panic!("{name} judges nodes for good, and not in the cycle"),
        }
    }

    fn compare_filters(&self, lasting: &dyn NodeFilter, asked: &dyn Filter) {
        let nodes = self.cycle.cluster.nodes();
        assert!(!asked.depends_on_more() && asked.fork().is_none(), "{}", self.name());
        let verdicts: Vec<Verdict> = self.ids.iter().map(|id| asked.filter(nodes.get(*id))).collect();
        let mut fits: Vec<bool> = (0..self.ids.len()).map(|i| i % 5 != 4).collect();
        let expected: Vec<bool> = fits.iter().zip(&verdicts).map(|(fits, v)| *fits && *v == Verdict::Fits).collect();
        lasting.narrow(nodes, self.ids, &mut fits);
        assert_eq!(fits, expected, "{}: narrow", self.name());
        for (id, verdict) in self.ids.iter().zip(verdicts) {
            assert_eq!(lasting.verdict(nodes.get(*id)), verdict, "{}: verdict", self.name());
        }
    }

    fn check_score(&self, lasting: &LastingScore) {
        let name = self.name();
        let asked = self.plugin.pre_score(&self.cycle, self.ids);
        match (lasting, &asked) {
            (LastingScore::InCycle | LastingScore::ByKey, _) | (LastingScore::Skip, PreScore::Skip) => {}
            (LastingScore::Same(a), PreScore::Same(b)) => assert_eq!(a, b, "{name}"),
            (LastingScore::ByNode(lasting), PreScore::Ask(asked)) => self.compare_scores(&**lasting, &**asked),
            (LastingScore::Skip, _) => panic!("{name} skips scoring for good, and not in the cycle"),
            (LastingScore::Same(_), _) => panic!("{name} finds all nodes alike for good, and not in the cycle"),
            (LastingScore::ByNode(_), _) => panic!("{name} scores nodes for good, and not in the cycle"),
        }
    }

    fn compare_scores(&self, lasting: &dyn NodeScore, asked: &dyn Score) {
        let (name, nodes) = (self.name(), self.cycle.cluster.nodes());
        let mut scores: Vec<i64> = self.ids.iter().map(|id| asked.score(nodes.get(*id))).collect();
        let each: Vec<i64> = self.ids.iter().map(|id| lasting.score(nodes.get(*id))).collect();
        assert_eq!(each, scores, "{name}: score");
        assert_eq!(lasting.normalizes(), asked.normalizes(), "{name}");
        if !lasting.normalizes() {
            let mut totals: Vec<i64> = (0..self.ids.len() as i64).collect();
            lasting.add(nodes, self.ids, 3, &mut totals);
            let expected: Vec<i64> = scores.iter().zip(0..).map(|(score, before)| before + 3 * score).collect();
            assert_eq!(totals, expected, "{name}: add");
            return;
        }
        // Each different score once is enough.
        let different: Vec<i64> = scores.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let mut normalized = different.clone();
        lasting.normalize(&mut normalized);
        let by_set: Vec<i64> =
            scores.iter().map(|score| normalized[different.binary_search(score).expect("it is there")]).collect();
        asked.normalize(&mut scores);
        assert_eq!(by_set, scores, "{name}: normalize");
    }
}

/// Everything that the plugins of a profile say for good of a class.
fn lasting(profile: &Profile, class: &PodClass, cluster: &Cluster) -> Vec<towtank_sim::scheduler::Lasting> {
    profile.plugins.iter().map(|plugin| plugin.lasting(class, cluster)).collect()
}

fn check(profile: &Profile, answers: &[towtank_sim::scheduler::Lasting], cycle: Cycle<'_>, ids: &[NodeId]) {
    for (plugin, answers) in profile.plugins.iter().zip(answers) {
        let twin = Twin { plugin: &**plugin, cycle, ids };
        if plugin.points().contains(Points::FILTER) {
            twin.check_filter(&answers.filter);
        }
        if plugin.points().contains(Points::SCORE) {
            twin.check_score(&answers.score);
        }
    }
}

fn cycle_of(cluster: &Cluster, pod: PodId) -> Cycle<'_> {
    let class = cluster.pod(pod).expect("the pod lives").class;
    Cycle::new(cluster, class, Some(pod))
}

#[test]
fn lasting_answers_are_those_of_every_cycle() {
    for seed in 0..400 {
        let mut world = World::new(seed);
        for profile in profiles() {
            let spec = world.pod();
            let pod = world.submit(spec);
            let class = world.cluster.class_of(world.cluster.pod(pod).expect("just made"));
            let answers = lasting(&profile, class, &world.cluster);
            let ids = world.shuffled();
            check(&profile, &answers, cycle_of(&world.cluster, pod), &ids);
            // They hold when pods come and go, for any part of the nodes.
            world.place(4);
            let some = 1 + world.below(ids.len());
            check(&profile, &answers, cycle_of(&world.cluster, pod), &ids[..some]);
        }
    }
}

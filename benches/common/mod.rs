//! What the benchmarks share: the sizes of clusters, the kinds of pods, and clusters full of them.

#![allow(dead_code, reason = "each benchmark is a crate of its own and uses a part of this one")]

use criterion::Criterion;
use std::collections::VecDeque;
use std::time::Duration;
use towtank::policies::{self, BuildContext, ParsedConfig};
use towtank::sim::cluster::{Cause, Change, Cluster};
use towtank::sim::model::pod::PodPhase;
use towtank::sim::model::{NodeId, PodId};
use towtank::sim::random::Streams;
use towtank::sim::scheduler::{
    Cycle, Evaluation, FeatureGates, FitError, Nomination, Profile, Selection, TieBreak, Verdict,
};
use towtank::sim::source::{Source as _, Work};
use towtank::workloads::generate::{GeneratedPods, NodePools, PodGenerator};

/// How many nodes the clusters have.
pub(crate) const NODES: [usize; 4] = [100, 1_000, 5_000, 12_500];

/// How many pods each node has before anything is measured.
pub(crate) const FILL: usize = 8;

/// A configuration in which every node is considered: the cost of a sample grows with the sample, not with the cluster.
pub(crate) const CONFIGURATION: &str =
    "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\npercentageOfNodesToScore: 100\n";

/// A kind of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ten sizes.
    Plain,
    /// A thousand sizes.
    Mixed,
    /// Spread over zones and hosts.
    Spread,
    /// Not on a host with another one of their application.
    AntiAffinity,
    /// For each of which another one has to go.
    Preemption,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Plain, Self::Mixed, Self::Spread, Self::AntiAffinity, Self::Preemption];

    /// The name in tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Mixed => "mixed",
            Self::Spread => "spread",
            Self::AntiAffinity => "anti-affinity",
            Self::Preemption => "preemption",
        }
    }

    /// The shapes of a generator, as in a scenario.
    pub(crate) const fn shapes(self) -> &'static str {
        match self {
            Self::Plain => {
                "[{ cpu: { distribution: { uniform: { min: 0, max: 1 } }, roundTo: 100m }, requests: { memory: 512Mi } }]"
            }
            Self::Mixed => {
                "[{ cpu: { distribution: { uniform: { min: 0, max: 1 } }, roundTo: 25m }, \
                 memory: { distribution: { uniform: { min: 0, max: 1600Mi } }, roundTo: 64Mi } }]"
            }
            Self::Spread => {
                "[{ variants: 10, template: { metadata: { labels: { app: 'app-{n}' } }, spec: { \
                 containers: [{ name: main, resources: { requests: { cpu: 500m, memory: 1Gi } } }], \
                 topologySpreadConstraints: [{ maxSkew: 1, topologyKey: topology.kubernetes.io/zone, \
                 whenUnsatisfiable: DoNotSchedule, labelSelector: { matchLabels: { app: 'app-{n}' } } }, \
                 { maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, \
                 labelSelector: { matchLabels: { app: 'app-{n}' } } }] } } }]"
            }
            Self::AntiAffinity => {
                "[{ variants: 20, template: { metadata: { labels: { app: 'app-{n}' } }, spec: { \
                 containers: [{ name: main, resources: { requests: { cpu: 500m, memory: 1Gi } } }], \
                 affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ \
                 topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: { app: 'app-{n}' } } }] } } } } }]"
            }
            Self::Preemption => {
                "[{ template: { spec: { priority: 100, \
                 containers: [{ name: main, resources: { requests: { cpu: 1, memory: 1Gi } } }] } } }]"
            }
        }
    }

    /// The shapes of the pods that are there before: where pods are to make room, they fill the nodes to the last CPU.
    pub(crate) const fn shapes_before(self) -> &'static str {
        match self {
            Self::Preemption => "[{ requests: { cpu: 2, memory: 1Gi } }]",
            _ => self.shapes(),
        }
    }
}

/// So many nodes, as in a scenario.
pub(crate) fn nodes(count: usize) -> String {
    format!(
        "{{ nodes: [{{ count: {count}, zones: [a, b, c], allocatable: {{ cpu: 16, memory: 64Gi, pods: 110 }} }}] }}"
    )
}

/// A generator of pods that come one every millisecond, as in a scenario.
pub(crate) fn generator(name: &str, shapes: &str) -> String {
    format!("name: {name}\narrivals: {{ constant: {{ every: 1ms }} }}\nshapes: {shapes}\n")
}

/// Criterion with times that let all sizes and kinds be measured in a few minutes.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20)
        .configure_from_args()
}

/// A cluster, a scheduler's way to choose, and pods to come.
pub(crate) struct World {
    /// The cluster.
    pub(crate) cluster: Cluster,
    selection: Selection,
    profile: Profile,
    pods: GeneratedPods,
    before: GeneratedPods,
    /// The pods with a node, the oldest first.
    placed: VecDeque<PodId>,
}

impl World {
    /// So many nodes, each with [`FILL`] pods.
    pub(crate) fn new(kind: Kind, count: usize) -> Self {
        let streams = Streams::new(1);
        let mut cluster = Cluster::default();
        let pools: NodePools = serde_yaml::from_str(&nodes(count)).expect("node pools");
        for node in pools.nodes() {
            cluster.add_node(node).expect("names are unique");
        }
        let config = ParsedConfig::read(CONFIGURATION, "every-node").expect("a configuration");
        let context = BuildContext::new(streams, FeatureGates::default());
        let pods = |name, shapes| {
            let generator: PodGenerator = serde_yaml::from_str(&generator(name, shapes)).expect("a generator");
            generator.source(streams, 0).expect("it has shapes")
        };
        let mut world = Self {
            cluster,
            selection: Selection::new(Evaluation::Indexed, TieBreak::Random, Some(streams.stream("ties"))),
            profile: policies::build(&config, &context).profiles.remove(0),
            pods: pods("pods", kind.shapes()),
            before: pods("before", kind.shapes_before()),
            placed: VecDeque::new(),
        };
        for index in 0..count * FILL {
            let pod = world.fill();
            world.bind(pod, NodeId::new((index % count) as u32));
        }
        world.settle();
        world
    }

    /// The next pod, as it is created.
    pub(crate) fn arrive(&mut self) -> PodId {
        create(&mut self.pods, &mut self.cluster)
    }

    /// A pod of those that were there before.
    pub(crate) fn fill(&mut self) -> PodId {
        create(&mut self.before, &mut self.cluster)
    }

    /// Lets the scheduler hear of everything.
    pub(crate) fn settle(&mut self) {
        let selection = &mut self.selection;
        self.cluster.deliver(|change, cluster| {
            selection.changed(change, cluster);
            match change {
                Change::PodNominated { pod, .. } => {
                    let node = cluster.pod(pod).and_then(|pod| pod.nominated_node().cloned());
                    selection.nominator.nominate(pod, node);
                }
                Change::PodBound(pod, _) | Change::PodRemoved(pod) => selection.nominator.remove(pod),
                _ => {}
            }
        });
    }

    /// PreFilter to Score: the node for a pod, or why there is none.
    pub(crate) fn choose(&mut self, pod: PodId) -> Result<NodeId, Box<FitError>> {
        let class = self.cluster.pod(pod).expect("the pod lives").class;
        let cycle = Cycle::new(&self.cluster, class, Some(pod));
        let selected = self.selection.select((0, &self.profile), &cycle);
        selected.node.ok_or_else(|| selected.error.unwrap_or_default())
    }

    /// A whole decision, with all that follows from it: others make room where there is none.
    pub(crate) fn decide(&mut self, pod: PodId) -> NodeId {
        self.settle();
        let node = match self.choose(pod) {
            Ok(node) => node,
            Err(error) => {
                self.make_room(pod, error);
                self.settle();
                self.choose(pod).expect("room was made")
            }
        };
        let class = self.cluster.pod(pod).expect("the pod lives").class;
        let cycle = Cycle::new(&self.cluster, class, Some(pod));
        for index in &self.profile.reserve {
            let verdict = self.profile.plugins[*index].reserve(&cycle, self.cluster.node(node));
            assert_eq!(verdict, Verdict::Fits, "nothing has to be reserved");
        }
        self.bind(pod, node);
        node
    }

    /// Binds a pod.
    pub(crate) fn bind(&mut self, pod: PodId, node: NodeId) {
        self.cluster.bind(pod, node);
        self.placed.push_back(pod);
    }

    /// The pod that was bound last ends; its node.
    pub(crate) fn end_the_last(&mut self) -> NodeId {
        let pod = self.placed.pop_back().expect("a pod was bound");
        self.end(pod)
    }

    /// The oldest pod that is still there ends; its node.
    pub(crate) fn end_the_oldest(&mut self) -> NodeId {
        loop {
            let pod = self.placed.pop_front().expect("there are pods");
            if self.cluster.pod(pod).is_some_and(|pod| pod.deleting.is_none()) {
                return self.end(pod);
            }
        }
    }

    fn end(&mut self, pod: PodId) -> NodeId {
        let node = self.cluster.pod(pod).and_then(|pod| pod.node).expect("it is bound");
        self.cluster.finish(pod, PodPhase::Succeeded);
        node
    }

    fn make_room(&mut self, pod: PodId, error: Box<FitError>) {
        let class = self.cluster.pod(pod).expect("the pod lives").class;
        let cycle = Cycle::new(&self.cluster, class, Some(pod));
        let (_, remedy) = self.selection.post_filter(&self.profile, &cycle, error);
        for victim in remedy.victims {
            self.cluster.delete_pod(victim, Cause::Preempted);
            self.cluster.remove_pod(victim);
        }
        if let Nomination::Set(node) = remedy.nomination {
            let name = self.cluster.node(node).spec.name.clone();
            self.cluster.nominate(pod, Some(name));
        }
    }
}

fn create(pods: &mut GeneratedPods, cluster: &mut Cluster) -> PodId {
    let submission = pods.next(cluster).expect("a generator does not fail").expect("it never ends");
    let Work::Pod(pod) = submission.work else { panic!("a generator gives pods") };
    cluster.create_pod(pod).expect("there is no quota")
}

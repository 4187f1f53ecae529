//! What plugins say by key, against what they say node by node, while a random cluster changes.

use super::neighbours::{Draw, labels};
use crate::config::InterPodAffinityArgs;
use crate::kube::inter_pod_affinity::InterPodAffinity;
use crate::kube::pod_topology_spread::{Defaults, PodTopologySpread};
use proptest::prelude::*;
use std::collections::BTreeMap;
use towtank_sim::cluster::{Cause, Cluster, Fingerprint, Namespace, Object};
use towtank_sim::model::labels::LabelSelector;
use towtank_sim::model::node::HOSTNAME_LABEL;
use towtank_sim::model::pod::{NewPod, PodPhase};
use towtank_sim::model::taint::{Effect, Taint};
use towtank_sim::model::{ClassId, NodeId, ObjectId, PodId};
use towtank_sim::scheduler::{Cycle, Keys, Lasting, LastingFilter, LastingScore, Plugin, PreFilter, PreScore, Verdict};

/// An object that says which pods belong together.
#[derive(Debug)]
struct Grouping {
    kind: &'static str,
    selector: Option<LabelSelector>,
}

impl Object for Grouping {
    fn kind(&self) -> &'static str {
        self.kind
    }
    fn pod_selector(&self) -> Option<&LabelSelector> {
        self.selector.as_ref()
    }
    fn fold(&self, _into: &mut Fingerprint) {}
}

/// A cluster that changes.
struct World {
    cluster: Cluster,
    draw: Draw,
    classes: Vec<ClassId>,
    nodes: Vec<NodeId>,
    pods: Vec<PodId>,
    groupings: Vec<ObjectId>,
    made: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            cluster: Cluster::default(),
            draw: Draw::new(seed),
            classes: Vec::new(),
            nodes: Vec::new(),
            pods: Vec::new(),
            groupings: Vec::new(),
            made: 0,
        };
        let red = Namespace::new("x", labels(&[("team", "red")]));
        world.cluster.create_object("", "x", None, Box::new(red)).expect("a new name");
        (0..world.draw.below(8)).for_each(|_| world.add_node());
        (0..3).for_each(|_| world.add_class());
        world
    }

    fn number(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    fn add_node(&mut self) {
        let number = self.number();
        let node = self.draw.node(number);
        self.nodes.push(self.cluster.add_node(node).expect("a new name"));
    }

    fn add_class(&mut self) {
        let mut spec = self.draw.pod();
        match self.draw.below(4) {
            0 => spec.topology_spread.clear(),
            1 => (spec.pod_affinity, spec.pod_anti_affinity) = Default::default(),
            _ => {}
        }
        let class = self.cluster.intern(spec);
        self.classes.push(class);
    }

    fn add_grouping(&mut self) {
        let kind = self.draw.of(&["Service", "Service", "ReplicaSet", "StatefulSet", "ReplicationController", "Job"]);
        let name = format!("g{}", self.number());
        let namespace = self.draw.of(&["x", "y"]);
        let body = Box::new(self.grouping(kind));
        self.groupings.push(self.cluster.create_object(namespace, &name, None, body).expect("a new name"));
    }

    fn grouping(&mut self, kind: &'static str) -> Grouping {
        let by_labels = |selector: &LabelSelector| kind != "Service" || selector.expressions.is_empty();
        Grouping { kind, selector: self.draw.selector().filter(by_labels) }
    }

    fn add_pod(&mut self) -> PodId {
        let class = self.draw.of(&self.classes);
        self.add_pod_of(class)
    }

    fn add_pod_of(&mut self, class: ClassId) -> PodId {
        let namespace = &self.cluster.classes.get(class).spec.namespace;
        let objects = self.cluster.objects();
        let near = |id: &&ObjectId| objects.meta(**id).is_some_and(|meta| meta.namespace == *namespace);
        let owners: Vec<ObjectId> = self.groupings.iter().filter(near).copied().collect();
        let owner = if owners.is_empty() || self.draw.one_in(2) { None } else { Some(self.draw.of(&owners)) };
        let name = format!("p{}", self.number());
        self.cluster.create_pod(NewPod { owner, ..NewPod::new(name, class) }).expect("no quota")
    }

    /// A pod on a node.
    fn placed(&mut self) -> Option<PodId> {
        self.pods.retain(|id| self.cluster.pod(*id).is_some_and(|pod| pod.node.is_some() && !pod.is_finished()));
        if self.pods.is_empty() { None } else { Some(self.draw.of(&self.pods.clone())) }
    }

    fn step(&mut self) {
        let some_node = if self.nodes.is_empty() { None } else { Some(self.draw.of(&self.nodes.clone())) };
        match (self.draw.below(24), some_node) {
            (0..=7, Some(node)) => {
                let pod = self.add_pod();
                self.cluster.bind(pod, node);
                self.pods.push(pod);
            }
            (8, Some(node)) => {
                // Held, and perhaps given up again: often enough that nobody remembers.
                let pod = self.add_pod();
                for _ in 0..self.draw.of(&[0, 0, 1, 1500]) {
                    self.cluster.assume(pod, node);
                    self.cluster.forget(pod);
                }
                self.cluster.assume(pod, node);
                if self.draw.one_in(2) {
                    self.cluster.bind(pod, node);
                    self.pods.push(pod);
                }
            }
            (9..=13, _) => {
                let Some(pod) = self.placed() else { return };
                match self.draw.below(5) {
                    0 => self.cluster.finish(pod, PodPhase::Succeeded),
                    1 | 2 => self.cluster.delete_pod(pod, Cause::Deleted),
                    3 => self.cluster.remove_pod(pod),
                    _ => {
                        let class = self.draw.of(&self.classes);
                        self.cluster.update_pod(pod, class);
                    }
                }
            }
            (14..=16, Some(node)) => {
                let key = self.draw.of(&["zone", HOSTNAME_LABEL, "disk"]);
                let value = self.draw.of(&["a", "b", "c", "", "ssd", "own", "-"]);
                let times = self.draw.of(&[1, 1, 1, 1, 1, 600]);
                let own = format!("n{}", node.slot());
                for _ in 0..times {
                    self.cluster.update_node(node, |spec| match value {
                        "-" => _ = spec.labels.remove(key),
                        "own" => _ = spec.labels.insert(key.to_owned(), own.clone()),
                        _ => _ = spec.labels.insert(key.to_owned(), value.to_owned()),
                    });
                }
            }
            (17, Some(node)) => {
                let taint = Taint { key: "t".to_owned(), value: String::new(), effect: Effect::NoSchedule };
                self.cluster.update_node(node, |spec| {
                    if spec.taints.pop().is_none() {
                        spec.taints.push(taint);
                    }
                });
            }
            (18, Some(node)) => {
                self.nodes.retain(|other| *other != node);
                if self.draw.one_in(2) {
                    self.cluster.remove_node(node);
                } else {
                    self.cluster.remove_node_alone(node);
                }
            }
            (19, _) => self.add_class(),
            (20, _) => self.change_object(),
            _ => self.add_node(),
        }
        self.cluster.deliver(|_, _| ());
    }

    fn change_object(&mut self) {
        let some = if self.groupings.is_empty() { None } else { Some(self.draw.of(&self.groupings.clone())) };
        match (self.draw.below(5), some) {
            (0, _) => {
                let team = self.draw.of(&["red", "blue"]);
                let namespace = self.draw.of(&["x", "z"]);
                let body = Box::new(Namespace::new(namespace, labels(&[("team", team)])));
                match self.cluster.objects().by_name(Namespace::KIND, "", namespace) {
                    Some(id) => self.cluster.replace_object(id, body),
                    None => _ = self.cluster.create_object("", namespace, None, body),
                }
            }
            (1, Some(id)) => {
                self.groupings.retain(|other| *other != id);
                self.cluster.remove_object(id);
            }
            (2, Some(id)) => {
                let kind = self.cluster.objects().meta(id).expect("it has not left").kind;
                let body = Box::new(self.grouping(kind));
                self.cluster.replace_object(id, body);
            }
            _ => self.add_grouping(),
        }
    }
}

/// What is kept of what a plugin says to a class, as the scheduler would.
struct Answers {
    lasting: Lasting,
    basis: Vec<u64>,
    /// By slot.
    keys: Vec<u64>,
    seen: u64,
    membership: u64,
}

impl Answers {
    fn new(plugin: &dyn Plugin, class: ClassId, cluster: &Cluster) -> Self {
        let lasting = plugin.lasting(cluster.classes.get(class), cluster);
        let basis = basis(&lasting, cluster);
        Self { lasting, basis, keys: Vec::new(), seen: u64::MAX, membership: 0 }
    }

    /// Asks for the keys that may have changed; whether there are any.
    fn refresh(&mut self, cycle: &Cycle<'_>) -> bool {
        let Some(judge) = &mut self.lasting.keys else { return true };
        let answer = judge.begin(cycle);
        let nodes = cycle.cluster.nodes();
        let changed = nodes.changes().since(self.seen);
        let changed = changed.filter(|_| answer == Keys::Kept && self.membership == nodes.membership());
        let ids: Vec<NodeId> = match changed {
            Some(changed) => changed.iter().copied().filter(|id| nodes.find(*id).is_some()).collect(),
            None => nodes.iter().map(|node| node.id).collect(),
        };
        (self.seen, self.membership) = (nodes.changes().end(), nodes.membership());
        if answer == Keys::Useless {
            self.seen = u64::MAX;
            return false;
        }
        let mut keys = vec![0; ids.len()];
        judge.keys(nodes, &ids, &mut keys);
        self.keys.resize(nodes.slots(), 0);
        ids.iter().zip(keys).for_each(|(id, key)| self.keys[id.index()] = key);
        true
    }

    fn verdict(&self, node: NodeId) -> Verdict {
        match (&self.lasting.filter, &self.lasting.keys) {
            (LastingFilter::Skip, _) => Verdict::Fits,
            (LastingFilter::ByKey, Some(judge)) => judge.filter(self.keys[node.index()]),
            _ => panic!("it answers by key"),
        }
    }

    fn scores(&self, feasible: &[NodeId]) -> Vec<i64> {
        match (&self.lasting.score, &self.lasting.keys) {
            (LastingScore::Skip, _) => vec![0; feasible.len()],
            (LastingScore::ByKey, Some(judge)) => {
                let mut groups: BTreeMap<u64, u32> = BTreeMap::new();
                for id in feasible {
                    *groups.entry(self.keys[id.index()]).or_default() += 1;
                }
                let groups: Vec<(u64, u32)> = groups.into_iter().collect();
                let mut scores = vec![-1; groups.len()];
                judge.score(&groups, &mut scores);
                let place = |id: &NodeId| groups.iter().position(|(key, _)| *key == self.keys[id.index()]);
                feasible.iter().map(|id| scores[place(id).expect("grouped above")]).collect()
            }
            _ => panic!("it answers by key"),
        }
    }
}

fn basis(lasting: &Lasting, cluster: &Cluster) -> Vec<u64> {
    let basis = lasting.basis;
    let versions = [
        (basis.node_specs, cluster.nodes().spec_changes()),
        (basis.affinity_classes, cluster.placements().affinity_version()),
        (basis.selectors, cluster.objects().selector_version()),
    ];
    let versions = versions.map(|(counts, version)| if counts { version } else { 0 });
    versions.into_iter().chain(basis.kinds.iter().map(|kind| cluster.objects().kind_version(kind))).collect()
}

fn plain_verdicts(plugin: &dyn Plugin, cycle: &Cycle<'_>, nodes: &[NodeId]) -> Vec<Verdict> {
    match plugin.pre_filter(cycle) {
        PreFilter::Skip => vec![Verdict::Fits; nodes.len()],
        PreFilter::Ask(filter) => nodes.iter().map(|id| filter.filter(cycle.cluster.node(*id))).collect(),
        _ => panic!("nothing is rejected outright"),
    }
}

fn plain_scores(plugin: &dyn Plugin, cycle: &Cycle<'_>, feasible: &[NodeId]) -> Vec<i64> {
    match plugin.pre_score(cycle, feasible) {
        PreScore::Skip => vec![0; feasible.len()],
        PreScore::Same(score) => vec![score; feasible.len()],
        PreScore::Ask(scorer) => {
            let mut scores: Vec<i64> = feasible.iter().map(|id| scorer.score(cycle.cluster.node(*id))).collect();
            scorer.normalize(&mut scores);
            scores
        }
    }
}

fn plugins(draw: &mut Draw) -> Vec<Box<dyn Plugin>> {
    let spread = Defaults {
        constraints: (0..draw.below(4)).map(|_| draw.constraint()).collect(),
        are_of_the_system: draw.one_in(2),
    };
    let args = InterPodAffinityArgs {
        hard_pod_affinity_weight: draw.of(&[0, 1, 100]),
        ignore_preferred_terms_of_existing_pods: draw.one_in(3),
    };
    vec![
        Box::new(PodTopologySpread::default()),
        Box::new(PodTopologySpread::new(spread)),
        Box::new(InterPodAffinity::default()),
        Box::new(InterPodAffinity::new(args)),
    ]
}

proptest! {
    #[test]
    fn keys_give_what_asking_every_node_gives(seed in any::<u64>(), steps in 1_usize..60) {
        let mut world = World::new(seed);
        let plugins = plugins(&mut world.draw);
        let mut answers: BTreeMap<(usize, ClassId), Answers> = BTreeMap::new();
        for step in 0..steps {
            world.step();
            for class in world.classes.clone() {
                if world.draw.one_in(2) {
                    continue;
                }
                // A pod that waits, and may have an owner, or a hypothetical one.
                let pod = if world.draw.one_in(2) { Some(world.add_pod_of(class)) } else { None };
                let nodes: Vec<NodeId> = world.cluster.nodes().iter().map(|node| node.id).collect();
                let feasible: Vec<NodeId> = nodes.iter().copied().filter(|_| !world.draw.one_in(4)).collect();
                let cycle = Cycle::new(&world.cluster, class, pod);
                for (number, plugin) in plugins.iter().enumerate() {
                    let new = || Answers::new(&**plugin, class, &world.cluster);
                    let known = answers.entry((number, class)).or_insert_with(new);
                    if known.basis != basis(&known.lasting, &world.cluster) {
                        *known = new();
                    }
                    prop_assert!(known.refresh(&cycle), "few nodes have few keys");
                    let verdicts: Vec<Verdict> = nodes.iter().map(|id| known.verdict(*id)).collect();
                    prop_assert_eq!(verdicts, plain_verdicts(&**plugin, &cycle, &nodes), "step {}, plugin {}", step, number);
                    let scores = known.scores(&feasible);
                    prop_assert_eq!(scores, plain_scores(&**plugin, &cycle, &feasible), "step {}, plugin {}", step, number);
                }
            }
        }
    }
}

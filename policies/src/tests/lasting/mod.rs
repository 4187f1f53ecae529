//! Answers that last are those that every cycle gives.

mod world;

use crate::config::ParsedConfig;
use crate::factory::BuildContext;
use crate::named::POLICIES;
use crate::registry::PLUGINS;
use crate::tests::expected_pods::expected_pods;
use std::collections::BTreeSet;
use towtank_sim::cluster::{Cluster, NodeLoad};
use towtank_sim::model::pod::{PodClass, PodSpec};
use towtank_sim::model::resources::ResourceId;
use towtank_sim::model::{NodeId, PodId};
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{
    AskColumns, Asks, Basis, ClassFilter, ClassScore, Cycle, FeatureGates, Filter, Kinds, LANES, Lasting,
    LastingFilter, LastingScore, LoadBlock, NodeFilter, NodePart, NodeScore, Plugin, Points, PreFilter, PreScore,
    Profile, Score, ShareBlock, Shares, Totals, Verdict, exact,
};
use world::World;

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

fn build(profile: &str, gates: FeatureGates) -> Profile {
    let text = format!(
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n  - schedulerName: \
         default-scheduler{profile}\n"
    );
    let config = ParsedConfig::read(&text, "test").unwrap_or_else(|e| panic!("{e}"));
    build_config(&config, gates)
}

fn build_config(config: &ParsedConfig, gates: FeatureGates) -> Profile {
    let target_workload = Some(expected_pods());
    crate::build(config, &BuildContext { target_workload, ..BuildContext::new(Streams::new(7), gates) })
        .profiles
        .remove(0)
}

/// The profiles with all plugins, and those of the named policies.
fn profiles(gates: FeatureGates) -> Vec<Profile> {
    let all: Vec<String> = PLUGINS.iter().map(|plugin| format!("{{ name: {} }}", plugin.name)).collect();
    let shape = "{ name: RequestedToCapacityRatio, args: { shape: [{ utilization: 0, score: 10 }, { utilization: 100, score: 0 }] } }";
    let with_all = PROFILES.map(|profile| {
        let config = if profile.is_empty() { "\n    pluginConfig:" } else { profile };
        // A profile has one order of the queue.
        let sort = "queueSort: { disabled: [{ name: '*' }], enabled: [{ name: PrioritySort }] }";
        let plugins = format!("plugins: {{ multiPoint: {{ enabled: [{}] }}, {sort} }}", all.join(", "));
        build(&format!("\n    {plugins}{config}\n      - {shape}"), gates)
    });
    with_all.into_iter().chain(POLICIES.iter().map(|policy| build_config(&policy.config(), gates))).collect()
}

/// The default gates, with every third of them the other way round.
fn gates(seed: u64) -> FeatureGates {
    let mut gates = FeatureGates::default();
    for (gate, number) in FeatureGates::ALL.iter().zip(0..) {
        if (number + seed).is_multiple_of(3) && !seed.is_multiple_of(2) {
            gates.set(*gate, !gate.default);
        }
    }
    gates
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
        let blocks = LoadBlock::gather(nodes, self.ids);
        let mut fits = vec![std::array::from_fn(|lane| lane % 5 != 4); blocks.len()];
        let fitted: Vec<bool> = fits.iter().flatten().copied().collect();
        let expected: Vec<bool> = fitted.iter().zip(&verdicts).map(|(fits, v)| *fits && *v == Verdict::Fits).collect();
        lasting.narrow(nodes, &blocks, &mut fits);
        assert_eq!(fits.as_flattened()[..self.ids.len()], expected, "{}: narrow", self.name());
        if let Some(across) = lasting.across() {
            let mut fits = vec![std::array::from_fn(|lane| lane % 5 != 4); blocks.len()];
            across.judge.narrow_nodes(&blocks, &across.asks, &mut fits);
            let found: Vec<bool> = self.of_exact(fits.as_flattened()).copied().collect();
            let expected: Vec<bool> = self.of_exact(&expected).copied().collect();
            assert_eq!(found, expected, "{}: narrow nodes", self.name());
            self.check_room(&*across.judge, across.asks, &verdicts);
            for (load, verdict) in self.exact_loads().zip(&verdicts).filter_map(|(load, v)| Some((load?, v))) {
                let fits = fits_across(&*across.judge, across.asks, load);
                assert_eq!(fits, *verdict == Verdict::Fits, "{}: narrow across classes", self.name());
            }
        }
        for (id, verdict) in self.ids.iter().zip(verdicts) {
            assert_eq!(lasting.verdict(nodes.get(*id)), verdict, "{}: verdict", self.name());
        }
    }

    /// A filter that looks at room alone says what a block knows of the least room on its nodes.
    fn check_room(&self, judge: &dyn ClassFilter, asks: Asks, verdicts: &[Verdict]) {
        let Some(room) = judge.room(&asks) else { return };
        for (id, verdict) in self.ids.iter().zip(verdicts) {
            let loads = LoadBlock::gather(self.cycle.cluster.nodes(), &[*id]).remove(0);
            let mut block = ShareBlock::of(&loads, &mut Kinds::default());
            // Of one without numbers nothing is certain.
            let expected = block.serves() && *verdict == Verdict::Fits;
            assert_eq!(block.has_room(&loads, &room), expected, "{}: room", self.name());
        }
    }

    /// Scores by parts of what nodes have, where there is the room that the pod requests: of nodes together and of each alone.
    fn check_shares(&self, judge: &dyn ClassScore, asks: Asks, scores: &[i64]) {
        let Some(judge) = judge.by_shares() else { return };
        let nodes = self.cycle.cluster.nodes();
        let requests = &self.cycle.class.requests;
        let has_room = |id: NodeId| {
            let node = nodes.get(id);
            let left = |resource| node.allocatable.get(resource).saturating_sub(node.requested.get(resource));
            [ResourceId::CPU, ResourceId::MEMORY].iter().all(|id| left(*id) >= requests.get(*id))
        };
        let mut kinds = Kinds::default();
        for some in self.ids.chunks(LANES).chain(self.ids.chunks(3)).chain(self.ids.chunks(1)) {
            let loads = LoadBlock::gather(nodes, some);
            let blocks: Vec<ShareBlock> = loads.iter().map(|loads| ShareBlock::of(loads, &mut kinds)).collect();
            if !blocks.iter().all(ShareBlock::serves) {
                continue;
            }
            let mut totals = [Totals(std::array::from_fn(|lane| lane as i16))];
            judge.add(Shares { loads: &loads, blocks: &blocks, kinds: &kinds }, &asks, 3, &mut totals);
            for (lane, id) in some.iter().enumerate().filter(|(_, id)| has_room(**id)) {
                let index = self.ids.iter().position(|other| other == id).expect("it is one of them");
                assert_eq!(i64::from(totals[0].0[lane]), lane as i64 + 3 * scores[index], "{}: shares", self.name());
            }
        }
    }

    /// What belongs to the nodes that are exact.
    fn of_exact<'a, T>(&'a self, all: &'a [T]) -> impl Iterator<Item = &'a T> {
        self.exact_loads().zip(all).filter_map(|(load, one)| load.map(|_| one))
    }

    /// The loads of the nodes, as far as they are exact.
    fn exact_loads(&self) -> impl Iterator<Item = Option<&NodeLoad>> {
        let loads = self.ids.iter().map(|id| self.cycle.cluster.nodes().load(*id));
        loads.map(|load| load.exact.then_some(load))
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
            let blocks = LoadBlock::gather(nodes, self.ids);
            let mut totals = vec![std::array::from_fn(|lane| lane as f64); blocks.len()];
            lasting.add(nodes, &blocks, 3, &mut totals);
            let expected = scores.iter().enumerate().map(|(i, score)| (i % LANES) as f64 + exact(3 * score));
            let expected: Vec<f64> = expected.collect();
            assert_eq!(totals.as_flattened()[..self.ids.len()], expected, "{name}: add");
            if let Some(across) = lasting.across() {
                let before: [f64; LANES] = std::array::from_fn(|lane| lane as f64);
                let mut totals = vec![before; blocks.len()];
                across.judge.add_nodes(&blocks, &across.asks, 3.0, &mut totals);
                let expected: Vec<f64> =
                    scores.iter().enumerate().map(|(i, score)| before[i % LANES] + exact(3 * score)).collect();
                let found: Vec<f64> = self.of_exact(totals.as_flattened()).copied().collect();
                let expected: Vec<f64> = self.of_exact(&expected).copied().collect();
                assert_eq!(found, expected, "{name}: add to nodes");
                self.check_shares(&*across.judge, across.asks, &scores);
                for (load, score) in self.exact_loads().zip(scores).filter_map(|(load, s)| Some((load?, s))) {
                    let added = added_across(&*across.judge, across.asks, load);
                    assert_eq!(added, 3 * score, "{name}: add across classes");
                }
            }
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

/// Of so many classes, all but the last third are the one that is asked about.
const CLASSES: usize = 21;

fn columns(asks: Asks) -> AskColumns {
    let mut columns = AskColumns::default();
    columns.resize(CLASSES);
    (0..CLASSES * 2 / 3).for_each(|lane| columns.set(lane, asks));
    columns
}

/// Whether a node fits a class among others.
fn fits_across(judge: &dyn ClassFilter, asks: Asks, load: &NodeLoad) -> bool {
    let before: Vec<bool> = (0..CLASSES).map(|lane| lane % 5 != 4).collect();
    let mut fits = before.clone();
    judge.narrow(load, &columns(asks), &mut fits);
    let asked = ..CLASSES * 2 / 3;
    assert!(!fits[asked].contains(&true) || fits[asked] == before[asked], "lanes that differ");
    fits[0]
}

/// Three times the score of a node for a class among others.
fn added_across(judge: &dyn ClassScore, asks: Asks, load: &NodeLoad) -> i64 {
    let mut totals: Vec<f64> = (0..CLASSES).map(|lane| lane as f64).collect();
    judge.add(load, &columns(asks), 3.0, &mut totals);
    let added: Vec<i64> = totals.iter().zip(0..).map(|(total, lane)| *total as i64 - lane).collect();
    assert!(added[..CLASSES * 2 / 3].iter().all(|other| *other == added[0]), "lanes that differ");
    added[0]
}

/// Everything that the plugins of a profile say for good of a class.
fn lasting(profile: &Profile, class: &PodClass, cluster: &Cluster) -> Vec<Lasting> {
    profile.plugins.iter().map(|plugin| plugin.lasting(class, cluster)).collect()
}

fn check(profile: &Profile, answers: &[Lasting], cycle: Cycle<'_>, ids: &[NodeId]) {
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

fn class_of(cluster: &Cluster, pod: PodId) -> &PodClass {
    cluster.class_of(cluster.pod(pod).expect("the pod lives"))
}

fn cycle_of(cluster: &Cluster, pod: PodId) -> Cycle<'_> {
    Cycle::new(cluster, cluster.pod(pod).expect("the pod lives").class, Some(pod))
}

#[test]
fn lasting_answers_are_those_of_every_cycle() {
    for seed in 0..200 {
        let mut world = World::new(seed);
        for profile in profiles(gates(seed)) {
            let spec = world.pod();
            let pod = world.submit(spec);
            let mut answers = lasting(&profile, class_of(&world.cluster, pod), &world.cluster);
            let ids = world.shuffled();
            check(&profile, &answers, cycle_of(&world.cluster, pod), &ids);
            // They hold when pods come and go and nodes change, for any part of the nodes.
            world.place(4);
            world.change_node();
            let class_came = world.one_in(4);
            if class_came {
                world.add_device_class();
            }
            for (plugin, answers) in profile.plugins.iter().zip(&mut answers) {
                if answers.basis.node_specs || (class_came && !answers.basis.kinds.is_empty()) {
                    *answers = plugin.lasting(class_of(&world.cluster, pod), &world.cluster);
                }
            }
            let some = 1 + world.below(ids.len());
            check(&profile, &answers, cycle_of(&world.cluster, pod), &ids[..some]);
        }
    }
}

/// What an answer that follows from specifications says of some nodes; `None` of other answers.
fn by_spec(answers: &Lasting, cluster: &Cluster, ids: &[NodeId]) -> (Option<Vec<Verdict>>, Option<Vec<i64>>) {
    let lasts = answers.basis == Basis::default();
    let nodes = || ids.iter().map(|id| cluster.node(*id));
    let verdicts = match &answers.filter {
        LastingFilter::ByNode(filter) if lasts && filter.reads() == NodePart::Spec => {
            Some(nodes().map(|node| filter.verdict(node)).collect())
        }
        _ => None,
    };
    let scores = match &answers.score {
        LastingScore::ByNode(score) if lasts && score.reads() == NodePart::Spec => {
            Some(nodes().map(|node| score.score(node)).collect())
        }
        _ => None,
    };
    (verdicts, scores)
}

/// Such answers are shared by classes that differ in what they request and how they are called.
#[test]
fn what_follows_from_specifications_does_not_depend_on_requests_names_and_other_pods() {
    for seed in 0..200 {
        let mut world = World::new(seed);
        let profile = profiles(gates(seed)).swap_remove(seed as usize % PROFILES.len());
        let spec = PodSpec { node_name: None, ..world.pod() };
        let other = world.renamed(&spec);
        let (pod, other) = (world.submit(spec), world.submit(other));
        let before = lasting(&profile, class_of(&world.cluster, pod), &world.cluster);
        let ids = world.shuffled();
        let say = |answers: &[Lasting], world: &World| -> Vec<_> {
            answers.iter().map(|answers| by_spec(answers, &world.cluster, &ids)).collect()
        };
        let said = say(&before, &world);
        world.place(8);
        assert_eq!(said, say(&before, &world), "pods that came make a difference");
        let after = lasting(&profile, class_of(&world.cluster, other), &world.cluster);
        assert_eq!(said, say(&after, &world), "requests or names make a difference");
    }
}

/// What judges a node for many classes was made for one of them.
#[test]
fn judges_of_many_classes_know_them_by_their_asks() {
    for seed in 0..200 {
        let mut world = World::new(seed);
        let profile = profiles(gates(seed)).swap_remove(seed as usize % PROFILES.len());
        let pods = [0, 1].map(|_| {
            let spec = world.pod();
            world.submit(spec)
        });
        world.place(8);
        let [one, other] = pods.map(|pod| lasting(&profile, class_of(&world.cluster, pod), &world.cluster));
        let loads: Vec<&NodeLoad> =
            world.cluster.nodes().iter().map(|node| world.cluster.nodes().load(node.id)).collect();
        for (one, other) in one.iter().zip(&other) {
            if let (LastingFilter::ByNode(one), LastingFilter::ByNode(other)) = (&one.filter, &other.filter)
                && let (Some(one), Some(other)) = (one.across(), other.across())
            {
                for load in loads.iter().filter(|load| load.exact) {
                    let [a, b] = [&one, &other].map(|made| fits_across(&*made.judge, other.asks, load));
                    assert_eq!(a, b);
                }
            }
            if let (LastingScore::ByNode(one), LastingScore::ByNode(other)) = (&one.score, &other.score)
                && let (Some(one), Some(other)) = (one.across(), other.across())
            {
                for load in loads.iter().filter(|load| load.exact) {
                    let [a, b] = [&one, &other].map(|made| added_across(&*made.judge, other.asks, load));
                    assert_eq!(a, b);
                }
            }
        }
    }
}

/// So that a decision about such a pod asks no plugin about nodes that have not changed.
#[test]
fn of_plain_pods_everything_lasts() {
    let mut world = World::new(1);
    let profile = build("", FeatureGates::default());
    let mut requests = world.requests();
    requests.retain(|name, _| !name.contains('/'));
    let pod = world.submit(PodSpec::with_requests(requests));
    for (plugin, answers) in
        profile.plugins.iter().zip(lasting(&profile, class_of(&world.cluster, pod), &world.cluster))
    {
        let (name, points) = (plugin.name(), plugin.points());
        if points.contains(Points::FILTER) {
            assert!(!matches!(answers.filter, LastingFilter::InCycle), "{name}");
        }
        if points.contains(Points::SCORE) {
            assert!(!matches!(answers.score, LastingScore::InCycle), "{name}");
        }
    }
}

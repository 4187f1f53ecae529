//! Properties of all plugins on random clusters, and what the research policies are about.

use crate::factory::BuildContext;
use crate::named::POLICIES;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeSet;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::gpu::GpuRequest;
use towtank_sim::model::node::{NodeImage, NodeSpec};
use towtank_sim::model::pod::{NewPod, PodSpec};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::model::taint::{Effect, Taint};
use towtank_sim::model::{NodeId, PodId, Quantity};
use towtank_sim::random::Streams;
use towtank_sim::scheduler::FeatureGates;
use towtank_sim::scheduler::{Cycle, Dependence, PreScore, Profile};

pub(super) fn profile(policy: &str) -> Profile {
    let config = crate::profile_by_name(policy).expect("a policy").config();
    crate::build(&config, &BuildContext::new(Streams::new(7), FeatureGates::default())).profiles.remove(0)
}

fn resources(cpu_milli: i64, memory: i64) -> ResourceList {
    [("cpu".to_owned(), Quantity::from_milli(cpu_milli)), ("memory".to_owned(), Quantity::from_units(memory))].into()
}

fn add_node(cluster: &mut Cluster, cpu_milli: i64, memory: i64) -> NodeId {
    let count = cluster.nodes().len();
    let mut allocatable = resources(cpu_milli, memory);
    allocatable.insert("pods".to_owned(), Quantity::from_units(110));
    let soft = Taint { key: "soft".to_owned(), value: String::new(), effect: Effect::PreferNoSchedule };
    let spec = NodeSpec {
        name: format!("n{count}").into(),
        allocatable: allocatable.into(),
        taints: vec![soft; count % 3].into(),
        images: vec![NodeImage { names: vec!["app:latest".to_owned()], size: memory }; count % 2].into(),
        devices: (count % 4) as u8,
        ..NodeSpec::default()
    };
    cluster.add_node(spec).expect("a new name")
}

fn add_pod(cluster: &mut Cluster, spec: PodSpec) -> PodId {
    let name = format!("p{}", cluster.counters().submitted);
    let class = cluster.intern(spec);
    cluster.create_pod(NewPod::new(name, class)).expect("no quota")
}

fn cycle(cluster: &Cluster, pod: PodId) -> Cycle<'_> {
    let class_id = cluster.pod(pod).expect("the pod lives").class;
    Cycle::new(cluster, class_id, Some(pod))
}

/// The weighted sums over the plugins of the profile.
fn totals(profile: &Profile, cycle: &Cycle<'_>, feasible: &[NodeId]) -> Vec<i64> {
    let mut totals = vec![0; feasible.len()];
    for &(plugin, weight) in &profile.score {
        let scores = match profile.plugins[plugin].pre_score(cycle, feasible) {
            PreScore::Skip => continue,
            PreScore::Same(score) => vec![score; feasible.len()],
            PreScore::Ask(scorer) => {
                let mut scores: Vec<i64> = feasible.iter().map(|id| scorer.score(cycle.cluster.node(*id))).collect();
                let raw = scores.clone();
                scorer.normalize(&mut scores);
                assert!(scorer.normalizes() || raw == scores, "a plugin normalises in secret");
                scores
            }
        };
        let name = profile.plugins[plugin].name();
        assert!(scores.iter().all(|score| (0..=100).contains(score)), "{name}: {scores:?}");
        totals.iter_mut().zip(scores).for_each(|(total, score)| *total += weight * score);
    }
    totals
}

/// Places a pod by the profile, first of the best, as a scheduler would.
fn place(profile: &Profile, cluster: &mut Cluster, spec: PodSpec) -> NodeId {
    let pod = add_pod(cluster, spec);
    let view = cycle(cluster, pod);
    let ids: Vec<NodeId> = cluster.nodes().iter().map(|node| node.id).collect();
    let totals = totals(profile, &view, &ids);
    let best = (0..ids.len()).rev().max_by_key(|i| totals[*i]).expect("a node");
    for index in &profile.reserve {
        profile.plugins[*index].reserve(&view, cluster.node(ids[best]));
    }
    cluster.bind(pod, ids[best]);
    ids[best]
}

proptest! {
    #[test]
    fn scores_are_in_range_and_answers_repeat(
        nodes in vec((1_i64..100_000, 1_i64..1 << 40), 1..12),
        bound in vec((0_i64..20_000, 0_i64..1 << 36, 0_usize..12), 0..30),
        pod in (0_i64..20_000, 0_i64..1 << 36),
        gpu in proptest::option::of((1_u8..4, 1_u16..=1000)),
    ) {
        let mut cluster = Cluster::default();
        let ids: Vec<NodeId> = nodes.iter().map(|(cpu, memory)| add_node(&mut cluster, *cpu, *memory)).collect();
        for (cpu, memory, node) in bound {
            let pod = add_pod(&mut cluster, PodSpec::with_requests(resources(cpu, memory)));
            cluster.bind(pod, ids[node % ids.len()]);
        }
        let mut spec = PodSpec::with_requests(resources(pod.0, pod.1));
        spec.containers[0].image = "app".to_owned();
        spec.gpu = gpu.map(|(count, milli)| GpuRequest { count, milli });
        let pod = add_pod(&mut cluster, spec);
        let cycle = cycle(&cluster, pod);
        for policy in POLICIES {
            let profile = profile(policy.name);
            let verdicts = || -> Vec<_> {
                let chain = profile.filters(&cycle).unwrap_or_else(|_| panic!("nothing is rejected outright"));
                cluster.nodes().iter().map(|node| chain.check(node)).collect()
            };
            prop_assert_eq!(verdicts(), verdicts());
            prop_assert_eq!(totals(&profile, &cycle, &ids), totals(&profile, &cycle, &ids));
        }
    }
}

#[test]
fn plugins_that_look_beyond_the_node_say_so() {
    let (mut filters, mut scorers) = (BTreeSet::new(), BTreeSet::new());
    for policy in POLICIES {
        let profile = profile(policy.name);
        let plugin = |index: &usize| &profile.plugins[*index];
        let looks_beyond = profile.filter.iter().map(plugin).filter(|p| p.filter_depends_on() == Dependence::Anything);
        filters.extend(looks_beyond.map(|p| p.name()));
        let looks_beyond = profile.score.iter().map(|(index, _)| plugin(index));
        let looks_beyond = looks_beyond.filter(|p| p.score_depends_on() == Dependence::Anything);
        scorers.extend(looks_beyond.map(|p| p.name()));
    }
    // What they look at: other nodes' pods, devices, images and volumes; a random stream.
    let neighbours = ["DynamicResources", "InterPodAffinity", "PodTopologySpread"];
    let volumes = ["NodeVolumeLimits", "VolumeBinding", "VolumeRestrictions", "VolumeZone"];
    assert_eq!(filters, neighbours.into_iter().chain(volumes).collect());
    let others = ["ImageLocality", "PowerOfKChoices", "Random", "VolumeBinding"];
    assert_eq!(scorers, neighbours.into_iter().chain(others).collect());
}

/// Where ten equal pods go on three nodes of 4, 2 and 8 cores, the largest last.
fn ten_pods(policy: &str) -> Vec<u32> {
    let mut cluster = Cluster::default();
    for cores in [4, 2, 8] {
        add_node(&mut cluster, cores * 1000, cores << 30);
    }
    let profile = profile(policy);
    (0..10).map(|_| place(&profile, &mut cluster, PodSpec::with_requests(resources(100, 100 << 20))).slot()).collect()
}

#[test]
fn research_policies_do_what_their_names_say() {
    assert_eq!(ten_pods("round-robin"), [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
    assert_eq!(ten_pods("first-fit"), [0; 10]);
    assert_eq!(ten_pods("best-fit"), [1; 10], "the smallest node is the fullest with the pod on it");
    assert_eq!(ten_pods("worst-fit")[..4], [2, 0, 2, 2], "the largest node stays the emptiest longest");
    let random = ten_pods("random");
    assert_eq!(random, ten_pods("random"));
    assert!((0..3).all(|node| random.contains(&node)), "{random:?}");
}

#[test]
fn an_image_that_arrives_counts_at_once() {
    let mut cluster = Cluster::default();
    let (a, b) = (add_node(&mut cluster, 4000, 1 << 30), add_node(&mut cluster, 4000, 1 << 30));
    let mut spec = PodSpec::default();
    spec.containers.push(towtank_sim::model::pod::Container { image: "new:1".into(), ..Default::default() });
    let pod = add_pod(&mut cluster, spec);
    let profile = profile("default");
    let scorer = profile.plugins.iter().find(|p| p.name() == "ImageLocality").expect("in the default profile");
    assert!(matches!(scorer.pre_score(&cycle(&cluster, pod), &[a, b]), PreScore::Same(0)));
    cluster.update_node(b, |node| node.images.push(NodeImage { names: vec!["new:1".into()], size: 1 << 30 }));
    let view = cycle(&cluster, pod);
    let PreScore::Ask(ask) = scorer.pre_score(&view, &[a, b]) else { panic!("the image is on a node") };
    // Half of 1 GiB, because one node of two has it: 100 * (512 - 23) / (1000 - 23), truncated.
    assert_eq!((ask.score(cluster.node(a)), ask.score(cluster.node(b))), (0, 50));
}

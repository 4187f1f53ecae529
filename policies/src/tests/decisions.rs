//! Properties of whole decisions on random clusters whose pods have requests, ports, priorities and opinions about each other.

use super::neighbours::{Draw, Neighbours};
use super::properties::profile;
use proptest::prelude::*;
use std::cmp::Reverse;
use towtank_sim::cluster::{Change, Cluster};
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{NewPod, PodSpec};
use towtank_sim::model::{ClassId, NodeId, PodId, Quantity};
use towtank_sim::scheduler::{Cycle, Evaluation, Nomination, Profile, Selected, Selection, TieBreak};

fn cycle(cluster: &Cluster, pod: PodId) -> Cycle<'_> {
    Cycle::new(cluster, cluster.pod(pod).expect("the pod lives").class, Some(pod))
}

/// A selection that has heard of the cluster's nodes.
fn selection(cluster: &Cluster, evaluation: Evaluation) -> Selection {
    let mut selection = Selection::new(evaluation, TieBreak::First, None);
    for node in cluster.nodes().iter() {
        selection.changed(Change::NodeAdded(node.id), cluster);
    }
    selection
}

fn select(profile: &Profile, cycle: &Cycle<'_>, evaluation: Evaluation) -> (Selection, Selected) {
    let mut selection = selection(cycle.cluster, evaluation);
    let selected = selection.select((0, profile), cycle);
    (selection, selected)
}

/// What decides who is spared first: priority, then who started earlier.
fn importance(cluster: &Cluster, id: PodId) -> impl Ord {
    let pod = cluster.pod(id).expect("it is on the node");
    (Reverse(cluster.class_of(pod).priority()), pod.bound, pod.bound_order)
}

/// Whoever has not looked for longer than changes of nodes are remembered looks at all nodes anew, and at no others.
#[test]
fn more_changes_than_are_remembered_change_no_decision() {
    let profile = profile("default");
    for nodes in [3, 64, 70, 130] {
        let mut cluster = Cluster::default();
        let allocatable = [("cpu", 100_000), ("pods", 100_000)];
        let allocatable = allocatable.map(|(name, units)| (name.to_owned(), Quantity::from_units(units)));
        let roomy = NodeSpec { allocatable: allocatable.into(), ..NodeSpec::default() };
        let ids: Vec<NodeId> = (0..nodes)
            .map(|i| cluster.add_node(NodeSpec { name: format!("n{i}").into(), ..roomy.clone() }).expect("a new name"))
            .collect();
        let requests = [("cpu".to_owned(), Quantity::from_milli(10))].into();
        let class = cluster.intern(PodSpec::with_requests(requests));
        let asker = cluster.create_pod(NewPod::new("asker", class)).expect("no quota");
        let mut kept = selection(&cluster, Evaluation::Checked);
        for round in 0..3 {
            let view = cycle(&cluster, asker);
            let slow = selection(&cluster, Evaluation::Plain).select((0, &profile), &view);
            let fast = kept.select((0, &profile), &view);
            assert_eq!((fast.node, fast.feasible, fast.best), (slow.node, slow.feasible, slow.best), "{nodes} nodes");
            for number in 0..5000 {
                let pod = cluster.create_pod(NewPod::new(format!("p{round}-{number}"), class)).expect("no quota");
                cluster.bind(pod, ids[number * 7 % nodes]);
            }
        }
    }
}

proptest! {
    #[test]
    fn the_chosen_node_is_a_feasible_one_with_the_highest_total(seed: u64) {
        let world = Neighbours::crowded(seed);
        let profile = profile("default");
        for pod in &world.waiting {
            let cycle = cycle(&world.cluster, *pod);
            let (mut selection, selected) = select(&profile, &cycle, Evaluation::Plain);
            let said = selection.inspect(&profile, &cycle);
            prop_assert_eq!(selected.error.is_some(), said.feasible.is_empty());
            let Some(node) = selected.node else { continue };
            let place = said.feasible.iter().position(|id| *id == node);
            prop_assert!(place.is_some(), "{node:?} is not feasible");
            let totals: Vec<i64> = (0..said.feasible.len()).map(|index| said.total(index)).collect();
            prop_assert_eq!(place.map(|place| totals[place]), totals.iter().copied().max());
        }
    }

    #[test]
    fn scores_are_percentages_once_they_are_normalized(seed: u64) {
        let world = Neighbours::crowded(seed);
        let profile = profile("default");
        for pod in &world.waiting {
            let cycle = cycle(&world.cluster, *pod);
            let (mut selection, _) = select(&profile, &cycle, Evaluation::Plain);
            for scored in selection.inspect(&profile, &cycle).scores {
                let name = profile.plugins[scored.plugin].name();
                let scores = scored.scores.unwrap_or_default();
                prop_assert!(scores.iter().all(|score| (0..=100).contains(score)), "{name}: {scores:?}");
            }
        }
    }

    /// One selection for all pods, and pods that come between them: what it keeps must not grow stale.
    #[test]
    fn what_is_kept_between_two_pods_changes_no_decision(seed: u64) {
        let mut world = Neighbours::crowded(seed);
        let profile = profile("default");
        let mut kept = selection(&world.cluster, Evaluation::Checked);
        for pod in world.waiting.clone() {
            let view = cycle(&world.cluster, pod);
            let mut plain = selection(&world.cluster, Evaluation::Plain);
            let (fast, slow) = (kept.select((0, &profile), &view), plain.select((0, &profile), &view));
            prop_assert_eq!((fast.node, fast.feasible, &fast.error), (slow.node, slow.feasible, &slow.error));
            prop_assert_eq!((fast.best, fast.ties), (slow.best, slow.ties));
            if let Some(error) = fast.error {
                let (_, one) = kept.post_filter(&profile, &view, error.clone());
                let (_, other) = plain.post_filter(&profile, &view, error);
                prop_assert_eq!((one.nomination, one.victims), (other.nomination, other.victims));
            }
            if let Some(node) = fast.node {
                world.cluster.bind(pod, node);
            }
        }
    }

    /// A victim has a lower priority. Without all of them the pod fits; and whoever is asked back, the most important first, either
    /// may stay or is a victim.
    #[test]
    fn every_victim_is_less_important_and_needed(seed: u64) {
        let world = Neighbours::crowded(seed);
        let cluster = &world.cluster;
        let profile = profile("default");
        for pod in &world.waiting {
            let cycle = cycle(cluster, *pod);
            let (mut selection, selected) = select(&profile, &cycle, Evaluation::Plain);
            let Some(error) = selected.error else { continue };
            let (_, remedy) = selection.post_filter(&profile, &cycle, error.clone());
            let Nomination::Set(node) = remedy.nomination else { continue };
            let priority = |id: PodId| cluster.class_of(cluster.pod(id).expect("it is on the node")).priority();
            let below = |id: &PodId| priority(*id) < cycle.class.priority();
            prop_assert!(!remedy.victims.is_empty() && remedy.victims.iter().all(below));
            let failure = selection.failure(&profile, &cycle, &error);
            let mut trial = failure.dry_run(node);
            let mut lower: Vec<PodId> = cluster.node(node).pods.iter().copied().filter(|id| below(id)).collect();
            lower.sort_by_key(|id| importance(cluster, *id));
            for id in &lower {
                trial.remove(*id);
            }
            prop_assert_eq!(trial.check(), None);
            for id in lower {
                trial.add(id);
                let is_victim = remedy.victims.contains(&id);
                prop_assert_eq!(trial.check().is_some(), is_victim, "{:?}", cluster.pod(id).map(|pod| &pod.name));
                if is_victim {
                    trial.remove(id);
                }
            }
        }
    }

    /// Nodes that differ in nothing but name and age may change places: each has the scores that the other one had, and only
    /// which of several best ones is taken may change.
    #[test]
    fn equal_nodes_may_change_places(seed: u64, turn in 1_usize..8) {
        let mut draw = Draw::new(seed);
        let nodes = 2 + draw.below(6);
        let specs: Vec<_> = (0..5).map(|_| draw.pod()).collect();
        let placed: Vec<(usize, usize)> = (0..draw.below(20)).map(|_| (draw.below(5), draw.below(nodes))).collect();
        let build = |turn: usize| {
            let mut cluster = Cluster::default();
            let spec = NodeSpec { labels: [("zone".to_owned(), "a".to_owned())].into(), ..NodeSpec::default() };
            let named = |i: usize| NodeSpec { name: format!("n{i}").into(), ..super::neighbours::roomy(spec.clone()) };
            let ids: Vec<NodeId> = (0..nodes).map(|i| cluster.add_node(named(i)).expect("a new name")).collect();
            let classes: Vec<ClassId> = specs.iter().map(|spec| cluster.intern(spec.clone())).collect();
            for (i, (class, node)) in placed.iter().enumerate() {
                let pod = cluster.create_pod(NewPod::new(format!("p{i}"), classes[*class])).expect("no quota");
                cluster.bind(pod, ids[(node + turn) % nodes]);
            }
            let waiting: Vec<PodId> = (0..5)
                .map(|i| cluster.create_pod(NewPod::new(format!("w{i}"), classes[i])).expect("no quota"))
                .collect();
            (cluster, ids, waiting)
        };
        let profile = profile("default");
        let totals = |(cluster, ids, waiting): &(Cluster, Vec<NodeId>, Vec<PodId>), pod: usize| -> Vec<Option<i64>> {
            let cycle = cycle(cluster, waiting[pod]);
            let (mut selection, _) = select(&profile, &cycle, Evaluation::Indexed);
            let said = selection.inspect(&profile, &cycle);
            let of = |id: &NodeId| said.feasible.iter().position(|other| other == id).map(|index| said.total(index));
            ids.iter().map(of).collect()
        };
        let (as_drawn, turned) = (build(0), build(turn));
        for pod in 0..5 {
            let (mut expected, found) = (totals(&as_drawn, pod), totals(&turned, pod));
            expected.rotate_right(turn % nodes);
            prop_assert_eq!(expected, found);
        }
    }
}

/// The clusters that are drawn have what the properties are about.
#[test]
fn crowded_clusters_have_choices_refusals_and_victims() {
    let (mut choices, mut refused, mut preempting, mut several) = (0, 0, 0, 0);
    for world in (0..100).map(Neighbours::crowded) {
        let profile = profile("default");
        for pod in &world.waiting {
            let cycle = cycle(&world.cluster, *pod);
            let (mut selection, selected) = select(&profile, &cycle, Evaluation::Plain);
            choices += usize::from(selected.feasible > 1);
            let Some(error) = selected.error else { continue };
            refused += 1;
            let (_, remedy) = selection.post_filter(&profile, &cycle, error);
            preempting += usize::from(!remedy.victims.is_empty());
            several += usize::from(remedy.victims.len() > 1);
        }
    }
    assert!(
        choices > 50 && refused > 50 && preempting > 20 && several > 5,
        "{choices} {refused} {preempting} {several}"
    );
}

//! The plugin against the rule applied to pods one by one, on random clusters.

use super::PodTopologySpread;
use super::logarithm::ln;
use crate::tests::neighbours::Neighbours;
use std::collections::BTreeMap;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::labels::{LabelSelector, Labels};
use towtank_sim::model::node::{HOSTNAME_LABEL, Node};
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::topology_spread::{NodeInclusionPolicy, TopologySpreadConstraint, WhenUnsatisfiable};
use towtank_sim::model::{NodeId, PodId};
use towtank_sim::scheduler::{Cycle, Filter, Plugin, PodOnNode, PreFilter, PreScore};

fn cycle(cluster: &Cluster, pod: PodId) -> Cycle<'_> {
    Cycle::new(cluster, cluster.pod(pod).expect("the pod lives").class, Some(pod))
}

fn of_action(pod: &PodSpec, action: WhenUnsatisfiable) -> Vec<&TopologySpreadConstraint> {
    pod.topology_spread.iter().filter(|constraint| constraint.when_unsatisfiable == action).collect()
}

fn has_keys(labels: &Labels, constraints: &[&TopologySpreadConstraint]) -> bool {
    constraints.iter().all(|constraint| labels.contains_key(&constraint.topology_key))
}

fn included(constraint: &TopologySpreadConstraint, pod: &PodSpec, node: &Node) -> bool {
    let selected = pod.node_selector.iter().all(|(key, value)| node.spec.labels.get(key) == Some(value));
    let tolerated = node.spec.taints.iter().all(|taint| pod.tolerations.iter().any(|t| t.tolerates(taint)));
    (constraint.node_affinity_policy == NodeInclusionPolicy::Ignore || selected)
        && (constraint.node_taints_policy == NodeInclusionPolicy::Ignore || tolerated)
}

fn matches(constraint: &TopologySpreadConstraint, labels: &Labels) -> bool {
    constraint.selector.as_ref().is_some_and(|selector| selector.matches(labels))
}

/// The pods on a node that count.
fn counted(cluster: &Cluster, node: &Node, constraint: &TopologySpreadConstraint, namespace: &str) -> i64 {
    if constraint.selector.as_ref().is_some_and(LabelSelector::is_empty) {
        return 0;
    }
    let counts = |id: &&PodId| {
        let pod = cluster.pod(**id).expect("the pod lives");
        let spec = &cluster.class_of(pod).spec;
        pod.deleting.is_none() && *spec.namespace == *namespace && matches(constraint, &spec.labels)
    };
    node.pods.iter().filter(counts).count() as i64
}

/// The hard constraints, plainly.
struct Plain<'a> {
    pod: &'a PodSpec,
    constraints: Vec<&'a TopologySpreadConstraint>,
    domains: Vec<BTreeMap<String, i64>>,
}

impl<'a> Plain<'a> {
    fn new(cluster: &'a Cluster, pod: &'a PodSpec) -> Self {
        let constraints = of_action(pod, WhenUnsatisfiable::DoNotSchedule);
        let mut domains = vec![BTreeMap::new(); constraints.len()];
        for node in cluster.nodes().iter().filter(|node| has_keys(&node.spec.labels, &constraints)) {
            for (constraint, domains) in constraints.iter().zip(&mut domains) {
                if included(constraint, pod, node) {
                    let value = node.spec.labels[&*constraint.topology_key].clone();
                    *domains.entry(value).or_default() += counted(cluster, node, constraint, &pod.namespace);
                }
            }
        }
        Self { pod, constraints, domains }
    }

    fn change(&mut self, other: &PodSpec, node: &Node, delta: i64) {
        if other.namespace != self.pod.namespace || !has_keys(&node.spec.labels, &self.constraints) {
            return;
        }
        for (constraint, domains) in self.constraints.iter().zip(&mut self.domains) {
            if matches(constraint, &other.labels) && included(constraint, self.pod, node) {
                *domains.entry(node.spec.labels[&*constraint.topology_key].clone()).or_default() += delta;
            }
        }
    }

    fn code(&self, node: &Node) -> &'static str {
        for (constraint, domains) in self.constraints.iter().zip(&self.domains) {
            let Some(value) = node.spec.labels.get(&constraint.topology_key) else {
                return "UnschedulableAndUnresolvable";
            };
            let enough = domains.len() as i32 >= constraint.min_domains.unwrap_or(1);
            let fewest = if enough { domains.values().copied().min().unwrap_or(0) } else { 0 };
            let itself = i64::from(matches(constraint, &self.pod.labels));
            if domains.get(value).unwrap_or(&0) + itself - fewest > i64::from(constraint.max_skew) {
                return "Unschedulable";
            }
        }
        "Success"
    }

    fn compare(&self, filter: &dyn Filter, cluster: &Cluster, changed: &Node, what: &str) {
        for node in cluster.nodes().iter() {
            let node = if node.id == changed.id { changed } else { node };
            assert_eq!(filter.filter(node).code(), self.code(node), "{what}: {}", node.name());
        }
    }
}

#[test]
fn verdicts_are_those_of_counting_pods_one_by_one() {
    let mut asked = 0;
    for seed in 0..400 {
        let mut all = Neighbours::new(seed);
        let plugin = PodTopologySpread::default();
        for pod in all.waiting.clone() {
            let node = all.nodes[all.draw.below(all.nodes.len())];
            let history: Vec<usize> = (0..6).map(|_| all.draw.below(12)).collect();
            let cluster = &all.cluster;
            let mut plain = Plain::new(cluster, all.spec(pod));
            let filter = match plugin.pre_filter(&cycle(cluster, pod)) {
                PreFilter::Ask(filter) => filter,
                PreFilter::Skip => {
                    assert!(plain.constraints.is_empty(), "{seed}");
                    continue;
                }
                _ => panic!("{seed}: nothing is rejected outright"),
            };
            let mut copy = cluster.node(node).clone();
            plain.compare(&*filter, cluster, &copy, &format!("{seed}"));
            let mut fork = filter.fork().expect("it keeps something about pods");
            for pick in history {
                // A pod of the node leaves or comes back; or one that waits comes, or leaves again.
                let here = &cluster.node(node).pods;
                let other = if pick % 2 == 0 && !here.is_empty() {
                    here[pick % here.len()]
                } else {
                    all.waiting[pick % all.waiting.len()]
                };
                let found = PodOnNode::find(other, cluster).expect("the pod lives");
                let leaves = copy.pods.contains(&other);
                if leaves {
                    copy.remove_pod(other, found.pod, found.class);
                    fork.remove_pod(found, &copy);
                } else {
                    copy.add_pod(other, found.pod, found.class);
                    fork.add_pod(found, &copy);
                }
                plain.change(&found.class.spec, &copy, if leaves { -1 } else { 1 });
                plain.compare(&*fork, cluster, &copy, &format!("{seed}, after a change"));
                asked += 1;
            }
            drop(fork);
            Plain::new(cluster, all.spec(pod)).compare(&*filter, cluster, cluster.node(node), "the original");
        }
    }
    assert!(asked > 3000, "{asked} changes");
}

/// The scores, plainly: raw and normalised.
fn plain_scores(cluster: &Cluster, pod: &PodSpec, feasible: &[NodeId]) -> (Vec<i64>, Vec<i64>) {
    let constraints = of_action(pod, WhenUnsatisfiable::ScheduleAnyway);
    let takes_part = |id: &NodeId| has_keys(&cluster.node(*id).spec.labels, &constraints);
    let hosts = feasible.iter().filter(|id| takes_part(id)).count();
    let domains = |constraint: &TopologySpreadConstraint| {
        let mut domains: BTreeMap<&str, i64> = BTreeMap::new();
        for id in feasible.iter().filter(|id| takes_part(id)) {
            domains.insert(&cluster.node(*id).spec.labels[&*constraint.topology_key], 0);
        }
        for node in cluster.nodes().iter().filter(|node| takes_part(&node.id) && included(constraint, pod, node)) {
            if let Some(count) = domains.get_mut(node.spec.labels[&*constraint.topology_key].as_str()) {
                *count += counted(cluster, node, constraint, &pod.namespace);
            }
        }
        domains
    };
    let score = |id: &NodeId| {
        let node = cluster.node(*id);
        let mut score = 0.0;
        for constraint in constraints.iter().filter(|_| takes_part(id)) {
            let (count, size) = if *constraint.topology_key == *HOSTNAME_LABEL {
                (counted(cluster, node, constraint, &pod.namespace), hosts)
            } else {
                let domains = domains(constraint);
                (domains[node.spec.labels[&*constraint.topology_key].as_str()], domains.len())
            };
            score += count as f64 * ln((size + 2) as f64) + f64::from(constraint.max_skew - 1);
        }
        score.round() as i64
    };
    let raw: Vec<i64> = feasible.iter().map(score).collect();
    let part = || feasible.iter().zip(&raw).filter(|(id, _)| takes_part(id)).map(|(_, score)| *score);
    let (min, max) = (part().min().unwrap_or(0), part().max().unwrap_or(0));
    let normal = |(id, score): (&NodeId, &i64)| match max {
        _ if !takes_part(id) => 0,
        0 => 100,
        _ => 100 * (max + min - score) / max,
    };
    let normalised = feasible.iter().zip(&raw).map(normal).collect();
    (raw, normalised)
}

#[test]
fn scores_are_those_of_counting_pods_one_by_one() {
    let mut scored = 0;
    for seed in 0..400 {
        let mut all = Neighbours::new(seed);
        let plugin = PodTopologySpread::default();
        for pod in all.waiting.clone() {
            let nodes = all.nodes.clone();
            let feasible: Vec<NodeId> = nodes.into_iter().filter(|_| !all.draw.one_in(4)).collect();
            let view = cycle(&all.cluster, pod);
            let PreScore::Ask(scorer) = plugin.pre_score(&view, &feasible) else {
                assert!(of_action(all.spec(pod), WhenUnsatisfiable::ScheduleAnyway).is_empty(), "{seed}");
                continue;
            };
            let mut scores: Vec<i64> = feasible.iter().map(|id| scorer.score(all.cluster.node(*id))).collect();
            let (raw, normalised) = plain_scores(&all.cluster, all.spec(pod), &feasible);
            assert_eq!(scores, raw, "{seed}");
            scorer.normalize(&mut scores);
            assert_eq!(scores, normalised, "{seed}");
            scored += scores.len();
        }
    }
    assert!(scored > 3000, "{scored} scores");
}

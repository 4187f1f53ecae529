//! The plugin against the rule applied to pods one by one, on random clusters.

use super::InterPodAffinity;
use crate::config::InterPodAffinityArgs;
use crate::tests::neighbours::Neighbours;
use std::collections::BTreeMap;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::labels::Labels;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::pod_affinity::PodAffinityTerm;
use towtank_sim::model::{NodeId, PodId};
use towtank_sim::scheduler::{Cycle, Filter, Plugin, PodOnNode, PreFilter, PreScore};

fn cycle(cluster: &Cluster, pod: PodId) -> Cycle<'_> {
    Cycle::new(cluster, cluster.pod(pod).expect("the pod lives").class, Some(pod))
}

/// A term whose namespaces are a list of names, and a selector that is asked about given labels.
fn means(
    term: &PodAffinityTerm,
    owner: &PodSpec,
    other: &PodSpec,
    namespace_labels: &Labels,
    names: &[String],
) -> bool {
    let mut names = names.to_vec();
    if term.namespaces.is_empty() && term.namespace_selector.is_none() {
        names.push(owner.namespace.to_string());
    }
    names.extend(term.namespaces.iter().map(ToString::to_string));
    let by_labels = term.namespace_selector.as_ref().is_some_and(|s| s.matches(namespace_labels));
    (names.contains(&other.namespace.to_string()) || by_labels)
        && term.selector.as_ref().is_some_and(|selector| selector.matches(&other.labels))
}

/// The namespaces of the cluster that a term of the incoming pod selects; `y` and `z` have no label but their name.
fn unrolled(term: &PodAffinityTerm, cluster: &Cluster) -> Vec<String> {
    let selects = |name: &&str| {
        let selector = term.namespace_selector.as_ref().filter(|selector| !selector.is_empty());
        selector.is_some_and(|selector| selector.matches(&cluster.namespace_labels(name)))
    };
    ["x", "y", "z"].iter().filter(|name| selects(name)).map(ToString::to_string).collect()
}

type Pairs = BTreeMap<(String, String), i64>;

/// The requirements, plainly.
struct Plain<'a> {
    cluster: &'a Cluster,
    pod: &'a PodSpec,
    wanted: Pairs,
    unwanted: Pairs,
    repelling: Pairs,
}

impl<'a> Plain<'a> {
    fn new(cluster: &'a Cluster, pod: &'a PodSpec) -> Self {
        let mut plain = Self { cluster, pod, wanted: Pairs::new(), unwanted: Pairs::new(), repelling: Pairs::new() };
        for node in cluster.nodes().iter() {
            for id in &node.pods {
                plain.change(&cluster.class_of(cluster.pod(*id).expect("the pod lives")).spec, node, 1);
            }
        }
        plain
    }

    fn incoming_means(&self, term: &PodAffinityTerm, other: &PodSpec) -> bool {
        means(term, self.pod, other, &Labels::new(), &unrolled(term, self.cluster))
    }

    fn means_with_all(&self, other: &PodSpec) -> bool {
        let terms = &self.pod.pod_affinity.required;
        !terms.is_empty() && terms.iter().all(|term| self.incoming_means(term, other))
    }

    fn change(&mut self, other: &PodSpec, node: &Node, delta: i64) {
        let add = |pairs: &mut Pairs, term: &PodAffinityTerm| {
            if let Some(value) = node.spec.labels.get(&term.topology_key) {
                let pair = (term.topology_key.to_string(), value.clone());
                *pairs.entry(pair.clone()).or_default() += delta;
                if pairs[&pair] == 0 {
                    pairs.remove(&pair);
                }
            }
        };
        let own = self.cluster.namespace_labels(&self.pod.namespace);
        for term in &other.pod_anti_affinity.required {
            if means(term, other, self.pod, &own, &[]) {
                add(&mut self.repelling, term);
            }
        }
        if self.means_with_all(other) {
            self.pod.pod_affinity.required.iter().for_each(|term| add(&mut self.wanted, term));
        }
        for term in &self.pod.pod_anti_affinity.required {
            if self.incoming_means(term, other) {
                add(&mut self.unwanted, term);
            }
        }
    }

    fn message(&self, node: &Node) -> &'static str {
        let labels = &node.spec.labels;
        let count = |pairs: &Pairs, key: &str| {
            labels.get(key).map(|value| pairs.get(&(key.to_owned(), value.clone())).copied().unwrap_or(0))
        };
        let near: Vec<Option<i64>> =
            self.pod.pod_affinity.required.iter().map(|term| count(&self.wanted, &term.topology_key)).collect();
        let first = self.wanted.is_empty() && self.means_with_all(self.pod);
        if near.contains(&None) || (near.iter().flatten().any(|count| *count <= 0) && !first) {
            return "node(s) didn't match pod affinity rules";
        }
        let terms = &self.pod.pod_anti_affinity.required;
        if terms.iter().any(|term| count(&self.unwanted, &term.topology_key).is_some_and(|count| count > 0)) {
            return "node(s) didn't match pod anti-affinity rules";
        }
        if labels.keys().any(|key| count(&self.repelling, key).is_some_and(|count| count > 0)) {
            return "node(s) didn't satisfy existing pods anti-affinity rules";
        }
        ""
    }

    fn compare(&self, filter: &dyn Filter, cluster: &Cluster, what: &str) {
        for node in cluster.nodes().iter() {
            let message = filter.filter(node).message(&cluster.resources);
            assert_eq!(message, self.message(node), "{what}: {}", node.name());
        }
    }
}

#[test]
fn verdicts_are_those_of_asking_pods_one_by_one() {
    let mut asked = 0;
    for seed in 0..400 {
        let mut all = Neighbours::new(seed);
        let plugin = InterPodAffinity::default();
        for pod in all.waiting.clone() {
            let node = all.nodes[all.draw.below(all.nodes.len())];
            let history: Vec<usize> = (0..6).map(|_| all.draw.below(12)).collect();
            let cluster = &all.cluster;
            let spec = all.spec(pod);
            let mut plain = Plain::new(cluster, spec);
            let filter = match plugin.pre_filter(&cycle(cluster, pod)) {
                PreFilter::Ask(filter) => filter,
                PreFilter::Skip => {
                    let required = spec.pod_affinity.required.len() + spec.pod_anti_affinity.required.len();
                    assert!(plain.repelling.is_empty() && required == 0, "{seed}");
                    continue;
                }
                _ => panic!("{seed}: nothing is rejected outright"),
            };
            plain.compare(&*filter, cluster, &format!("{seed}"));
            let mut fork = filter.fork().expect("it keeps something about pods");
            let mut copy = cluster.node(node).clone();
            for pick in history {
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
                plain.compare(&*fork, cluster, &format!("{seed}, after a change"));
                asked += 1;
            }
            drop(fork);
            Plain::new(cluster, spec).compare(&*filter, cluster, "the original");
        }
    }
    assert!(asked > 3000, "{asked} changes");
}

/// The scores, plainly; `None` where no pod matters.
fn plain_scores(cluster: &Cluster, pod: &PodSpec, feasible: &[NodeId], hard_weight: i32) -> Option<Vec<i64>> {
    let mut pairs = Pairs::new();
    let own = cluster.namespace_labels(&pod.namespace);
    for node in cluster.nodes().iter() {
        for id in &node.pods {
            let other = &cluster.class_of(cluster.pod(*id).expect("the pod lives")).spec;
            let mut add = |term: &PodAffinityTerm, weight: i64| {
                if let Some(value) = node.spec.labels.get(&term.topology_key) {
                    *pairs.entry((term.topology_key.to_string(), value.clone())).or_default() += weight;
                }
            };
            for (sign, ours, theirs) in
                [(1, &pod.pod_affinity, &other.pod_affinity), (-1, &pod.pod_anti_affinity, &other.pod_anti_affinity)]
            {
                for wish in &ours.preferred {
                    if means(&wish.term, pod, other, &Labels::new(), &unrolled(&wish.term, cluster)) {
                        add(&wish.term, sign * i64::from(wish.weight));
                    }
                }
                for wish in &theirs.preferred {
                    if means(&wish.term, other, pod, &own, &[]) {
                        add(&wish.term, sign * i64::from(wish.weight));
                    }
                }
            }
            for term in other.pod_affinity.required.iter().filter(|_| hard_weight > 0) {
                if means(term, other, pod, &own, &[]) {
                    add(term, hard_weight.into());
                }
            }
        }
    }
    if pairs.is_empty() {
        return None;
    }
    let score = |id: &NodeId| -> i64 {
        let labels = &cluster.node(*id).spec.labels;
        pairs.iter().filter(|((key, value), _)| labels.get(key) == Some(value)).map(|(_, weight)| *weight).sum()
    };
    Some(feasible.iter().map(score).collect())
}

#[test]
fn scores_are_those_of_asking_pods_one_by_one() {
    let mut scored = 0;
    for seed in 0..400 {
        let mut all = Neighbours::new(seed);
        let hard_pod_affinity_weight = [0, 1, 100][all.draw.below(3)];
        let plugin = |ignore_preferred_terms_of_existing_pods| {
            let args = InterPodAffinityArgs { hard_pod_affinity_weight, ignore_preferred_terms_of_existing_pods };
            InterPodAffinity::new(args)
        };
        let (plugin, own_only) = (plugin(false), plugin(true));
        for pod in all.waiting.clone() {
            let nodes = all.nodes.clone();
            let feasible: Vec<NodeId> = nodes.into_iter().filter(|_| !all.draw.one_in(4)).collect();
            let view = cycle(&all.cluster, pod);
            let spec = all.spec(pod);
            let plain = plain_scores(&all.cluster, spec, &feasible, hard_pod_affinity_weight);
            let asked = |plugin: &InterPodAffinity| match plugin.pre_score(&view, &feasible) {
                PreScore::Ask(scorer) => {
                    let mut scores: Vec<i64> = feasible.iter().map(|id| scorer.score(all.cluster.node(*id))).collect();
                    let raw = scores.clone();
                    scorer.normalize(&mut scores);
                    assert!(scores.iter().all(|score| (0..=100).contains(score)), "{seed}");
                    Some(raw)
                }
                _ => None,
            };
            assert_eq!(asked(&plugin), plain, "{seed}");
            let wishes = spec.pod_affinity.preferred.len() + spec.pod_anti_affinity.preferred.len();
            assert_eq!(asked(&own_only), plain.clone().filter(|_| wishes > 0), "{seed}");
            scored += plain.map_or(0, |scores| scores.len());
        }
    }
    assert!(scored > 3000, "{scored} scores");
}

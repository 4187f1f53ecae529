//! RemoveDuplicates: spreads pods that have one owner and the same images over nodes.
//!
//! Source: `pkg/framework/plugins/removeduplicates/removeduplicates.go`.

use super::Arguments;
use super::selection::Namespaces;
use crate::config::Invalid;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use towtank_sim::descheduler::{Cycle, PodView, Strategy, fit};

/// RemoveDuplicates with its arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct RemoveDuplicates {
    namespaces: Namespaces,
    exclude_owner_kinds: Vec<String>,
}

/// Namespace, kind and name of an owner, and the images of its pods, sorted.
type Replicas = (String, String, String, Vec<String>);

impl Strategy for RemoveDuplicates {
    fn name(&self) -> &'static str {
        "RemoveDuplicates"
    }

    fn run(&self, cycle: &mut Cycle<'_, '_>) {
        // By owner, how many pods there are, and by node those that are there beside a first one.
        let mut counts: BTreeMap<Replicas, usize> = BTreeMap::new();
        let mut duplicates: BTreeMap<Replicas, BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
        for &node in cycle.nodes() {
            let mut seen = BTreeSet::new();
            for pod in cycle.pods_on(node, false) {
                if !self.wants(cycle.pod(pod)) || !cycle.may_consider(pod) || !cycle.may_go(pod) {
                    continue;
                }
                let replicas = replicas(cycle.pod(pod));
                for one in &replicas {
                    *counts.entry(one.clone()).or_default() += 1;
                }
                if !seen.insert(replicas.clone()) {
                    for one in replicas {
                        duplicates.entry(one).or_default().entry(node).or_default().push(pod);
                    }
                }
            }
        }
        for (replicas, by_node) in duplicates {
            let targets = targets(by_node.values().flatten().copied(), cycle);
            if targets < 2 {
                continue;
            }
            let most = counts[&replicas].div_ceil(targets);
            for pods in by_node.values().filter(|pods| pods.len() + 1 > most) {
                if !cycle.evict_all(&pods[most - 1..]) {
                    return;
                }
            }
        }
    }
}

impl RemoveDuplicates {
    fn wants(&self, pod: &PodView<'_>) -> bool {
        let excluded = |kind: &str| self.exclude_owner_kinds.iter().any(|excluded| excluded == kind);
        self.namespaces.has(pod.namespace())
            && !pod.owners.is_empty()
            && !pod.owners.iter().any(|owner| excluded(&owner.kind))
    }
}

/// Under which owners the pod counts, sorted.
fn replicas(pod: &PodView<'_>) -> Vec<Replicas> {
    let mut images: Vec<String> = pod.class.spec.containers.iter().map(|container| container.image.clone()).collect();
    images.sort();
    let of_owner = |owner: &towtank_sim::descheduler::Owner<'_>| {
        (pod.namespace().to_owned(), owner.kind.to_string(), owner.name.to_string(), images.clone())
    };
    let mut replicas: Vec<Replicas> = pod.owners.iter().map(of_owner).collect();
    replicas.sort();
    replicas
}

/// How many nodes some pod could be on that has a choice: those that it selects and whose hard taints it tolerates.
fn targets(pods: impl Iterator<Item = usize>, cycle: &Cycle<'_, '_>) -> usize {
    let mut targets = BTreeSet::new();
    let mut classes: Vec<*const _> = Vec::new();
    for pod in pods.map(|pod| cycle.pod(pod)) {
        // Pods of one class could be on the same nodes.
        let class: *const _ = pod.class;
        if classes.contains(&class) {
            continue;
        }
        classes.push(class);
        let suits = |node: &&usize| {
            let node = cycle.node(**node);
            fit::tolerates(pod, &node.spec.taints, fit::is_hard) && fit::selects(pod, node)
        };
        let nodes: Vec<usize> = cycle.nodes().iter().filter(suits).copied().collect();
        if nodes.len() > 1 {
            targets.extend(nodes);
        }
    }
    targets.len()
}

impl Arguments for RemoveDuplicates {
    fn validate(&self) -> Result<(), Invalid> {
        self.namespaces.validate()
    }
}

//! What is required: of the incoming pod about pods near it, and of pods on nodes about the incoming one.
//!
//! Source: `interpodaffinity/filtering.go`.

use super::InterPodAffinity;
use super::relations::Relation;
use super::terms::{all, of_existing, of_incoming};
use crate::topology::{Domains, Tally, Topology};
use std::rc::Rc;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::ClassId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::scheduler::{Cycle, Filter, PodOnNode, Supposed, Verdict};

/// The reason where pods that the pod wants to be near are missing.
pub(super) const NOT_NEAR: &str = "node(s) didn't match pod affinity rules";
/// The reason where pods are that the pod keeps away from.
pub(super) const NOT_APART: &str = "node(s) didn't match pod anti-affinity rules";
/// The reason where pods are that keep away from the pod.
pub(super) const REPELLED: &str = "node(s) didn't satisfy existing pods anti-affinity rules";

/// Judges nodes by what is required.
#[derive(Clone)]
pub(super) struct Required<'c> {
    cluster: &'c Cluster,
    topology: &'c Topology,
    pod: &'c PodSpec,
    /// Whether the pod means itself with all its affinity terms.
    means_itself: bool,
    /// Pods that all affinity terms mean, in the domains of each term.
    wanted: Near,
    /// Pods that anti-affinity terms mean.
    unwanted: Near,
    /// Pods whose anti-affinity means the incoming one.
    repelling: Near,
}

/// How many pods are near a node, by label key.
#[derive(Clone, Default)]
struct Near {
    rows: Vec<(Arc<str>, Rc<Domains>)>,
    pods: Tally,
}

/// Counts that are being made.
struct Counting<'a> {
    cluster: &'a Cluster,
    topology: &'a Topology,
    rows: Vec<(Arc<str>, Rc<Domains>)>,
    counts: Vec<Vec<i64>>,
}

impl<'c> Required<'c> {
    /// `None` if nothing is required of any node.
    pub(super) fn new(plugin: &'c InterPodAffinity, cycle: &Cycle<'c>) -> Option<Self> {
        let pod = &cycle.class.spec;
        let (near, apart) = (&pod.pod_affinity.required, &pod.pod_anti_affinity.required);
        let mut known = plugin.known.borrow_mut();
        let relations = known.of(cycle.cluster, cycle.class_id, plugin.args.hard_pod_affinity_weight.into());
        let repelling = Near::of(plugin, cycle.cluster, &relations.repelling);
        if !cycle.supposing && repelling.pods.is_zero() && near.is_empty() && apart.is_empty() {
            return None;
        }
        let mut wanted = Counting::new(plugin, cycle.cluster);
        for term in near {
            let rows = wanted.rows.len();
            // Terms with one key count the same pods.
            if wanted.row(&term.topology_key) == rows {
                relations.wanted.iter().for_each(|class| wanted.count(rows, *class));
            }
        }
        Some(Self {
            cluster: cycle.cluster,
            topology: &plugin.topology,
            pod,
            means_itself: all(near, |term| of_incoming(term, pod, pod, cycle.cluster)),
            wanted: wanted.finish(),
            unwanted: Near::of(plugin, cycle.cluster, &relations.unwanted),
            repelling,
        })
    }

    fn has_wanted(&self, node: &Node) -> bool {
        let mut all_there = true;
        for (row, (_, domains)) in self.wanted.rows.iter().enumerate() {
            let Some(domain) = domains.of(node) else { return false };
            all_there &= self.wanted.pods.get(row, domain) > 0;
        }
        // The first of a series of pods that want each other finds none yet.
        all_there || (self.wanted.pods.is_zero() && self.means_itself)
    }

    fn change(&mut self, pod: PodOnNode<'_>, node: &Node, delta: i64) {
        let (cluster, topology, incoming, other) = (self.cluster, self.topology, self.pod, &pod.class.spec);
        for term in &other.pod_anti_affinity.required {
            if of_existing(term, other, incoming, cluster) {
                self.repelling.change(&term.topology_key, node, delta, cluster, topology);
            }
        }
        if all(&incoming.pod_affinity.required, |term| of_incoming(term, incoming, other, cluster)) {
            for row in 0..self.wanted.rows.len() {
                self.wanted.change_row(row, node, delta);
            }
        }
        for term in &incoming.pod_anti_affinity.required {
            if of_incoming(term, incoming, other, cluster) {
                self.unwanted.change(&term.topology_key, node, delta, cluster, topology);
            }
        }
    }
}

impl Filter for Required<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        if !self.has_wanted(node) {
            return Verdict::unresolvable(NOT_NEAR);
        }
        if self.unwanted.any(node) {
            return Verdict::unschedulable(NOT_APART);
        }
        if self.repelling.any(node) {
            return Verdict::unschedulable(REPELLED);
        }
        Verdict::Fits
    }

    fn fork(&self) -> Option<Box<dyn Filter + '_>> {
        Some(Box::new(self.clone()))
    }

    fn add_pod(&mut self, pod: PodOnNode<'_>, node: &Node) {
        self.change(pod, node, 1);
    }

    fn remove_pod(&mut self, pod: PodOnNode<'_>, node: &Node) {
        self.change(pod, node, -1);
    }

    fn heeds_suppositions(&self) -> bool {
        true
    }

    fn suppose(&mut self, supposed: &Supposed<'_>) {
        for (pod, node, step) in &supposed.pods {
            self.change(*pod, node, step.pods());
        }
    }
}

impl Near {
    fn of(plugin: &InterPodAffinity, cluster: &Cluster, relations: &[Relation]) -> Self {
        let mut counting = Counting::new(plugin, cluster);
        for relation in relations {
            let row = counting.row(&relation.key);
            counting.count(row, relation.class);
        }
        counting.finish()
    }

    fn any(&self, node: &Node) -> bool {
        let has = |(row, (_, domains)): (usize, &(Arc<str>, Rc<Domains>))| {
            domains.of(node).is_some_and(|domain| self.pods.get(row, domain) > 0)
        };
        self.rows.iter().enumerate().any(has)
    }

    fn change(&mut self, key: &Arc<str>, node: &Node, delta: i64, cluster: &Cluster, topology: &Topology) {
        let row = row(&mut self.rows, key, cluster, topology);
        self.change_row(row, node, delta);
    }

    fn change_row(&mut self, row: usize, node: &Node, delta: i64) {
        if let Some(domain) = self.rows[row].1.of(node) {
            self.pods.add(row, domain, delta);
        }
    }
}

impl<'a> Counting<'a> {
    fn new(plugin: &'a InterPodAffinity, cluster: &'a Cluster) -> Self {
        Self { cluster, topology: &plugin.topology, rows: Vec::new(), counts: Vec::new() }
    }

    fn row(&mut self, key: &Arc<str>) -> usize {
        let row = row(&mut self.rows, key, self.cluster, self.topology);
        if row == self.counts.len() {
            self.counts.push(vec![0; self.rows[row].1.len()]);
        }
        row
    }

    fn count(&mut self, row: usize, class: ClassId) {
        let (domains, counts) = (&self.rows[row].1, &mut self.counts[row]);
        for (node, placed) in self.cluster.placements().of(class) {
            if let Some(domain) = domains.at(node) {
                counts[domain.index()] += i64::from(placed.pods);
            }
        }
    }

    fn finish(self) -> Near {
        Near { rows: self.rows, pods: Tally::new(self.counts) }
    }
}

/// The row of a key, made if it is new.
fn row(rows: &mut Vec<(Arc<str>, Rc<Domains>)>, key: &Arc<str>, cluster: &Cluster, topology: &Topology) -> usize {
    if let Some(row) = rows.iter().position(|(other, _)| other == key) {
        return row;
    }
    rows.push((key.clone(), topology.domains(key, cluster)));
    rows.len() - 1
}

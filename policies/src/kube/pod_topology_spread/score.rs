//! The soft constraints: the fewer matching pods are in the node's domains, the better.
//!
//! Source: `podtopologyspread/scoring.go`. The numbers are computed in its order of operations, so that they round alike.

use super::PodTopologySpread;
use super::constraint::Constraint;
use super::eligible::Question;
use super::logarithm::ln;
use crate::topology::{Domain, Domains};
use std::rc::Rc;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::{HOSTNAME_LABEL, Node};
use towtank_sim::scheduler::{Cycle, MAX_NODE_SCORE, Score};

/// Scores nodes by the soft constraints of one pod.
pub(super) struct Soft {
    rows: Vec<Row>,
    /// Whether nodes without the label of some constraint are not scored.
    require_all: bool,
    /// Which of the feasible nodes those are, in order.
    left_out: Vec<bool>,
}

struct Row {
    domains: Rc<Domains>,
    /// The pods that match: by slot of the node if each node is its own domain, else by domain.
    pods: Vec<i64>,
    by_host: bool,
    /// Makes the counts of constraints with many domains comparable with others.
    weight: f64,
    max_skew: i64,
}

impl Soft {
    pub(super) fn new<'c>(
        plugin: &'c PodTopologySpread,
        cycle: &Cycle<'c>,
        feasible: &[NodeId],
        constraints: &[Constraint<'c>],
    ) -> Self {
        let cluster = cycle.cluster;
        let pod = &cycle.class.spec;
        let require_all = !pod.topology_spread.is_empty() || !plugin.defaults.are_of_the_system;
        let domains: Vec<Rc<Domains>> = constraints.iter().map(|c| plugin.topology.domains(c.key(), cluster)).collect();
        let is_left_out = |id: &NodeId| require_all && domains.iter().any(|domains| domains.at(*id).is_none());
        let left_out: Vec<bool> = feasible.iter().map(is_left_out).collect();
        let scored: Vec<NodeId> = feasible.iter().zip(&left_out).filter(|(_, out)| !**out).map(|(id, _)| *id).collect();
        let by_domain = constraints.iter().any(|constraint| !is_by_host(constraint.key()));
        let eligible = by_domain.then(|| {
            let class = cycle.class_id;
            let question = Question { class, pod, hard: false, constraints, domains: &domains, require_all };
            plugin.eligible.get(cluster, question)
        });
        let row = |(index, constraint): (usize, &Constraint<'c>)| {
            let domains = &domains[index];
            let by_host = is_by_host(constraint.key());
            let mut pods = vec![0; if by_host { cluster.nodes().slots() } else { domains.len() }];
            if let Some(selector) = constraint.counted() {
                plugin.members.each(cluster, &pod.namespace, selector, |node, count| match &eligible {
                    // The pods of a host count whether or not the host would.
                    _ if by_host => pods[node.index()] += count,
                    Some(eligible) => {
                        if let Some(domain) = eligible.rows[index].get(node.index()).copied().flatten() {
                            pods[domain.index()] += count;
                        }
                    }
                    None => {}
                });
            }
            let size = if by_host { scored.len() } else { different(domains, &scored) };
            Row {
                domains: domains.clone(),
                pods,
                by_host,
                weight: ln((size + 2) as f64),
                max_skew: constraint.max_skew(),
            }
        };
        let rows = constraints.iter().enumerate().map(row).collect();
        Self { rows, require_all, left_out }
    }
}

impl Score for Soft {
    fn score(&self, node: &Node) -> i64 {
        if self.require_all && self.rows.iter().any(|row| row.domains.of(node).is_none()) {
            return 0;
        }
        let mut score = 0.0;
        for row in &self.rows {
            let Some(domain) = row.domains.of(node) else { continue };
            let place = if row.by_host { node.id.index() } else { domain.index() };
            let pods = row.pods.get(place).copied().unwrap_or(0);
            score += pods as f64 * row.weight + (row.max_skew - 1) as f64;
        }
        score.round() as i64
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, scores: &mut [i64]) {
        let counted = || self.left_out.iter().zip(&*scores).filter(|(out, _)| !**out).map(|(_, score)| *score);
        let min = counted().min().unwrap_or(i64::MAX);
        let max = counted().max().unwrap_or(0);
        for (score, left_out) in scores.iter_mut().zip(&self.left_out) {
            *score = match (left_out, max) {
                (true, _) => 0,
                (false, 0) => MAX_NODE_SCORE,
                (false, _) => MAX_NODE_SCORE * (max + min - *score) / max,
            };
        }
    }
}

/// Whether each node is a domain of its own by this label key.
pub(super) fn is_by_host(key: &str) -> bool {
    *key == *HOSTNAME_LABEL
}

/// How many domains these nodes are in, where a missing label is as an empty one.
fn different(domains: &Domains, nodes: &[NodeId]) -> usize {
    let mut seen = vec![false; domains.len()];
    let new = |node: &&NodeId| {
        let domain = domains.at(**node).unwrap_or(Domain::EMPTY);
        !std::mem::replace(&mut seen[domain.index()], true)
    };
    nodes.iter().filter(new).count()
}

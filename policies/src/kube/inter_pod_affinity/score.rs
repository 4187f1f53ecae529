//! What is preferred: by the incoming pod about pods near it, and by pods on nodes about the incoming one.
//!
//! Source: `interpodaffinity/scoring.go`.

use super::InterPodAffinity;
use crate::topology::Domains;
use std::rc::Rc;
use std::sync::Arc;
use towtank_sim::model::node::Node;
use towtank_sim::scheduler::{Cycle, MAX_NODE_SCORE, Score};

/// Scores nodes by what is preferred.
pub(super) struct Preferred {
    rows: Vec<Row>,
}

/// The summed weights in the domains of one label key.
struct Row {
    key: Arc<str>,
    domains: Rc<Domains>,
    weights: Vec<i64>,
}

impl Preferred {
    /// `None` if no pod on a node matters.
    pub(super) fn new(plugin: &InterPodAffinity, cycle: &Cycle<'_>) -> Option<Self> {
        let cluster = cycle.cluster;
        let mut known = plugin.known.borrow_mut();
        let relations = known.of(cluster, cycle.class_id, plugin.args.hard_pod_affinity_weight.into());
        let mut rows: Vec<Row> = Vec::new();
        let mut matters = false;
        for relation in &relations.weights {
            let row = rows.iter().position(|row| row.key == relation.key).unwrap_or_else(|| {
                let domains = plugin.topology.domains(&relation.key, cluster);
                rows.push(Row { key: relation.key.clone(), weights: vec![0; domains.len()], domains });
                rows.len() - 1
            });
            let Row { domains, weights, .. } = &mut rows[row];
            for (node, placed) in cluster.placements().of(relation.class) {
                if let Some(domain) = domains.at(node) {
                    weights[domain.index()] += relation.weight * i64::from(placed.pods);
                    matters = true;
                }
            }
        }
        matters.then_some(Self { rows })
    }
}

impl Score for Preferred {
    fn score(&self, node: &Node) -> i64 {
        let weight = |row: &Row| row.weights.get(row.domains.of(node)?.index()).copied();
        self.rows.iter().filter_map(weight).sum()
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, scores: &mut [i64]) {
        normalize(scores);
    }
}

/// NormalizeScore: from 0 for the lowest to the highest score for the highest.
pub(super) fn normalize(scores: &mut [i64]) {
    let min = scores.iter().copied().min().unwrap_or(0);
    let range = scores.iter().copied().max().unwrap_or(0) - min;
    for score in scores {
        *score = match range {
            0 => 0,
            _ => (MAX_NODE_SCORE as f64 * ((*score - min) as f64 / range as f64)) as i64,
        };
    }
}

//! FirstFit: the oldest feasible node.

use crate::by_node::ScoreByNode;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{NodePart, Score};

/// The score of nodes.
///
/// Nodes are ordered by uid, so by creation. The first feasible one gets 100 and all others 0, which keeps the
/// order exact however many nodes there are.
///
/// Which nodes are looked at is the profile's matter: with `percentageOfNodesToScore` below 100, and on more than 100 nodes,
/// the search begins at another node each time.
#[derive(Clone, Copy, Debug)]
pub struct FirstFit;

impl ScoreByNode for FirstFit {
    const NAME: &'static str = "FirstFit";
    const READS: NodePart = NodePart::Spec;

    fn of(_class: &PodClass) -> Option<Self> {
        Some(Self)
    }
}

impl Score for FirstFit {
    fn score(&self, node: &Node) -> i64 {
        node.uid as i64
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, scores: &mut [i64]) {
        let first = scores.iter().copied().min();
        for score in scores {
            *score = if Some(*score) == first { 100 } else { 0 };
        }
    }
}

//! WorstFit: the node that the pod leaves with the most free.

use crate::by_node::ScoreByNode;
use crate::remaining::{remaining, scale};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::model::resources::Resources;
use towtank_sim::scheduler::Score;

/// The score of nodes for pods that request this.
///
/// A node's score before normalisation is the mean, over its resources (the count of pods aside), of the fraction
/// that stays free with the pod on it, in millionths; normalised, the emptiest node gets 100 and the other extreme 0.
///
/// Source: Johnson, "Near-Optimal Bin Packing Algorithms", 1973, for one dimension; here with the measure of BestFit.
#[derive(Clone, Debug)]
pub struct WorstFit(Resources);

impl ScoreByNode for WorstFit {
    const NAME: &'static str = "WorstFit";

    fn of(class: &PodClass) -> Option<Self> {
        Some(Self(class.requests.clone()))
    }
}

impl Score for WorstFit {
    fn score(&self, node: &Node) -> i64 {
        remaining(node, &self.0)
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, scores: &mut [i64]) {
        scale(scores, false);
    }
}

//! BestFit: the node that the pod leaves with the least free.

use crate::by_node::ScoreByNode;
use crate::remaining::{remaining, scale};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::model::resources::Resources;
use towtank_sim::scheduler::Score;

/// The score of nodes for pods that request this.
///
/// A node's score before normalisation is the mean, over its resources (the count of pods aside), of the fraction
/// that stays free with the pod on it, in millionths; normalised, the fullest node gets 100 and the other extreme 0.
///
/// Source: Panigrahy et al., "Heuristics for Vector Bin Packing", 2011, with equal weights of the dimensions; the baseline
/// BestFit of Weng et al., "Beware of Fragmentation", USENIX ATC 2023, is of the same kind.
#[derive(Clone, Debug)]
pub struct BestFit(Resources);

impl ScoreByNode for BestFit {
    const NAME: &'static str = "BestFit";

    fn of(class: &PodClass) -> Option<Self> {
        Some(Self(class.requests.clone()))
    }
}

impl Score for BestFit {
    fn score(&self, node: &Node) -> i64 {
        remaining(node, &self.0)
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, scores: &mut [i64]) {
        scale(scores, true);
    }
}

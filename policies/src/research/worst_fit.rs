//! WorstFit: the node that the pod leaves with the most free.

use crate::lasting::{score_by_node, scores};
use crate::remaining::{remaining, scale};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::model::resources::Resources;
use towtank_sim::scheduler::{Cycle, Dependence, Events, Lasting, NodePart, Plugin, Points, PreScore, Score};

/// The plugin. A node's score before normalisation is the mean, over its resources (the count of pods aside), of the fraction
/// that stays free with the pod on it, in millionths; normalised, the emptiest node gets 100 and the other extreme 0.
///
/// Source: Johnson, "Near-Optimal Bin Packing Algorithms", 1973, for one dimension; here with the measure of BestFit.
#[derive(Clone, Copy, Debug)]
pub struct WorstFit;

/// What the pod requests.
struct Free(Resources);

impl Plugin for WorstFit {
    fn name(&self) -> &'static str {
        "WorstFit"
    }

    fn points(&self) -> Points {
        Points::SCORE
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        PreScore::Ask(Box::new(Free(cycle.class.requests.clone())))
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        scores(score_by_node(NodePart::Whole, Free(class.requests.clone())))
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

impl Score for Free {
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

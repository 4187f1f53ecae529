//! FirstFit: the oldest feasible node.

use crate::lasting::{score_by_node, scores};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{Cycle, Dependence, Events, Lasting, NodePart, Plugin, Points, PreScore, Score};

/// The plugin. Nodes are ordered by uid, so by creation. The first feasible one gets 100 and all others 0, which keeps the
/// order exact however many nodes there are.
///
/// Which nodes are looked at is the profile's matter: with `percentageOfNodesToScore` below 100, and on more than 100 nodes,
/// the search begins at another node each time.
#[derive(Clone, Copy, Debug)]
pub struct FirstFit;

struct Age;

impl Plugin for FirstFit {
    fn name(&self) -> &'static str {
        "FirstFit"
    }

    fn points(&self) -> Points {
        Points::SCORE
    }

    fn pre_score<'c>(&'c self, _cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        PreScore::Ask(Box::new(Age))
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, _class: &PodClass, _cluster: &Cluster) -> Lasting {
        scores(score_by_node(NodePart::Spec, Age))
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

impl Score for Age {
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

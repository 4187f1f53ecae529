//! AnyNode: no node is better than another.

use crate::lasting::scores;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{Cycle, Dependence, Events, Lasting, LastingScore, Plugin, Points, PreScore};

/// The plugin. Every node has the score 0, so that the tie-break alone decides: with the rule `random` it is uniform over the
/// feasible nodes. [Random](super::random::Random) comes close to that in few levels, and has to draw for every node.
///
/// Source: the baseline Random of Weng et al., "Beware of Fragmentation", USENIX ATC 2023, section 6.1.
#[derive(Clone, Copy, Debug)]
pub struct AnyNode;

impl Plugin for AnyNode {
    fn name(&self) -> &'static str {
        "AnyNode"
    }

    fn points(&self) -> Points {
        Points::SCORE
    }

    fn pre_score<'c>(&'c self, _cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        PreScore::Same(0)
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, _class: &PodClass, _cluster: &Cluster) -> Lasting {
        scores(LastingScore::Same(0))
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

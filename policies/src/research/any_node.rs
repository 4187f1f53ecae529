//! AnyNode: no node is better than another.

use crate::by_node::ScoreByNode;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::Score;

/// The score of nodes.
///
/// Every node has the score 0, so that the tie-break alone decides: with the rule `random` it is uniform over the
/// feasible nodes. [Random](super::random::Random) comes close to that in few levels, and has to draw for every node.
///
/// Source: the baseline Random of Weng et al., "Beware of Fragmentation", USENIX ATC 2023, section 6.1.
#[derive(Clone, Copy, Debug)]
pub enum AnyNode {}

impl ScoreByNode for AnyNode {
    const NAME: &'static str = "AnyNode";

    fn of(_class: &PodClass) -> Option<Self> {
        None
    }
}

impl Score for AnyNode {
    fn score(&self, _node: &Node) -> i64 {
        match *self {}
    }
}

//! RoundRobin: the next feasible node after the last one taken.

use std::cell::Cell;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::scheduler::{Cycle, Dependence, Events, Plugin, Points, PreScore, Score, Verdict};

/// The plugin. Nodes stand in a ring in the order of their uids. The first feasible one behind the node that was reserved last
/// gets 100 and all others 0. A configuration must enable it at Reserve beside Score, which `multiPoint` does.
#[derive(Debug, Default)]
pub struct RoundRobin {
    /// The uid of the node reserved last.
    last: Cell<Option<i64>>,
}

struct Ring {
    last: Option<i64>,
}

impl Plugin for RoundRobin {
    fn name(&self) -> &'static str {
        "RoundRobin"
    }

    fn points(&self) -> Points {
        Points::SCORE.and(Points::RESERVE)
    }

    fn pre_score<'c>(&'c self, _cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        PreScore::Ask(Box::new(Ring { last: self.last.get() }))
    }

    /// Before normalisation, the node's place in the ring, which never changes.
    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    /// At Reserve and not at PostBind, because the next pod may be decided before this one is bound.
    fn reserve(&self, _cycle: &Cycle<'_>, node: &Node) -> Verdict {
        self.last.set(Some(node.uid as i64));
        Verdict::Fits
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

impl Score for Ring {
    fn score(&self, node: &Node) -> i64 {
        node.uid as i64
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, scores: &mut [i64]) {
        let behind = scores.iter().copied().filter(|uid| self.last.is_none_or(|last| *uid > last)).min();
        let next = behind.or_else(|| scores.iter().copied().min());
        for score in scores {
            *score = if Some(*score) == next { 100 } else { 0 };
        }
    }
}

//! Answers that last, of plugins that say in every cycle the same about a node: what judges it in one cycle does so for good.

use towtank_sim::cluster::Nodes;
use towtank_sim::model::node::Node;
use towtank_sim::scheduler::lanes::Lanes;
use towtank_sim::scheduler::{
    Filter, Lasting, LastingFilter, LastingScore, LoadBlock, NodeFilter, NodePart, NodeScore, Score, Verdict,
};

/// What judges nodes in one cycle, and reads nothing else than this of them.
struct Reading<T>(NodePart, T);

/// What a plugin says that filters and does not score.
pub(crate) fn filters(filter: LastingFilter) -> Lasting {
    Lasting { filter, score: LastingScore::Skip, ..Lasting::default() }
}

/// What a plugin says that scores and does not filter.
pub(crate) fn scores(score: LastingScore) -> Lasting {
    Lasting { filter: LastingFilter::Skip, score, ..Lasting::default() }
}

/// The answer of a filter that looks at this part of a node and at nothing else; of none, that every node passes.
pub(crate) fn filter_by_node<F: Filter + 'static>(reads: NodePart, filter: Option<F>) -> LastingFilter {
    filter.map_or(LastingFilter::Skip, |filter| LastingFilter::ByNode(Box::new(Reading(reads, filter))))
}

/// The answer of a score that looks at this part of a node and at nothing else.
pub(crate) fn score_by_node<S: Score + 'static>(reads: NodePart, score: S) -> LastingScore {
    LastingScore::ByNode(Box::new(Reading(reads, score)))
}

/// Adds the scores of many nodes to their totals: of all by columns, but for those whose amounts are not exact, each of which adds what
/// `by_node` says.
pub(crate) fn add_by_node(
    nodes: &Nodes,
    blocks: &[LoadBlock],
    totals: &mut [Lanes],
    by_node: impl Fn(&Node) -> f64,
    by_columns: impl FnOnce(&mut [Lanes]),
) {
    let inexact = || blocks.iter().enumerate().flat_map(|(index, block)| block.inexact().map(move |at| (index, at)));
    let kept: Vec<f64> = inexact().map(|(index, (lane, id))| totals[index][lane] + by_node(nodes.get(id))).collect();
    by_columns(totals);
    for ((index, (lane, _)), total) in inexact().zip(kept) {
        totals[index][lane] = total;
    }
}

impl<F: Filter> NodeFilter for Reading<F> {
    fn reads(&self) -> NodePart {
        self.0
    }

    fn verdict(&self, node: &Node) -> Verdict {
        self.1.filter(node)
    }
}

impl<S: Score> NodeScore for Reading<S> {
    fn reads(&self) -> NodePart {
        self.0
    }

    fn score(&self, node: &Node) -> i64 {
        self.1.score(node)
    }

    fn normalizes(&self) -> bool {
        self.1.normalizes()
    }

    fn normalize(&self, scores: &mut [i64]) {
        self.1.normalize(scores);
    }
}

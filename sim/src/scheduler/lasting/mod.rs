//! Answers that last: what plugins say to all pods of a class, so that it can be kept from one cycle to the next and only
//! nodes that changed are asked about again.
//!
//! A plugin that gives them says the same as through [`Plugin::pre_filter`](super::Plugin::pre_filter) and
//! [`Plugin::pre_score`](super::Plugin::pre_score), which stay the definition: `--evaluation checked` compares the two at every
//! decision. A plugin that gives none is asked in every cycle.

mod across;
mod block;
pub mod fixed;
pub mod lanes;
mod share_work;
mod shares;

pub use across::{Across, AskColumns, Asks, ClassFilter, ClassScore};
pub use block::{LANES, LoadBlock, LoadPart, PartWork};
pub use share_work::{ShareScore, ShareWork, Shares, Totals, add_shares};
pub use shares::{KINDS, Kinds, ShareBlock, ShareColumns};

use super::framework::Cycle;
use super::verdict::Verdict;
use crate::cluster::Nodes;
use crate::model::NodeId;
use crate::model::node::Node;
use lanes::Lanes;

/// What a plugin says to the pods of one class.
#[derive(Default)]
pub struct Lasting {
    /// Its Filter.
    pub filter: LastingFilter,
    /// Its Score.
    pub score: LastingScore,
    /// What answers by key, if `filter` or `score` says [`LastingFilter::ByKey`] or [`LastingScore::ByKey`].
    pub keys: Option<Box<dyn KeyJudge>>,
    /// How long this holds.
    pub basis: Basis,
}

/// How a filter lasts.
#[derive(Default)]
pub enum LastingFilter {
    /// Every node passes.
    Skip,
    /// The node alone decides.
    ByNode(Box<dyn NodeFilter>),
    /// The key of the node decides, and what else there is in the cluster: see [`Lasting::keys`].
    ByKey,
    /// It does not: PreFilter and Filter are asked in every cycle.
    #[default]
    InCycle,
}

/// How a score lasts.
#[derive(Default)]
pub enum LastingScore {
    /// No say for this class.
    Skip,
    /// Every node has this score; nothing is normalised.
    Same(i64),
    /// The node alone decides on the score before normalisation.
    ByNode(Box<dyn NodeScore>),
    /// The key of the node decides, and what else there is in the cluster: see [`Lasting::keys`].
    ByKey,
    /// It does not: PreScore and Score are asked in every cycle.
    #[default]
    InCycle,
}

/// What, beside the class and the nodes, the kind of answers depends on. When any of it changes, the plugin is asked for its
/// answers anew, and about every node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// The specifications of all nodes, and which nodes there are.
    pub node_specs: bool,
    /// Which classes with affinity or anti-affinity to other pods have pods on nodes.
    pub affinity_classes: bool,
    /// Which objects select pods, and how: services and workload controllers.
    pub selectors: bool,
    /// The objects of these kinds.
    pub kinds: &'static [&'static str],
}

/// What of a node an answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodePart {
    /// Its specification; and of the pod neither requests nor labels.
    Spec,
    /// Its specification, the pods on it, and anything of the pod's class.
    Whole,
}

/// Judges nodes for the pods of one class.
pub trait NodeFilter {
    /// What of a node its verdicts depend on.
    fn reads(&self) -> NodePart;

    /// The verdict, as [`Filter::filter`](super::Filter::filter) of a pod of the class gives it. Never [`Verdict::Error`]: a filter that
    /// may fail has to be asked in the cycle.
    fn verdict(&self, node: &Node) -> Verdict;

    /// Clears, in `fits`, the lanes of the nodes that are refused. The others stay as they are. There is one list of lanes for each
    /// block.
    fn narrow(&self, nodes: &Nodes, blocks: &[LoadBlock], fits: &mut [[bool; LANES]]) {
        for (block, fits) in blocks.iter().zip(fits) {
            for (id, fits) in block.ids().iter().zip(fits) {
                *fits = *fits && self.verdict(nodes.get(*id)) == Verdict::Fits;
            }
        }
    }

    /// What judges a node for many classes, if there is something, and the load of a node that is exact says all that it needs.
    fn across(&self) -> Option<Across<dyn ClassFilter>> {
        None
    }
}

/// Scores nodes for the pods of one class.
pub trait NodeScore {
    /// What of a node its scores depend on.
    fn reads(&self) -> NodePart;

    /// The score before normalisation, as [`Score::score`](super::Score::score) of a pod of the class gives it.
    fn score(&self, node: &Node) -> i64;

    /// Adds `weight` times the score, a whole number, to the lanes of the nodes in `totals`. There is one list of lanes for each block.
    /// What is out of the range of exact numbers may be added as infinity: nobody keeps such totals.
    fn add(&self, nodes: &Nodes, blocks: &[LoadBlock], weight: i64, totals: &mut [Lanes]) {
        for (block, totals) in blocks.iter().zip(totals) {
            for (id, total) in block.ids().iter().zip(totals) {
                *total += exact(weight.saturating_mul(self.score(nodes.get(*id))));
            }
        }
    }

    /// What scores a node for many classes, if there is something, and the load of a node that is exact says all that it needs.
    fn across(&self) -> Option<Across<dyn ClassScore>> {
        None
    }

    /// Whether [`NodeScore::normalize`] does anything.
    fn normalizes(&self) -> bool {
        false
    }

    /// NormalizeScore. It is given each different score of the feasible nodes once, so what it does to one may depend on
    /// which others there are and not on how many nodes have them.
    fn normalize(&self, _scores: &mut [i64]) {}
}

/// The number, or infinity if it is so large that sums with it might be rounded.
pub fn exact(number: i64) -> f64 {
    const LIMIT: u64 = 1 << 45;
    if number.unsigned_abs() < LIMIT { number as f64 } else { f64::INFINITY }
}

/// Judges nodes by a key, for the pods of one class: nodes of one key are alike to it. The topology plugins' key says in which
/// domain a node is, or how many pods of interest are on it.
///
/// In every cycle [`KeyJudge::begin`] is called first; the other methods answer for that cycle.
pub trait KeyJudge {
    /// Catches up with the cluster.
    fn begin(&mut self, cycle: &Cycle<'_>) -> Keys;

    /// The keys of these nodes. A key depends on the node's specification and the pods on it: it is asked for anew when
    /// either changes.
    fn keys(&self, nodes: &Nodes, ids: &[NodeId], keys: &mut [u64]);

    /// The verdict on nodes of this key.
    fn filter(&self, _key: u64) -> Verdict {
        Verdict::Fits
    }

    /// The scores, after normalisation, of the feasible nodes: of each key, where so many nodes have it. The number of keys and
    /// of scores is the same. No key comes twice.
    fn score(&self, _feasible: &[(u64, u32)], _scores: &mut [i64]) {}
}

/// How far keys serve in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Those of nodes that did not change are as they were.
    Kept,
    /// They mean something else than before: all are asked for anew.
    Renewed,
    /// Not at all, in this cycle: too many nodes differ. The plugin is asked by PreFilter and PreScore.
    Useless,
}

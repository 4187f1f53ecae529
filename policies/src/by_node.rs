//! Plugins that do nothing but score each node by itself: a file gives the score, and all that a plugin has to say besides is here.

use crate::lasting::{score_by_node, scores};
use std::fmt;
use std::marker::PhantomData;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{
    Cycle, Dependence, Events, Lasting, LastingScore, NodePart, Plugin, Points, PreScore, Score,
};

/// A score that depends on the node and the pod's class and on nothing else in the cluster.
pub trait ScoreByNode: Score + Sized + 'static {
    /// The plugin's name in configurations.
    const NAME: &'static str;
    /// What of a node it reads.
    const READS: NodePart = NodePart::Whole;

    /// What scores nodes for the pods of a class; `None` if to them every node is as good as any other.
    fn of(class: &PodClass) -> Option<Self>;
}

/// The plugin of a [`ScoreByNode`].
pub struct ByNode<S>(PhantomData<S>);

impl<S> Default for ByNode<S> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<S: ScoreByNode> fmt::Debug for ByNode<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(S::NAME)
    }
}

impl<S: ScoreByNode> Plugin for ByNode<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn points(&self) -> Points {
        Points::SCORE
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        S::of(cycle.class).map_or(PreScore::Same(0), |score| PreScore::Ask(Box::new(score)))
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        scores(S::of(class).map_or(LastingScore::Same(0), |score| score_by_node(S::READS, score)))
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}

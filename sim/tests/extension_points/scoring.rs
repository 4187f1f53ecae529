//! PreScore, Score and NormalizeScore.

use crate::lab::{Diary, Lab};
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::resources::ResourceId;
use towtank_sim::scheduler::{Cycle, MAX_NODE_SCORE, Plugin, Points, PreScore, Score, default_normalize};

/// Prefers the node with the most CPU, told in cores, and scaled afterwards.
struct Large(Diary);
struct Cores<'a>(&'a Diary);

impl Plugin for Large {
    fn name(&self) -> &'static str {
        "Large"
    }
    fn points(&self) -> Points {
        Points::PRE_SCORE.and(Points::SCORE)
    }
    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, feasible: &[NodeId]) -> PreScore<'c> {
        let names: Vec<&str> = feasible.iter().map(|id| cycle.cluster.node(*id).name()).collect();
        self.0.write(&format!("PreScore {}", names.join(" ")));
        PreScore::Ask(Box::new(Cores(&self.0)))
    }
}

impl Score for Cores<'_> {
    fn score(&self, node: &Node) -> i64 {
        node.allocatable.get(ResourceId::CPU) / 1000
    }
    fn normalizes(&self) -> bool {
        true
    }
    fn normalize(&self, scores: &mut [i64]) {
        let raw = scores.to_vec();
        default_normalize(scores, false);
        self.0.write(&format!("NormalizeScore {raw:?} to {scores:?}"));
    }
}

#[test]
fn feasible_nodes_alone_are_scored_and_normalized_together() {
    let mut lab = Lab::new();
    for (name, cpu) in [("small", 1), ("middle", 4), ("large", 10), ("last", 5)] {
        lab.node(0, name, cpu);
    }
    lab.pod(1, "a", 2);
    let diary = lab.diary();
    lab.plugin(Large(diary));
    let expected = ["PreScore middle large last", "NormalizeScore [4, 10, 5] to [40, 100, 50]", "1 a -> large"];
    assert_eq!(lab.run(), expected);
}

/// With one feasible node there is nothing to choose.
#[test]
fn a_single_feasible_node_is_not_scored() {
    let mut lab = Lab::new();
    lab.node(0, "small", 1);
    lab.node(0, "large", 4);
    lab.pod(1, "a", 2);
    let diary = lab.diary();
    lab.plugin(Large(diary));
    assert_eq!(lab.run(), ["1 a -> large"]);
}

/// Gives every node the same, or has no say.
struct Indifferent(bool);

impl Plugin for Indifferent {
    fn name(&self) -> &'static str {
        "Indifferent"
    }
    fn points(&self) -> Points {
        Points::PRE_SCORE.and(Points::SCORE)
    }
    fn pre_score<'c>(&'c self, _cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        if self.0 { PreScore::Same(MAX_NODE_SCORE) } else { PreScore::Skip }
    }
}

#[test]
fn plugins_without_an_opinion_leave_the_choice_to_the_others() {
    for same in [true, false] {
        let mut lab = Lab::new();
        lab.node(0, "small", 2);
        lab.node(0, "large", 4);
        lab.pod(1, "a", 2);
        lab.plugin(Indifferent(same));
        let diary = lab.diary();
        lab.plugin(Large(diary));
        assert_eq!(lab.run().last().map(String::as_str), Some("1 a -> large"));
    }
}

//! Every extension point of the scheduling framework, each with a small plugin that uses it, through the real engine.

mod binding;
mod devices;
mod filtering;
mod lab;
mod queueing;
mod reserving;
mod scoring;

use lab::{Diary, Lab, pod_name};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::{Pod, PodClass};
use towtank_sim::scheduler::{
    Bind, Cycle, Filter, Permit, Plugin, Points, PreBound, PreFilter, PreScore, Score, Verdict,
};

/// Writes down whenever it is asked, at every extension point that a pod passes on its way to a node.
struct Everywhere(Diary);

impl Plugin for Everywhere {
    fn name(&self) -> &'static str {
        "Everywhere"
    }
    fn points(&self) -> Points {
        let before = Points::PRE_ENQUEUE.and(Points::QUEUE_SORT).and(Points::PRE_FILTER).and(Points::FILTER);
        let after = Points::RESERVE.and(Points::PERMIT).and(Points::PRE_BIND).and(Points::BIND).and(Points::POST_BIND);
        before.and(Points::PRE_SCORE).and(Points::SCORE).and(after)
    }
    fn pre_enqueue(&self, _cycle: &Cycle<'_>) -> Result<(), String> {
        self.0.write("PreEnqueue");
        Ok(())
    }
    fn queue_key(&self, _pod: &Pod, _class: &PodClass, _cluster: &Cluster) -> i64 {
        self.0.write("QueueSort");
        0
    }
    fn pre_filter<'c>(&'c self, _cycle: &Cycle<'c>) -> PreFilter<'c> {
        self.0.write("PreFilter");
        PreFilter::Ask(Box::new(self))
    }
    fn pre_score<'c>(&'c self, _cycle: &Cycle<'c>, feasible: &[NodeId]) -> PreScore<'c> {
        self.0.write(&format!("PreScore {}", feasible.len()));
        PreScore::Ask(Box::new(self))
    }
    fn reserve(&self, _cycle: &Cycle<'_>, _node: &Node) -> Verdict {
        self.0.write("Reserve");
        Verdict::Fits
    }
    fn unreserve(&self, _cycle: &Cycle<'_>, _node: &Node) {
        self.0.write("Unreserve");
    }
    fn permit(&self, _cycle: &Cycle<'_>, _node: &Node) -> Permit {
        self.0.write("Permit");
        Permit::Allow
    }
    fn pre_bind(&self, _cycle: &Cycle<'_>, _node: &Node) -> Result<Vec<towtank_sim::cluster::Action>, String> {
        self.0.write("PreBind");
        Ok(Vec::new())
    }
    fn pre_bound(&self, _cycle: &Cycle<'_>, _node: &Node) -> PreBound {
        self.0.write("PreBound");
        PreBound::Ready
    }
    fn bind(&self, _cycle: &Cycle<'_>, _node: &Node) -> Bind {
        self.0.write("Bind");
        Bind::Bind
    }
    fn post_bind(&self, cycle: &Cycle<'_>, node: &Node) {
        assert_eq!(cycle.live_pod().and_then(|pod| pod.node), Some(node.id), "the pod is bound by now");
        self.0.write(&format!("PostBind {}", pod_name(cycle)));
    }
}

impl Filter for &Everywhere {
    fn filter(&self, node: &Node) -> Verdict {
        self.0.write(&format!("Filter {}", node.name()));
        Verdict::Fits
    }
}

impl Score for &Everywhere {
    fn score(&self, node: &Node) -> i64 {
        self.0.write(&format!("Score {}", node.name()));
        if node.name() == "n2" { 7 } else { 0 }
    }
    fn normalizes(&self) -> bool {
        true
    }
    fn normalize(&self, scores: &mut [i64]) {
        self.0.write("NormalizeScore");
        for score in scores {
            *score *= 10;
        }
    }
}

#[test]
fn a_pod_passes_the_extension_points_in_upstreams_order() {
    let mut lab = Lab::new();
    lab.node(0, "n1", 4);
    lab.node(0, "n2", 4);
    lab.pod(1, "a", 2);
    let diary = lab.diary();
    lab.plugin(Everywhere(diary));
    let lines = lab.run();
    let expected = "QueueSort, PreEnqueue, PreFilter, Filter n1, Filter n2, PreScore 2, Score n1, Score n2, NormalizeScore, \
                    Reserve, Permit, PreBind, PreBound, Bind, PostBind a, 1 a -> n2";
    assert_eq!(lines.join(", "), expected);
}

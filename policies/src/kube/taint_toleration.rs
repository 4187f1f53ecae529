//! TaintToleration: tainted nodes take only pods that tolerate it; the fewer soft taints against the pod, the better.

use towtank_sim::model::NodeId;
use towtank_sim::model::node::{Node, NodeSpec};
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::taint::{Effect, Toleration};
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Dependence, Events, Filter, Hint, Plugin, Points, PreFilter, PreScore, Score, Verdict,
    default_normalize,
};

/// The plugin.
///
/// Source: `tainttoleration/taint_toleration.go`.
#[derive(Clone, Copy, Debug)]
pub struct TaintToleration;

struct Hard<'c>(&'c PodSpec);

struct Soft<'c>(Vec<&'c Toleration>);

impl Plugin for TaintToleration {
    fn name(&self) -> &'static str {
        "TaintToleration"
    }

    fn points(&self) -> Points {
        Points::FILTER.and(Points::PRE_SCORE).and(Points::SCORE)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        PreFilter::Ask(Box::new(Hard(&cycle.class.spec)))
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        let soft = |t: &&Toleration| matches!(t.effect, None | Some(Effect::PreferNoSchedule));
        PreScore::Ask(Box::new(Soft(cycle.class.spec.tolerations.iter().filter(soft).collect())))
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn events(&self) -> Events {
        Events::NODE_ADD.and(Events::NODE_TAINT).and(Events::POD_TOLERATION)
    }

    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        let (ClusterEvent::NodeAdd(id) | ClusterEvent::NodeUpdate(id, _)) = event else {
            // Of pods, only the waiting one can have got a toleration that helps it.
            return if matches!(event, ClusterEvent::OwnUpdate { .. }) { Hint::Queue } else { Hint::Skip };
        };
        let node = cycle.cluster.node(id);
        let passes = |spec: &NodeSpec| tolerates(&cycle.class.spec, spec);
        let before = match event {
            ClusterEvent::NodeUpdate(..) => node.previous.as_deref().is_some_and(passes),
            _ => false,
        };
        if passes(&node.spec) && !before { Hint::Queue } else { Hint::Skip }
    }
}

impl Filter for Hard<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        if tolerates(self.0, &node.spec) {
            Verdict::Fits
        } else {
            Verdict::unresolvable("node(s) had untolerated taint(s)")
        }
    }
}

impl Score for Soft<'_> {
    /// How many soft taints the pod does not tolerate.
    fn score(&self, node: &Node) -> i64 {
        let soft = node.spec.taints.iter().filter(|taint| taint.effect == Effect::PreferNoSchedule);
        soft.filter(|taint| !self.0.iter().any(|toleration| toleration.tolerates(taint))).count() as i64
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, scores: &mut [i64]) {
        default_normalize(scores, true);
    }
}

pub(super) fn tolerates(pod: &PodSpec, node: &NodeSpec) -> bool {
    let hard = |effect| matches!(effect, Effect::NoSchedule | Effect::NoExecute);
    node.taints
        .iter()
        .filter(|taint| hard(taint.effect))
        .all(|taint| pod.tolerations.iter().any(|toleration| toleration.tolerates(taint)))
}

//! TaintToleration: tainted nodes take only pods that tolerate it; the fewer soft taints against the pod, the better.

use crate::lasting::{filter_by_node, score_by_node};
use std::borrow::Borrow;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::{Node, NodeSpec};
use towtank_sim::model::pod::{PodClass, PodSpec};
use towtank_sim::model::taint::{Effect, Taint, Toleration, TolerationOperator};
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Dependence, Events, FeatureGates, Filter, Hint, Lasting, NodePart, Plugin, Points, PreFilter,
    PreScore, Score, Verdict, default_normalize,
};

/// The plugin.
///
/// Source: `tainttoleration/taint_toleration.go`.
#[derive(Clone, Copy, Debug)]
pub struct TaintToleration {
    compares: bool,
}

/// The tolerations that count against hard taints.
struct Hard<T>(Vec<T>);

/// The tolerations that count against soft taints.
struct Soft<T>(Vec<T>);

impl TaintToleration {
    /// Under these gates. Tolerations that compare numbers tolerate nothing where TaintTolerationComparisonOperators is off.
    pub fn new(gates: FeatureGates) -> Self {
        Self { compares: gates.enabled(FeatureGates::TAINT_TOLERATION_COMPARISON_OPERATORS) }
    }
}

impl Plugin for TaintToleration {
    fn name(&self) -> &'static str {
        "TaintToleration"
    }

    fn points(&self) -> Points {
        Points::FILTER.and(Points::PRE_SCORE).and(Points::SCORE)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        PreFilter::Ask(Box::new(Hard(tolerations(&cycle.class.spec, self.compares).collect())))
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        PreScore::Ask(Box::new(Soft(soft(&cycle.class.spec, self.compares).collect())))
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        let hard: Vec<Toleration> = tolerations(&class.spec, self.compares).cloned().collect();
        let soft: Vec<Toleration> = soft(&class.spec, self.compares).cloned().collect();
        Lasting {
            filter: filter_by_node(NodePart::Spec, Some(Hard(hard))),
            score: score_by_node(NodePart::Spec, Soft(soft)),
            ..Lasting::default()
        }
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
        let passes = |spec: &NodeSpec| tolerates(&cycle.class.spec, spec, self.compares);
        let before = match event {
            ClusterEvent::NodeUpdate(..) => node.previous.as_deref().is_some_and(passes),
            _ => false,
        };
        if passes(&node.spec) && !before { Hint::Queue } else { Hint::Skip }
    }
}

impl<T: Borrow<Toleration>> Filter for Hard<T> {
    fn filter(&self, node: &Node) -> Verdict {
        if tolerate(&self.0, &node.spec) {
            Verdict::Fits
        } else {
            Verdict::unresolvable("node(s) had untolerated taint(s)")
        }
    }
}

impl<T: Borrow<Toleration>> Score for Soft<T> {
    /// How many soft taints the pod does not tolerate.
    fn score(&self, node: &Node) -> i64 {
        let soft = node.spec.taints.iter().filter(|taint| taint.effect == Effect::PreferNoSchedule);
        soft.filter(|taint| !self.0.iter().any(|toleration| toleration.borrow().tolerates(taint))).count() as i64
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, scores: &mut [i64]) {
        default_normalize(scores, true);
    }
}

/// The tolerations that count: those that compare only where that is switched on.
fn tolerations(pod: &PodSpec, compares: bool) -> impl Iterator<Item = &Toleration> {
    let is_comparison = |t: &Toleration| matches!(t.operator, TolerationOperator::Lt | TolerationOperator::Gt);
    pod.tolerations.iter().filter(move |toleration| compares || !is_comparison(toleration))
}

/// Those of them that count against soft taints.
fn soft(pod: &PodSpec, compares: bool) -> impl Iterator<Item = &Toleration> {
    tolerations(pod, compares).filter(|t| matches!(t.effect, None | Some(Effect::PreferNoSchedule)))
}

/// Whether the pod tolerates all hard taints of the node.
pub(super) fn tolerates(pod: &PodSpec, node: &NodeSpec, compares: bool) -> bool {
    hard_taints(node).all(|taint| tolerations(pod, compares).any(|toleration| toleration.tolerates(taint)))
}

/// Whether these tolerations cover all hard taints of the node.
fn tolerate<T: Borrow<Toleration>>(tolerations: &[T], node: &NodeSpec) -> bool {
    hard_taints(node).all(|taint| tolerations.iter().any(|toleration| toleration.borrow().tolerates(taint)))
}

fn hard_taints(node: &NodeSpec) -> impl Iterator<Item = &Taint> {
    node.taints.iter().filter(|taint| matches!(taint.effect, Effect::NoSchedule | Effect::NoExecute))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparing_tolerations_count_only_where_the_gate_is_on() {
        let taint = Taint { key: "sla".into(), value: "5".into(), effect: Effect::NoSchedule };
        let node = NodeSpec { taints: [taint].into(), ..NodeSpec::default() };
        let below_ten = Toleration {
            key: "sla".into(),
            operator: TolerationOperator::Lt,
            value: "10".into(),
            ..Toleration::default()
        };
        let pod = PodSpec { tolerations: vec![below_ten], ..PodSpec::default() };
        assert!(tolerates(&pod, &node, true));
        assert!(!tolerates(&pod, &node, false));
    }
}

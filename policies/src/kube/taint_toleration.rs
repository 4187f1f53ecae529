//! TaintToleration: tainted nodes take only pods that tolerate it; the fewer soft taints against the pod, the better.

use towtank_sim::model::NodeId;
use towtank_sim::model::node::{Node, NodeSpec};
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::taint::{Effect, Toleration, TolerationOperator};
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Dependence, Events, FeatureGates, Filter, Hint, Plugin, Points, PreFilter, PreScore, Score,
    Verdict, default_normalize,
};

/// The plugin.
///
/// Source: `tainttoleration/taint_toleration.go`.
#[derive(Clone, Copy, Debug)]
pub struct TaintToleration {
    compares: bool,
}

struct Hard<'c> {
    pod: &'c PodSpec,
    compares: bool,
}

struct Soft<'c>(Vec<&'c Toleration>);

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
        PreFilter::Ask(Box::new(Hard { pod: &cycle.class.spec, compares: self.compares }))
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        let soft = |t: &&Toleration| matches!(t.effect, None | Some(Effect::PreferNoSchedule));
        PreScore::Ask(Box::new(Soft(tolerations(&cycle.class.spec, self.compares).filter(soft).collect())))
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
        let passes = |spec: &NodeSpec| tolerates(&cycle.class.spec, spec, self.compares);
        let before = match event {
            ClusterEvent::NodeUpdate(..) => node.previous.as_deref().is_some_and(passes),
            _ => false,
        };
        if passes(&node.spec) && !before { Hint::Queue } else { Hint::Skip }
    }
}

impl Filter for Hard<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        if tolerates(self.pod, &node.spec, self.compares) {
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

/// The tolerations that count: those that compare only where that is switched on.
fn tolerations(pod: &PodSpec, compares: bool) -> impl Iterator<Item = &Toleration> {
    let is_comparison = |t: &Toleration| matches!(t.operator, TolerationOperator::Lt | TolerationOperator::Gt);
    pod.tolerations.iter().filter(move |toleration| compares || !is_comparison(toleration))
}

/// Whether the pod tolerates all hard taints of the node.
pub(super) fn tolerates(pod: &PodSpec, node: &NodeSpec, compares: bool) -> bool {
    let hard = |effect| matches!(effect, Effect::NoSchedule | Effect::NoExecute);
    node.taints
        .iter()
        .filter(|taint| hard(taint.effect))
        .all(|taint| tolerations(pod, compares).any(|toleration| toleration.tolerates(taint)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use towtank_sim::model::taint::Taint;

    #[test]
    fn comparing_tolerations_count_only_where_the_gate_is_on() {
        let taint = Taint { key: "sla".into(), value: "5".into(), effect: Effect::NoSchedule };
        let node = NodeSpec { taints: vec![taint], ..NodeSpec::default() };
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

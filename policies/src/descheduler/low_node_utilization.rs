//! LowNodeUtilization: moves pods from nodes that have much to nodes that have little.
//!
//! Source: `pkg/framework/plugins/nodeutilization/lownodeutilization.go`. How full a node is, is what its pods request.

use super::Arguments;
use super::node_utilization::{Move, NodeUsage, Thresholds, Usage, validate_thresholds};
use super::selection::Namespaces;
use crate::config::{Invalid, Step};
use serde::Deserialize;
use serde::de::IgnoredAny;
use towtank_sim::descheduler::{Cycle, Strategy, View};

/// LowNodeUtilization with its arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct LowNodeUtilization {
    use_deviation_thresholds: bool,
    thresholds: Thresholds,
    target_thresholds: Thresholds,
    number_of_nodes: usize,
    metrics_utilization: Option<IgnoredAny>,
    evictable_namespaces: Option<Namespaces>,
    eviction_limits: Option<EvictionLimits>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct EvictionLimits {
    node: Option<u32>,
}

impl Strategy for LowNodeUtilization {
    fn name(&self) -> &'static str {
        "LowNodeUtilization"
    }

    fn run(&self, cycle: &mut Cycle<'_, '_>) {
        let usage = Usage::of(cycle, &self.thresholds);
        let (low, high) = self.limits(&usage, cycle.view());
        let view = cycle.view();
        let is_low = |node: &&NodeUsage| !view.nodes[node.node].spec.unschedulable && usage.is_below(node, &low, view);
        let (lows, others): (Vec<&NodeUsage>, Vec<&NodeUsage>) = usage.nodes.iter().partition(is_low);
        let highs: Vec<&NodeUsage> = others.into_iter().filter(|node| usage.is_above(node, &high, view)).collect();
        if lows.len() <= self.number_of_nodes || lows.len() == usage.nodes.len() || highs.is_empty() {
            return;
        }
        let side = |nodes: Vec<&NodeUsage>| nodes.into_iter().map(|node| usage.side(node, &high, view)).collect();
        let from_highs = Move {
            from: side(highs),
            to: side(lows),
            namespaces: self.evictable_namespaces.as_ref(),
            down_to_available: true,
            per_node: self.eviction_limits.as_ref().and_then(|limits| limits.node),
            also: &|_| true,
        };
        from_highs.run(true, &usage, cycle);
    }
}

impl LowNodeUtilization {
    /// Below what a node has little, and above what it has much.
    fn limits(&self, usage: &Usage, view: &View<'_>) -> (Thresholds, Thresholds) {
        if !self.use_deviation_thresholds {
            return (self.thresholds.clone(), self.target_thresholds.clone());
        }
        let (mut low, mut high) = (Thresholds::new(), Thresholds::new());
        for (name, below) in &self.thresholds {
            let percents: Vec<f64> = usage.nodes.iter().filter_map(|node| usage.percent(node, name, view)).collect();
            if percents.is_empty() {
                continue;
            }
            let average = percents.iter().sum::<f64>() / percents.len() as f64;
            let above = self.target_thresholds.get(name).copied().unwrap_or(0.0);
            low.insert(name.clone(), (average - below).clamp(0.0, 100.0));
            high.insert(name.clone(), (average + above).clamp(0.0, 100.0));
        }
        (low, high)
    }
}

impl Arguments for LowNodeUtilization {
    fn validate(&self) -> Result<(), Invalid> {
        self.evictable_namespaces.as_ref().map_or(Ok(()), Namespaces::validate_exclusion)?;
        validate_thresholds("thresholds", &self.thresholds)?;
        validate_thresholds("targetThresholds", &self.target_thresholds)?;
        let target = [Step::Key("targetThresholds")];
        if !self.thresholds.keys().eq(self.target_thresholds.keys()) {
            let detail = "thresholds and targetThresholds configure different resources";
            return Err(Invalid::value(target, &self.target_thresholds, detail));
        }
        let crossed = self.thresholds.iter().find(|(name, percent)| **percent > self.target_thresholds[*name]);
        if let Some((name, _)) = crossed.filter(|_| !self.use_deviation_thresholds) {
            let detail = format!("{name} is below thresholds");
            return Err(Invalid::value(target, &self.target_thresholds, &detail));
        }
        if self.metrics_utilization.is_some() {
            let detail = "usage by metrics is not modelled: expected none, requests count";
            return Err(Invalid::forbidden([Step::Key("metricsUtilization")], detail));
        }
        Ok(())
    }
}

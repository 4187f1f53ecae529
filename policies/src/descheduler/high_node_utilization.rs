//! HighNodeUtilization: empties nodes that have little, for a scheduler that packs.
//!
//! Source: `pkg/framework/plugins/nodeutilization/highnodeutilization.go`.

use super::Arguments;
use super::node_utilization::{Move, NodeUsage, Thresholds, Usage, validate_thresholds};
use super::selection::Namespaces;
use crate::config::Invalid;
use serde::Deserialize;
use towtank_sim::descheduler::{Cycle, PodView, Strategy};

/// HighNodeUtilization with its arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct HighNodeUtilization {
    thresholds: Thresholds,
    number_of_nodes: usize,
    eviction_modes: Vec<EvictionMode>,
    evictable_namespaces: Option<Namespaces>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum EvictionMode {
    /// Only pods with a container that requests one of the resources with a threshold.
    OnlyThresholdingResources,
}

impl Strategy for HighNodeUtilization {
    fn name(&self) -> &'static str {
        "HighNodeUtilization"
    }

    fn run(&self, cycle: &mut Cycle<'_, '_>) {
        let usage = Usage::of(cycle, &self.thresholds);
        let view = cycle.view();
        let is_low = |node: &&NodeUsage| usage.is_below(node, &self.thresholds, view);
        let (lows, others): (Vec<&NodeUsage>, Vec<&NodeUsage>) = usage.nodes.iter().partition(is_low);
        let open: Vec<&NodeUsage> =
            others.into_iter().filter(|node| !view.nodes[node.node].spec.unschedulable).collect();
        if lows.len() <= self.number_of_nodes || lows.len() == usage.nodes.len() || open.is_empty() {
            return;
        }
        let whole = Thresholds::new();
        let side = |nodes: Vec<&NodeUsage>| nodes.into_iter().map(|node| usage.side(node, &whole, view)).collect();
        let from_lows = Move {
            from: side(lows),
            to: side(open),
            namespaces: self.evictable_namespaces.as_ref(),
            down_to_available: false,
            per_node: None,
            also: &|pod| self.eviction_modes.is_empty() || self.asks_for_one(pod),
        };
        from_lows.run(false, &usage, cycle);
    }
}

impl HighNodeUtilization {
    fn asks_for_one(&self, pod: &PodView<'_>) -> bool {
        let spec = &pod.class.spec;
        let mut containers = spec.containers.iter().chain(spec.init_containers.iter().map(|init| &init.container));
        containers.any(|container| self.thresholds.keys().any(|name| container.requests.get(name).is_some()))
    }
}

impl Arguments for HighNodeUtilization {
    fn validate(&self) -> Result<(), Invalid> {
        self.evictable_namespaces.as_ref().map_or(Ok(()), Namespaces::validate_exclusion)?;
        validate_thresholds("thresholds", &self.thresholds)
    }
}

//! RemovePodsViolatingNodeAffinity: evicts pods whose node does not satisfy their node affinity any more while another one does, or
//! satisfies their preferences less than another one does.
//!
//! Source: `pkg/framework/plugins/removepodsviolatingnodeaffinity/node_affinity.go`.

use super::Arguments;
use super::selection::{Namespaces, Selector};
use crate::config::{Invalid, Step};
use serde::Deserialize;
use towtank_sim::descheduler::{Cycle, NodeView, PodView, Strategy, fit};

/// RemovePodsViolatingNodeAffinity with its arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct RemovePodsViolatingNodeAffinity {
    namespaces: Namespaces,
    label_selector: Option<Selector>,
    node_affinity_type: Vec<AffinityType>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum AffinityType {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    Required,
    #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution")]
    Preferred,
}

impl Strategy for RemovePodsViolatingNodeAffinity {
    fn name(&self) -> &'static str {
        "RemovePodsViolatingNodeAffinity"
    }

    fn run(&self, cycle: &mut Cycle<'_, '_>) {
        let nodes = cycle.nodes().to_vec();
        for kind in &self.node_affinity_type {
            for &node in &nodes {
                let wanted = |pod: &usize| {
                    self.selects(cycle.pod(*pod))
                        && kind.is_violated(cycle.pod(*pod), node, cycle)
                        && cycle.may_consider(*pod)
                        && cycle.may_go(*pod)
                        && fit::fits_somewhere(cycle.pod(*pod), &nodes, cycle.view())
                };
                let pods: Vec<usize> = cycle.pods_on(node, false).into_iter().filter(wanted).collect();
                if !cycle.evict_all(&pods) {
                    // The limit holds for the next kind of affinity as well.
                    return;
                }
            }
        }
    }
}

impl RemovePodsViolatingNodeAffinity {
    fn selects(&self, pod: &PodView<'_>) -> bool {
        self.namespaces.has(pod.namespace()) && self.label_selector.as_ref().is_none_or(|s| s.selects(pod))
    }
}

impl AffinityType {
    fn is_violated(self, pod: &PodView<'_>, node: usize, cycle: &Cycle<'_, '_>) -> bool {
        match self {
            Self::Required => pod.class.spec.node_affinity.required.is_some() && !fit::selects(pod, cycle.node(node)),
            Self::Preferred => {
                let best = cycle.nodes().iter().map(|other| weight(pod, cycle.node(*other))).max();
                best.is_some_and(|best| best.max(0) > weight(pod, cycle.node(node)))
            }
        }
    }
}

/// The sum of the weights of the pod's preferences that the node satisfies.
fn weight(pod: &PodView<'_>, node: &NodeView<'_>) -> i32 {
    let preferred = pod.class.spec.node_affinity.preferred.iter();
    let satisfied = preferred.filter(|preferred| preferred.term.matches(&node.spec.name, &node.spec.labels));
    satisfied.map(|preferred| preferred.weight).sum()
}

impl Arguments for RemovePodsViolatingNodeAffinity {
    fn validate(&self) -> Result<(), Invalid> {
        self.namespaces.validate()?;
        if self.node_affinity_type.is_empty() {
            return Err(Invalid::required([Step::Key("nodeAffinityType")], ""));
        }
        Ok(())
    }
}

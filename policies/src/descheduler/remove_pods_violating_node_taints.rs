//! RemovePodsViolatingNodeTaints: evicts pods that do not tolerate a `NoSchedule` taint of their node.
//!
//! Source: `pkg/framework/plugins/removepodsviolatingnodetaints/node_taint.go`.

use super::Arguments;
use super::selection::{Namespaces, Selector};
use crate::config::{Invalid, Step};
use serde::Deserialize;
use towtank_sim::descheduler::{Cycle, PodView, Strategy, fit};
use towtank_sim::model::taint::{Effect, Taint};

/// RemovePodsViolatingNodeTaints with its arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct RemovePodsViolatingNodeTaints {
    namespaces: Namespaces,
    label_selector: Option<Selector>,
    include_prefer_no_schedule: bool,
    excluded_taints: Vec<String>,
    included_taints: Option<Vec<String>>,
}

impl Strategy for RemovePodsViolatingNodeTaints {
    fn name(&self) -> &'static str {
        "RemovePodsViolatingNodeTaints"
    }

    fn run(&self, cycle: &mut Cycle<'_, '_>) {
        for node in cycle.nodes().to_vec() {
            let taints = &cycle.node(node).spec.taints;
            let wanted = |pod: &usize| {
                let pod_view = cycle.pod(*pod);
                !fit::tolerates(pod_view, taints, |taint| self.counts(taint))
                    && self.selects(pod_view)
                    && cycle.may_consider(*pod)
                    && cycle.may_go(*pod)
            };
            let pods: Vec<usize> = cycle.pods_on(node, false).into_iter().filter(wanted).collect();
            if !cycle.evict_all(&pods) {
                return;
            }
        }
    }
}

impl RemovePodsViolatingNodeTaints {
    fn selects(&self, pod: &PodView<'_>) -> bool {
        self.namespaces.has(pod.namespace()) && self.label_selector.as_ref().is_none_or(|s| s.selects(pod))
    }

    fn counts(&self, taint: &Taint) -> bool {
        let hard = taint.effect == Effect::NoSchedule;
        let soft = self.include_prefer_no_schedule && taint.effect == Effect::PreferNoSchedule;
        (hard || soft)
            && !names(&self.excluded_taints, taint)
            && self.included_taints.as_ref().is_none_or(|included| names(included, taint))
    }
}

/// Whether the list has the taint, as `key` or as `key=value`.
fn names(list: &[String], taint: &Taint) -> bool {
    let pair = format!("{}={}", taint.key, taint.value);
    list.iter().any(|name| *name == taint.key || !taint.value.is_empty() && *name == pair)
}

impl Arguments for RemovePodsViolatingNodeTaints {
    fn validate(&self) -> Result<(), Invalid> {
        self.namespaces.validate()?;
        let both =
            !self.excluded_taints.is_empty() && self.included_taints.as_ref().is_some_and(|list| !list.is_empty());
        if both {
            let detail = "either includedTaints or excludedTaints can be set, but not both";
            return Err(Invalid::forbidden([Step::Key("includedTaints")], detail));
        }
        Ok(())
    }
}

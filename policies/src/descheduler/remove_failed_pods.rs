//! RemoveFailedPods: removes pods that have failed.
//!
//! Source: `pkg/framework/plugins/removefailedpods/failedpods.go`.

use super::Arguments;
use super::selection::{Namespaces, Selector};
use crate::config::Invalid;
use serde::Deserialize;
use towtank_sim::descheduler::{Cycle, PodView, Strategy};
use towtank_sim::model::pod::PodPhase;
use towtank_sim::time::{SimTime, Span};

/// RemoveFailedPods with its arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct RemoveFailedPods {
    namespaces: Namespaces,
    label_selector: Option<Selector>,
    exclude_owner_kinds: Vec<String>,
    min_pod_lifetime_seconds: Option<u32>,
    reasons: Vec<String>,
    exit_codes: Vec<i32>,
    including_init_containers: bool,
}

impl Strategy for RemoveFailedPods {
    fn name(&self) -> &'static str {
        "RemoveFailedPods"
    }

    fn run(&self, cycle: &mut Cycle<'_, '_>) {
        for node in cycle.nodes().to_vec() {
            let wanted = |pod: &usize| {
                self.wants(cycle.pod(*pod), cycle.view().now) && cycle.may_consider(*pod) && cycle.may_go(*pod)
            };
            let pods: Vec<usize> = cycle.pods_on(node, true).into_iter().filter(wanted).collect();
            if !cycle.evict_all(&pods) {
                return;
            }
        }
    }
}

impl RemoveFailedPods {
    fn wants(&self, pod: &PodView<'_>, now: SimTime) -> bool {
        let inits = if self.including_init_containers { &pod.init_states[..] } else { &[] };
        let mut reasons = pod.states.iter().chain(inits);
        let old = |least: u32| now.since(pod.created) >= Span::from_secs(i64::from(least));
        pod.phase == PodPhase::Failed
            && self.namespaces.has(pod.namespace())
            && self.label_selector.as_ref().is_none_or(|selector| selector.selects(pod))
            && self.min_pod_lifetime_seconds.is_none_or(old)
            && pod.owners.iter().all(|owner| self.exclude_owner_kinds.iter().all(|kind| *kind != owner.kind))
            && (self.reasons.is_empty() || reasons.any(|reason| self.reasons.iter().any(|wanted| wanted == reason)))
            && (self.exit_codes.is_empty() || pod.exit_codes.iter().any(|code| self.exit_codes.contains(code)))
    }
}

impl Arguments for RemoveFailedPods {
    fn validate(&self) -> Result<(), Invalid> {
        self.namespaces.validate()
    }
}

//! PodLifeTime: evicts pods that are old, or in some state.
//!
//! Source: `pkg/framework/plugins/podlifetime/pod_lifetime.go`.

use super::Arguments;
use super::selection::{Namespaces, Selector};
use crate::config::{Invalid, Step};
use serde::Deserialize;
use towtank_sim::descheduler::{Condition, Cycle, PodView, Refused, Strategy};
use towtank_sim::time::{SimTime, Span};

/// PodLifeTime with its arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct PodLifeTime {
    namespaces: Namespaces,
    label_selector: Option<Selector>,
    owner_kinds: Option<OwnerKinds>,
    max_pod_life_time_seconds: Option<u32>,
    states: Vec<String>,
    conditions: Vec<ConditionFilter>,
    exit_codes: Vec<i32>,
    including_init_containers: bool,
    /// Ephemeral containers are not modelled: no pod has any.
    #[serde(rename = "includingEphemeralContainers")]
    _including_ephemeral_containers: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OwnerKinds {
    include: Vec<String>,
    exclude: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ConditionFilter {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: String,
    min_time_since_last_transition_seconds: Option<u32>,
}

/// The states that may be asked for: phases of pods, and reasons of pods and containers.
const STATES: [&str; 24] = [
    "Running",
    "Pending",
    "Succeeded",
    "Failed",
    "Unknown",
    "NodeAffinity",
    "NodeLost",
    "Shutdown",
    "UnexpectedAdmissionError",
    "PodInitializing",
    "ContainerCreating",
    "ImagePullBackOff",
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "ErrImagePull",
    "CreateContainerError",
    "InvalidImageName",
    "OOMKilled",
    "Error",
    "Completed",
    "DeadlineExceeded",
    "Evicted",
    "ContainerCannotRun",
    "StartError",
];

impl Strategy for PodLifeTime {
    fn name(&self) -> &'static str {
        "PodLifeTime"
    }

    fn run(&self, cycle: &mut Cycle<'_, '_>) {
        let mut pods = Vec::new();
        for &node in cycle.nodes() {
            let wanted = |pod: &usize| {
                self.wants(cycle.pod(*pod), cycle.view().now) && cycle.may_consider(*pod) && cycle.may_go(*pod)
            };
            pods.extend(cycle.pods_on(node, true).into_iter().filter(wanted));
        }
        pods.sort_by_key(|pod| cycle.pod(*pod).created);
        for pod in pods {
            if cycle.evict(pod) == Err(Refused::TotalLimit) {
                return;
            }
        }
    }
}

impl PodLifeTime {
    fn wants(&self, pod: &PodView<'_>, now: SimTime) -> bool {
        self.namespaces.has(pod.namespace())
            && self.label_selector.as_ref().is_none_or(|selector| selector.selects(pod))
            && self
                .max_pod_life_time_seconds
                .is_none_or(|limit| whole_seconds(now.since(pod.created)) > i64::from(limit))
            && self.has_owner(pod)
            && (self.states.is_empty() || self.has_state(pod))
            && (self.conditions.is_empty()
                || self.conditions.iter().any(|f| pod.conditions.iter().any(|c| f.is_met(c, now))))
            && (self.exit_codes.is_empty() || pod.exit_codes.iter().any(|code| self.exit_codes.contains(code)))
    }

    fn has_owner(&self, pod: &PodView<'_>) -> bool {
        let Some(OwnerKinds { include, exclude }) = &self.owner_kinds else { return true };
        let mut owners = pod.owners.iter();
        if include.is_empty() {
            owners.all(|owner| exclude.iter().all(|kind| *kind != owner.kind))
        } else {
            owners.any(|owner| include.iter().any(|kind| *kind == owner.kind))
        }
    }

    fn has_state(&self, pod: &PodView<'_>) -> bool {
        let inits = if self.including_init_containers { &pod.init_states[..] } else { &[] };
        let reasons = pod.states.iter().chain(inits).map(|state| &**state);
        let mut states = reasons.chain([pod.phase.as_str()]);
        states.any(|state| self.states.iter().any(|wanted| wanted == state))
    }
}

impl ConditionFilter {
    fn is_met(&self, condition: &Condition, now: SimTime) -> bool {
        let equal = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        let age = condition.since.map(|since| whole_seconds(now.since(since)));
        equal(&self.kind, &condition.kind)
            && equal(&self.status, &condition.status)
            && equal(&self.reason, &condition.reason)
            && self
                .min_time_since_last_transition_seconds
                .is_none_or(|least| age.is_some_and(|age| age >= i64::from(least)))
    }
}

const fn whole_seconds(span: Span) -> i64 {
    span.0.div_euclid(1_000_000_000)
}

impl Arguments for PodLifeTime {
    fn validate(&self) -> Result<(), Invalid> {
        self.namespaces.validate()?;
        if self.owner_kinds.as_ref().is_some_and(|kinds| !kinds.include.is_empty() && !kinds.exclude.is_empty()) {
            return Err(Invalid::forbidden([Step::Key("ownerKinds")], "only one of include and exclude can be set"));
        }
        if let Some(index) = self.states.iter().position(|state| !STATES.contains(&&**state)) {
            return Err(Invalid::not_supported(
                [Step::Key("states"), Step::Index(index)],
                &self.states[index],
                &STATES,
            ));
        }
        let says_nothing = |filter: &ConditionFilter| {
            filter.kind.is_empty()
                && filter.status.is_empty()
                && filter.reason.is_empty()
                && filter.min_time_since_last_transition_seconds.is_none()
        };
        if let Some(index) = self.conditions.iter().position(says_nothing) {
            let detail = "at least one of type, status, reason, or minTimeSinceLastTransitionSeconds must be set";
            return Err(Invalid::required([Step::Key("conditions"), Step::Index(index)], detail));
        }
        let says_something = self.max_pod_life_time_seconds.is_some()
            || !(self.states.is_empty() && self.conditions.is_empty() && self.exit_codes.is_empty());
        if says_something {
            return Ok(());
        }
        let detail = "at least one of maxPodLifeTimeSeconds, states, conditions, and exitCodes must be given";
        Err(Invalid::required([], detail))
    }
}

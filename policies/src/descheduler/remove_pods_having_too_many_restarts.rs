//! RemovePodsHavingTooManyRestarts: evicts pods whose containers were started again too often.
//!
//! Source: `pkg/framework/plugins/removepodshavingtoomanyrestarts/toomanyrestarts.go`.

use super::Arguments;
use super::selection::{Namespaces, Selector};
use crate::config::{Invalid, Step};
use serde::Deserialize;
use towtank_sim::descheduler::{Cycle, PodView, Strategy};

/// RemovePodsHavingTooManyRestarts with its arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct RemovePodsHavingTooManyRestarts {
    namespaces: Namespaces,
    label_selector: Option<Selector>,
    pod_restart_threshold: u32,
    /// Restarts are counted of the pod as a whole.
    #[serde(rename = "includingInitContainers")]
    _including_init_containers: bool,
    states: Vec<String>,
}

/// The states that may be asked for.
const STATES: [&str; 2] = ["CrashLoopBackOff", "Running"];

impl Strategy for RemovePodsHavingTooManyRestarts {
    fn name(&self) -> &'static str {
        "RemovePodsHavingTooManyRestarts"
    }

    fn run(&self, cycle: &mut Cycle<'_, '_>) {
        for node in cycle.nodes().to_vec() {
            let wanted = |pod: &usize| self.wants(cycle.pod(*pod)) && cycle.may_consider(*pod) && cycle.may_go(*pod);
            let mut pods: Vec<usize> = cycle.pods_on(node, true).into_iter().filter(wanted).collect();
            pods.sort_by_key(|pod| std::cmp::Reverse(cycle.pod(*pod).restarts));
            if !cycle.evict_all(&pods) {
                return;
            }
        }
    }
}

impl RemovePodsHavingTooManyRestarts {
    fn wants(&self, pod: &PodView<'_>) -> bool {
        let mut states = pod.states.iter().map(|state| &**state).chain([pod.phase.as_str()]);
        pod.restarts >= self.pod_restart_threshold
            && self.namespaces.has(pod.namespace())
            && self.label_selector.as_ref().is_none_or(|selector| selector.selects(pod))
            && (self.states.is_empty() || states.any(|state| self.states.iter().any(|wanted| wanted == state)))
    }
}

impl Arguments for RemovePodsHavingTooManyRestarts {
    fn validate(&self) -> Result<(), Invalid> {
        self.namespaces.validate()?;
        if self.pod_restart_threshold == 0 {
            let path = [Step::Key("podRestartThreshold")];
            return Err(Invalid::value(path, &self.pod_restart_threshold, "expected 1 or more"));
        }
        match self.states.iter().position(|state| !STATES.contains(&&**state)) {
            Some(index) => {
                Err(Invalid::not_supported([Step::Key("states"), Step::Index(index)], &self.states[index], &STATES))
            }
            None => Ok(()),
        }
    }
}

//! SchedulingGates: a pod with gates waits until they are gone.

use towtank_sim::model::pod::PodTraits;
use towtank_sim::scheduler::{ClusterEvent, Cycle, Events, Hint, Plugin, Points};

/// The plugin. The status code of its refusal upstream is `UnschedulableAndUnresolvable`.
///
/// Source: `schedulinggates/scheduling_gates.go`.
#[derive(Clone, Copy, Debug)]
pub struct SchedulingGates;

impl Plugin for SchedulingGates {
    fn name(&self) -> &'static str {
        "SchedulingGates"
    }

    fn points(&self) -> Points {
        Points::PRE_ENQUEUE
    }

    fn pre_enqueue(&self, cycle: &Cycle<'_>) -> Result<(), String> {
        let gates = &cycle.class.spec.scheduling_gates;
        if gates.is_empty() { Ok(()) } else { Err(format!("waiting for scheduling gates: [{}]", gates.join(" "))) }
    }

    fn holds_back(&self) -> Option<PodTraits> {
        Some(PodTraits::GATES)
    }

    fn hint(&self, _cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        if matches!(event, ClusterEvent::OwnUpdate { .. }) { Hint::Queue } else { Hint::Skip }
    }

    /// Only a change of the pod itself opens a gate.
    fn events(&self) -> Events {
        Events::POD_GATES_ELIMINATED
    }
}

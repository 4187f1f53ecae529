//! Which events may make a pod schedulable that affinity between pods has kept from its nodes.
//!
//! Source: `interpodaffinity/plugin.go`.

use super::terms::{all, of_waiting};
use towtank_sim::model::ClassId;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::scheduler::{ClusterEvent, Cycle, Events, Hint};

/// The events that may help at all.
pub(super) const EVENTS: Events = Events::ASSIGNED_POD_ADD
    .and(Events::ASSIGNED_POD_DELETE)
    .and(Events::POD_LABEL)
    .and(Events::NODE_ADD)
    .and(Events::NODE_LABEL);

/// Whether this event may help this pod.
pub(super) fn hint(cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
    let pod = &cycle.class.spec;
    let (near, apart) = (&pod.pod_affinity.required, &pod.pod_anti_affinity.required);
    let spec = |class: ClassId| &cycle.cluster.classes.get(class).spec;
    let wants = |other: &PodSpec| all(near, |term| of_waiting(term, pod, other));
    let shuns = |other: &PodSpec| all(apart, |term| of_waiting(term, pod, other));
    let helps = match event {
        ClusterEvent::AssignedPodAdd { class, .. } => wants(spec(class)),
        ClusterEvent::AssignedPodUpdate { old, new, .. } => {
            (!wants(spec(old)) && wants(spec(new))) || (shuns(spec(old)) && !shuns(spec(new)))
        }
        ClusterEvent::AssignedPodDelete { class, .. } => {
            let other = spec(class);
            shuns(other) || all(&other.pod_anti_affinity.required, |term| of_waiting(term, other, pod))
        }
        ClusterEvent::NodeAdd(id) => {
            let node = &cycle.cluster.node(id).spec;
            // Where a pod keeps away from others, a new node is always worth a look.
            near.iter().any(|term| node.labels.contains_key(&term.topology_key)) || !apart.is_empty()
        }
        ClusterEvent::NodeUpdate(id, _) => {
            let node = cycle.cluster.node(id);
            node.previous.as_deref().is_none_or(|old| node_helps(pod, old, &node.spec))
        }
        _ => true,
    };
    if helps { Hint::Queue } else { Hint::Skip }
}

/// Whether the node came into a domain of an affinity term, left one of an anti-affinity term, or changed one of either.
fn node_helps(pod: &PodSpec, old: &NodeSpec, new: &NodeSpec) -> bool {
    let change = |key: &str| (old.labels.get(key), new.labels.get(key));
    let gained = pod.pod_affinity.required.iter().any(|term| match change(&term.topology_key) {
        (None, Some(_)) => true,
        (Some(old), Some(new)) => old != new,
        _ => false,
    });
    let lost = || {
        pod.pod_anti_affinity.required.iter().any(|term| match change(&term.topology_key) {
            (Some(_), None) => true,
            (Some(old), Some(new)) => old != new,
            _ => false,
        })
    };
    gained || lost()
}

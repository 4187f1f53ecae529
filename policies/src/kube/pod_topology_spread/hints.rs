//! Which events may make a pod schedulable that a hard constraint has kept from its nodes.
//!
//! Source: `podtopologyspread/plugin.go`.

use super::PodTopologySpread;
use super::constraint::{Constraint, has_all_keys};
use towtank_sim::model::ClassId;
use towtank_sim::model::node::{Node, NodeSpec};
use towtank_sim::model::topology_spread::WhenUnsatisfiable;
use towtank_sim::scheduler::{ClusterEvent, Cycle, Events, Hint};

/// The events that may help at all.
pub(super) const EVENTS: Events = Events::ASSIGNED_POD_ADD
    .and(Events::ASSIGNED_POD_DELETE)
    .and(Events::POD_LABEL)
    .and(Events::POD_TOLERATION)
    .and(Events::NODE_ADD)
    .and(Events::NODE_DELETE)
    .and(Events::NODE_LABEL)
    .and(Events::NODE_TAINT);

/// Whether this event may help this pod.
pub(super) fn hint(plugin: &PodTopologySpread, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
    let constraints = plugin.constraints(cycle, WhenUnsatisfiable::DoNotSchedule);
    let nodes = cycle.cluster.nodes();
    let helps = match event {
        ClusterEvent::AssignedPodAdd { pod, class, .. } | ClusterEvent::AssignedPodDelete { pod, class, .. } => {
            let concerns = Some(pod) == cycle.pod || in_namespace(cycle, class);
            let labels = &cycle.cluster.classes.get(class).spec.labels;
            concerns && constraints.iter().any(|constraint| constraint.matches(labels))
        }
        ClusterEvent::AssignedPodUpdate { old, new, .. } => {
            in_namespace(cycle, old) && relabelled(cycle, &constraints, old, new)
        }
        ClusterEvent::OwnUpdate { old, new, .. } => {
            let tolerations = |class| &cycle.cluster.classes.get(class).spec.tolerations;
            let tolerates_other = tolerations(old) != tolerations(new);
            (tolerates_other && constraints.iter().any(Constraint::honors_taints))
                || relabelled(cycle, &constraints, old, new)
        }
        ClusterEvent::NodeAdd(id) | ClusterEvent::NodeDelete(id) => has_all_keys(&nodes.get(id).spec, &constraints),
        ClusterEvent::NodeUpdate(id, _) => node_helps(nodes.get(id), &constraints),
        _ => true,
    };
    if helps { Hint::Queue } else { Hint::Skip }
}

fn in_namespace(cycle: &Cycle<'_>, class: ClassId) -> bool {
    cycle.cluster.classes.get(class).spec.namespace == cycle.class.spec.namespace
}

/// Whether a pod that changed matches a constraint now and did not before, or the other way round.
fn relabelled(cycle: &Cycle<'_>, constraints: &[Constraint<'_>], old: ClassId, new: ClassId) -> bool {
    let labels = |class| &cycle.cluster.classes.get(class).spec.labels;
    constraints.iter().any(|constraint| constraint.matches(labels(old)) != constraint.matches(labels(new)))
}

/// Whether a node that changed came into the domains of the constraints, left them, changed them, or is in them with other
/// taints.
fn node_helps(node: &Node, constraints: &[Constraint<'_>]) -> bool {
    let new: &NodeSpec = &node.spec;
    let Some(old) = node.previous.as_deref() else { return true };
    let (was, is) = (has_all_keys(old, constraints), has_all_keys(new, constraints));
    let moved = || {
        let value = |node: &NodeSpec, key: &str| node.labels.get(key).cloned().unwrap_or_default();
        constraints.iter().any(|constraint| value(old, constraint.key()) != value(new, constraint.key()))
    };
    was != is || (is && (moved() || old.taints != new.taints))
}

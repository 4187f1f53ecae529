//! The next step of a rolling update of a DaemonSet.
//!
//! Source: `rollingUpdate` in `pkg/controller/daemon/update.go`. Upstream takes the nodes in random order; here it is that of their
//! names.

use super::spot::{Availability, Spot};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is to be done next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// Pods to delete: the names of their nodes, and their uids.
    pub(super) delete: Vec<(Arc<str>, u64)>,
    /// Nodes to which a new pod comes beside the old one.
    pub(super) create: Vec<Arc<str>>,
}

/// How much may be amiss at one time, in nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) surge: usize,
    pub(super) unavailable: usize,
    /// The nodes that should have a pod.
    pub(super) desired: usize,
}

/// The next step.
pub(super) fn step(
    spots: &BTreeMap<Arc<str>, Spot>,
    revision: &str,
    limits: Limits,
    availability: Availability,
) -> Step {
    let taken = spots.iter().filter(|(_, spot)| !spot.pods.is_empty() || spot.should_run);
    if limits.surge == 0 {
        replace(taken, revision, limits, availability)
    } else {
        surge(taken, revision, limits, availability)
    }
}

/// Old pods go first; what keeps the number of pods right makes the new ones.
fn replace<'s>(
    spots: impl Iterator<Item = (&'s Arc<str>, &'s Spot)>,
    revision: &str,
    limits: Limits,
    availability: Availability,
) -> Step {
    let mut unavailable = 0;
    let (mut broken, mut candidates) = (Vec::new(), Vec::new());
    for (name, spot) in spots {
        match spot.new_and_old(revision) {
            Ok([Some(new), None]) => unavailable += usize::from(!availability.is_met_by(new)),
            // One that is not available is missing already: replacing it costs nothing.
            Ok([None, Some(old)]) if !availability.is_met_by(old) => {
                broken.push((name.clone(), old.uid));
                unavailable += 1;
            }
            Ok([None, Some(old)]) => {
                if unavailable < limits.unavailable {
                    candidates.push((name.clone(), old.uid));
                }
            }
            _ => unavailable += 1,
        }
    }
    candidates.truncate(limits.unavailable.saturating_sub(unavailable));
    broken.extend(candidates);
    Step { delete: broken, create: Vec::new() }
}

/// New pods come first, beside the old ones.
fn surge<'s>(
    spots: impl Iterator<Item = (&'s Arc<str>, &'s Spot)>,
    revision: &str,
    limits: Limits,
    availability: Availability,
) -> Step {
    let (mut surging, mut available) = (0, 0);
    let mut step = Step::default();
    let (mut candidates, mut unwanted) = (Vec::new(), Vec::new());
    // Pods of a node that is gone will go too.
    for (name, spot) in spots.filter(|(_, spot)| spot.node.is_some()) {
        let Ok([new, old]) = spot.new_and_old(revision) else {
            surging += 1;
            continue;
        };
        available += usize::from(old.or(new).is_some_and(|pod| availability.is_met_by(pod)));
        match (new, old) {
            (_, None) => {}
            (None, Some(old)) => match (availability.is_met_by(old), spot.should_run) {
                (false, false) => step.delete.push((name.clone(), old.uid)),
                (false, true) => step.create.push(name.clone()),
                (true, false) => unwanted.push((name.clone(), old.uid)),
                (true, true) if surging < limits.surge => candidates.push(name.clone()),
                (true, true) => {}
            },
            (Some(new), Some(_)) if !availability.is_met_by(new) => surging += 1,
            (Some(_), Some(old)) => step.delete.push((name.clone(), old.uid)),
        }
    }
    // What should not run any more stays until there is enough elsewhere.
    unwanted.truncate(available.saturating_sub(limits.desired));
    step.delete.extend(unwanted);
    candidates.truncate(limits.surge.saturating_sub(surging));
    step.create.extend(candidates);
    step
}

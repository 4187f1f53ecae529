//! The pods of a StatefulSet, and what is to be done about them next.
//!
//! Source: `updateStatefulSet` in `pkg/controller/statefulset/stateful_set_control.go`, with the feature gate
//! `MaxUnavailableStatefulSet` off, as it is in 1.36.

use super::object::{PodManagement, StatefulSet, StatefulSetStrategy};
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::model::PodId;
use towtank_sim::model::pod::PodPhase;
use towtank_sim::time::{SimTime, Span};

/// The pods that there are, by number.
pub(super) type Pods = BTreeMap<u32, Member>;

/// A pod of a StatefulSet.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) id: PodId,
    pub(super) uid: u64,
    pub(super) revision: Arc<str>,
    /// Since when it is ready, in whole seconds as the API has it, if it is.
    pub(super) ready: Option<SimTime>,
    /// Whether it has been asked to go.
    pub(super) deleting: bool,
    /// Whether it goes because the set has become smaller.
    pub(super) condemned: bool,
    /// How it has ended. It keeps its name until the controller deletes it.
    pub(super) ended: Option<PodPhase>,
}

impl Member {
    /// When it counts as available, if it is ready.
    pub(super) fn available_from(&self, min_ready: Span) -> Option<SimTime> {
        self.ready.map(|since| since + min_ready)
    }

    pub(super) fn is_available(&self, min_ready: Span, now: SimTime) -> bool {
        self.available_from(min_ready).is_some_and(|from| min_ready == Span::ZERO || from <= now)
    }
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Make the pod of this number.
    Create(u32),
    /// Delete one that has ended, so that it can be made anew.
    Recreate(u32),
    /// Delete one that is too many.
    Condemn(u32),
    /// Delete one of an old revision.
    Replace(u32),
}

/// What is to be done next. Where a pod is created and another one is to be deleted, the deletion stands only if the creation is not
/// refused.
pub(super) fn plan(set: &StatefulSet, pods: &Pods, update: &str, now: SimTime) -> Vec<Act> {
    let in_order = set.management == PodManagement::OrderedReady;
    let mut acts = Vec::new();
    let is_healthy = |pod: &Member| pod.ready.is_some() && !pod.deleting;
    for ordinal in set.ordinals() {
        let act = match pods.get(&ordinal) {
            None => Act::Create(ordinal),
            Some(Member { ended: Some(_), deleting: false, .. }) => Act::Recreate(ordinal),
            Some(pod) if in_order && (pod.deleting || !pod.is_available(set.min_ready, now)) => return acts,
            Some(_) => continue,
        };
        acts.push(act);
        if in_order {
            return acts;
        }
    }
    let first_unhealthy = {
        let missing = set.ordinals().find(|ordinal| !pods.get(ordinal).is_some_and(is_healthy));
        let outside = || pods.iter().find(|(ordinal, pod)| !set.ordinals().contains(ordinal) && !is_healthy(pod));
        missing.or_else(|| outside().map(|(ordinal, _)| *ordinal))
    };
    for (ordinal, pod) in pods.iter().rev().filter(|(ordinal, _)| !set.ordinals().contains(ordinal)) {
        // The first that is not healthy may go, whatever it lacks; others wait until they are available.
        let may_go = pod.is_available(set.min_ready, now) || first_unhealthy == Some(*ordinal);
        if in_order && (pod.deleting || !may_go) {
            return acts;
        }
        if !pod.deleting {
            acts.push(Act::Condemn(*ordinal));
        }
        if in_order {
            return acts;
        }
    }
    let StatefulSetStrategy::RollingUpdate { partition } = set.strategy else { return acts };
    let updated = set.start.saturating_add(partition)..set.ordinals().end;
    for ordinal in updated.rev() {
        let Some(pod) = pods.get(&ordinal) else { return acts };
        if *pod.revision != *update && !pod.deleting {
            if !acts.contains(&Act::Recreate(ordinal)) {
                acts.push(Act::Replace(ordinal));
            }
            return acts;
        }
        if pod.deleting || !pod.is_available(set.min_ready, now) {
            return acts;
        }
    }
    acts
}

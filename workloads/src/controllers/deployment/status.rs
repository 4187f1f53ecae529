//! What a Deployment has, and what it says of its rollout.
//!
//! Source: `pkg/controller/deployment/{sync,progress}.go`, `util/deployment_util.go`.

use super::{Deployment, ReplicaSet, Strategy};
use crate::controllers::condition::{Condition, Truth};
use std::sync::Arc;
use towtank_sim::time::{SimTime, Span};

/// Why a Deployment progresses, or does not.
pub(super) const NEW_SET_CREATED: &str = "NewReplicaSetCreated";
pub(super) const FOUND_NEW_SET: &str = "FoundNewReplicaSet";
const SET_UPDATED: &str = "ReplicaSetUpdated";
const NEW_SET_AVAILABLE: &str = "NewReplicaSetAvailable";
const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const PAUSED: &str = "DeploymentPaused";
const RESUMED: &str = "DeploymentResumed";

/// What a Deployment has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentStatus {
    /// Active pods.
    pub replicas: u32,
    /// Those of the present template.
    pub updated: u32,
    /// Those that are ready.
    pub ready: u32,
    /// Those that have been ready for long enough.
    pub available: u32,
    /// How many of the pods that its ReplicaSets want are not available.
    pub unavailable: u32,
    /// Pods that have been asked to go, and have not gone; `None` as long as a ReplicaSet does not say.
    pub terminating: Option<u32>,
    /// The condition `Available`.
    pub availability: Option<Condition>,
    /// The condition `Progressing`.
    pub progress: Option<Condition>,
    /// The condition `ReplicaFailure`.
    pub failure: Option<Condition>,
    /// The generation that the controller has seen.
    pub observed: u64,
    /// The annotation `deployment.kubernetes.io/revision`; 0 before there is a ReplicaSet.
    pub revision: u64,
}

impl DeploymentStatus {
    /// What there is, by what the ReplicaSets say; conditions go on from what they were.
    pub(super) fn of(
        deployment: &Deployment,
        generation: u64,
        sets: &[&ReplicaSet],
        new: Option<&ReplicaSet>,
        now: SimTime,
    ) -> Self {
        let sum = |field: fn(&ReplicaSet) -> u32| sets.iter().map(|set| field(set)).sum::<u32>();
        let available = sum(|set| set.status.available);
        let mut status = Self {
            replicas: sum(|set| set.status.replicas),
            updated: new.map_or(0, |new| new.status.replicas),
            ready: sum(|set| set.status.ready),
            available,
            unavailable: sum(|set| set.replicas).saturating_sub(available),
            terminating: sets.iter().all(|set| set.status.observed > 0).then(|| sum(|set| set.status.terminating)),
            observed: generation,
            ..deployment.status.clone()
        };
        let least = deployment.replicas - deployment.strategy.max_unavailable(deployment.replicas);
        let condition = if available >= least {
            Condition::new(Truth::True, "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
        } else {
            let words = "Deployment does not have minimum availability.";
            Condition::new(Truth::False, "MinimumReplicasUnavailable", words, now)
        };
        Condition::set(&mut status.availability, condition);
        status
    }

    /// Says how the rollout goes on, beside what there is. `new` is the name of the new ReplicaSet.
    pub(super) fn judge_progress(
        &mut self,
        deployment: &Deployment,
        generation: u64,
        new: Option<&str>,
        name: &str,
        now: SimTime,
    ) {
        let Some(deadline) = deployment.progress_deadline else {
            self.progress = None;
            return;
        };
        let current = deployment.status.progress.as_ref();
        let done = self.replicas == self.updated && current.is_some_and(|current| current.reason == NEW_SET_AVAILABLE);
        if done {
            return;
        }
        let words = |what: &str| match new {
            Some(new) => format!("ReplicaSet \"{new}\" {what}"),
            None => format!("Deployment \"{name}\" {what}"),
        };
        if self.is_complete(deployment, generation) {
            let condition = Condition::new(Truth::True, NEW_SET_AVAILABLE, words("has successfully progressed."), now);
            Condition::set(&mut self.progress, condition);
        } else if self.has_progressed(&deployment.status) {
            let mut condition = Condition::new(Truth::True, SET_UPDATED, words("is progressing."), now);
            if let Some(current) = current.filter(|current| current.truth == Truth::True) {
                condition.changed = current.changed;
            }
            self.progress = Some(condition);
        } else if self.has_timed_out(deadline, now) {
            let condition = Condition::new(Truth::False, TIMED_OUT, words("has timed out progressing."), now);
            Condition::set(&mut self.progress, condition);
        }
    }

    /// Whether all that is wanted is there, of the present template, and available.
    pub(super) fn is_complete(&self, deployment: &Deployment, generation: u64) -> bool {
        let wanted = deployment.replicas;
        [self.updated, self.replicas, self.available] == [wanted; 3] && self.observed >= generation
    }

    fn has_progressed(&self, before: &Self) -> bool {
        let old = |status: &Self| i64::from(status.replicas) - i64::from(status.updated);
        self.updated > before.updated
            || old(self) < old(before)
            || self.ready > before.ready
            || self.available > before.available
    }

    fn has_timed_out(&self, deadline: Span, now: SimTime) -> bool {
        match &self.progress {
            Some(condition) if condition.reason == NEW_SET_AVAILABLE => false,
            Some(condition) => condition.reason == TIMED_OUT || condition.updated + deadline < now,
            None => false,
        }
    }

    /// How long until the rollout may have timed out, if somebody has to look then. One that has ended can no longer time out: upstream
    /// looks every few milliseconds while replicas of it are missing, and finds nothing.
    pub(super) fn until_deadline(&self, deployment: &Deployment, generation: u64, now: SimTime) -> Option<Span> {
        let (deadline, current) = (deployment.progress_deadline?, deployment.status.progress.as_ref()?);
        if self.is_complete(deployment, generation) || [TIMED_OUT, NEW_SET_AVAILABLE].contains(&current.reason) {
            return None;
        }
        Some(Span((current.updated + deadline - now).0.max(0)))
    }

    /// Notes that the Deployment was paused or goes on; whether that is new.
    pub(super) fn note_pause(&mut self, paused: bool, now: SimTime) -> bool {
        let reason = self.progress.as_ref().map_or("", |condition| condition.reason);
        let condition = match (paused, reason == PAUSED) {
            _ if reason == TIMED_OUT => return false,
            (true, false) => Condition::new(Truth::Unknown, PAUSED, "Deployment is paused", now),
            (false, true) => Condition::new(Truth::Unknown, RESUMED, "Deployment is resumed", now),
            _ => return false,
        };
        Condition::set(&mut self.progress, condition);
        true
    }

    /// Passes on the failure of a ReplicaSet: the new one's before any other's.
    pub(super) fn pass_on_failure<'a>(&mut self, sets: impl Iterator<Item = &'a ReplicaSet>, now: SimTime) {
        let failure = { sets }.find_map(|set| set.status.failure.clone());
        match failure {
            Some(failure) => {
                let condition = Condition::new(Truth::True, failure.reason, Arc::clone(&failure.message), now);
                Condition::set(&mut self.failure, condition);
            }
            None => self.failure = None,
        }
    }
}

impl Strategy {
    /// Whether it is `Recreate`.
    pub(super) const fn is_recreate(self) -> bool {
        matches!(self, Self::Recreate)
    }
}

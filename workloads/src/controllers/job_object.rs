//! The Job object.

use crate::template::PodTemplate;
use std::any::Any;
use towtank_sim::cluster::{Fingerprint, Object};
use towtank_sim::time::{SimTime, Span};

/// A Job object.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The most pods at one time.
    pub parallelism: u32,
    /// How many pods must succeed; `None` for a work queue, which is complete when one has succeeded and none is active.
    pub completions: Option<u32>,
    /// How many pods may fail.
    pub backoff_limit: u32,
    /// How long it may be active.
    pub active_deadline: Option<Span>,
    /// How long it is kept after its end; `None` for ever.
    pub ttl_after_finished: Option<Span>,
    /// Whether it waits without pods.
    pub suspend: bool,
    /// What its pods are made from.
    pub template: PodTemplate,
    /// How far it is.
    pub status: JobStatus,
}

/// How far a Job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobStatus {
    /// When the controller first saw it unsuspended.
    pub start_time: Option<SimTime>,
    /// Active pods.
    pub active: u32,
    /// Pods that have succeeded.
    pub succeeded: u32,
    /// Pods that have failed or were lost.
    pub failed: u32,
    /// Its end, once decided and all pods gone.
    pub condition: Option<JobCondition>,
}

/// The end of a Job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobCondition {
    /// Whether it is `Complete` and not `Failed`.
    pub complete: bool,
    /// Why: `CompletionsReached`, `BackoffLimitExceeded`, `DeadlineExceeded`.
    pub reason: &'static str,
    /// Since when.
    pub at: SimTime,
}

impl Job {
    /// The kind in manifests.
    pub const KIND: &'static str = "Job";
}

impl Object for Job {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn keep_status(&mut self, old: &dyn Object) {
        let old: &dyn Any = old;
        if let Some(old) = old.downcast_ref::<Self>() {
            self.status.clone_from(&old.status);
        }
    }

    fn fold(&self, into: &mut Fingerprint) {
        let JobStatus { start_time, active, succeeded, failed, condition } = &self.status;
        into.fold(start_time.unwrap_or(SimTime::MAX), 0, &[*active, *succeeded, *failed].map(u64::from));
        if let Some(condition) = condition {
            into.fold(condition.at, 1, &[u64::from(condition.complete)]);
            into.fold_name(condition.reason);
        }
    }
}

//! The CronJob object.

use super::next::Schedule;
use crate::controllers::Job;
use std::any::Any;
use towtank_sim::cluster::{Fingerprint, Object};
use towtank_sim::model::ObjectId;
use towtank_sim::time::SimTime;

/// A CronJob object.
#[derive(Clone, Debug, PartialEq)]
pub struct CronJob {
    /// When it runs, in its time zone.
    pub schedule: Schedule,
    /// Whether a run may begin while another one goes on.
    pub concurrency: Concurrency,
    /// How many seconds late a run may be started; `None` for any.
    pub starting_deadline: Option<i64>,
    /// Whether no run is started.
    pub suspend: bool,
    /// How many Jobs that have succeeded are kept.
    pub successful_history: u32,
    /// How many that have failed.
    pub failed_history: u32,
    /// What its Jobs are.
    pub job: Job,
    /// How far it is.
    pub status: CronJobStatus,
}

/// Whether a run may begin while another one goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Concurrency {
    /// It may.
    #[default]
    Allow,
    /// It waits, and is started late.
    Forbid,
    /// The other one is ended.
    Replace,
}

/// How far a CronJob is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CronJobStatus {
    /// The Jobs that go on, in order of creation.
    pub active: Vec<ObjectId>,
    /// The time of the run that was started last.
    pub last_schedule: Option<SimTime>,
    /// When a Job last completed.
    pub last_successful: Option<SimTime>,
}

impl CronJob {
    /// The kind in manifests.
    pub const KIND: &'static str = "CronJob";
}

impl Object for CronJob {
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
        let CronJobStatus { active, last_schedule, last_successful } = &self.status;
        into.fold(last_schedule.unwrap_or(SimTime::MAX), 0, &[active.len() as u64, u64::from(self.suspend)]);
        into.fold(last_successful.unwrap_or(SimTime::MAX), 1, &[]);
    }
}

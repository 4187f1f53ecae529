//! Workload controllers: Deployment, ReplicaSet, DaemonSet, StatefulSet, Job and CronJob, and the garbage collector of what they own.
//!
//! Each is an object type, what the API server holds, and a controller that acts on it as kube-controller-manager does.
//! A controller keeps the pods of each object in its own ordered set, fed by the change feed, and never scans the
//! cluster. It looks at an object at the instant of a change, after everything else of that instant (rank `Control`).

mod condition;
mod creation;
pub mod cron_job;
mod daemon_set;
mod deployment;
pub mod deployment_rolling;
pub mod deployment_scaling;
mod garbage_collector;
mod job;
mod job_object;
mod names;
mod ranking;
mod replica_set;
mod revision;
mod stateful_set;
mod work_queue;

pub use condition::{Condition, Truth};
pub use daemon_set::{DaemonSet, DaemonSetController, DaemonSetStatus, DaemonSetStrategy, with_tolerations};
pub use deployment::{Deployment, DeploymentController, DeploymentStatus, Strategy};
pub use garbage_collector::GarbageCollector;
pub use job::JobController;
pub use job_object::{Job, JobCondition, JobStatus};
pub use replica_set::{Failure, ReplicaSet, ReplicaSetController, ReplicaSetStatus, Rollout};
pub use revision::{ControllerRevision, REVISION_LABEL};
pub use stateful_set::{
    ClaimRetention, ClaimTemplate, PodManagement, StatefulSet, StatefulSetController, StatefulSetStatus,
    StatefulSetStrategy,
};

use towtank_sim::controller::Controller;

/// All controllers of this module, in the order in which they are to be added to a simulation.
pub fn all() -> Vec<Box<dyn Controller>> {
    all_with(GarbageCollector::default())
}

/// The same with this garbage collector.
pub fn all_with(collector: GarbageCollector) -> Vec<Box<dyn Controller>> {
    vec![
        Box::new(DeploymentController::default()),
        Box::new(ReplicaSetController::default()),
        Box::new(DaemonSetController::default()),
        Box::new(StatefulSetController::default()),
        Box::new(JobController::default()),
        Box::new(cron_job::CronJobController::default()),
        Box::new(collector),
    ]
}

#[cfg(test)]
mod tests;

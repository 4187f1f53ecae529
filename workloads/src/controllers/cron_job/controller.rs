//! The controller of CronJobs: starts their Jobs when they are due, and forgets old ones.
//!
//! Source: `pkg/controller/cronjob/cronjob_controllerv2.go`. Time 0 has the date that
//! [`Cluster::epoch_second`](towtank_sim::cluster::Cluster) gives it.

use super::due::{Clock, Look, Missed, look};
use super::object::{Concurrency, CronJob, CronJobStatus};
use crate::controllers::Job;
use crate::controllers::work_queue::WorkQueue;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use towtank_sim::agenda::Timer;
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::model::ObjectId;
use towtank_sim::observe::{Note, Regarding};
use towtank_sim::time::{SimTime, Span};

/// The controller of all CronJobs.
#[derive(Debug, Default)]
pub struct CronJobController {
    cron_jobs: BTreeMap<ObjectId, State>,
    queue: WorkQueue,
}

/// What the controller remembers of one CronJob.
#[derive(Debug)]
struct State {
    /// The object as the controller last saw it change, without its status.
    seen: CronJob,
    /// Its Jobs, in order of creation.
    jobs: BTreeSet<ObjectId>,
}

impl CronJobController {
    fn object_created(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        if let Some(object) = cx.cluster.objects().get::<CronJob>(id) {
            let seen = CronJob { status: CronJobStatus::default(), ..object.clone() };
            self.cron_jobs.insert(id, State { seen, jobs: BTreeSet::new() });
            self.queue.add(id, cx);
        } else if let Some((owner, state)) = self.owner_of(id, cx.cluster) {
            state.jobs.insert(id);
            self.queue.add(owner, cx);
        }
    }

    /// The CronJob that owns an object, if one does.
    fn owner_of(&mut self, id: ObjectId, cluster: &Cluster) -> Option<(ObjectId, &mut State)> {
        let owner = cluster.objects().meta(id)?.owner?;
        Some((owner, self.cron_jobs.get_mut(&owner)?))
    }

    fn object_changed(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(state) = self.cron_jobs.get_mut(&id) else {
            if let Some((owner, _)) = self.owner_of(id, cx.cluster) {
                self.queue.add(owner, cx);
            }
            return;
        };
        let Some(object) = cx.cluster.objects().get::<CronJob>(id) else { return };
        let now = CronJob { status: CronJobStatus::default(), ..object.clone() };
        if now == state.seen {
            // Also its own new status is a change to look at.
            return self.queue.add(id, cx);
        }
        let reschedules = state.seen.schedule != now.schedule;
        state.seen = now;
        // Another schedule is not looked at before its first time.
        let wait = if reschedules { find(id, cx.cluster).map(|found| found.requeue_after) } else { None };
        match wait.filter(SignedDuration::is_positive) {
            Some(wait) => self.queue.add_in_background(id, span(wait), cx),
            None => self.queue.add(id, cx),
        }
    }

    fn sync(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(state) = self.cron_jobs.get_mut(&id) else { return };
        let Some(object) = cx.cluster.objects().get::<CronJob>(id).cloned() else { return };
        let mut status = object.status.clone();
        state.forget_old(id, &object, &mut status, cx);
        let wait = state.start(id, &object, &mut status, cx);
        if cx.cluster.objects().get::<CronJob>(id).is_some_and(|object| object.status != status) {
            cx.cluster.update_object(id, |object: &mut CronJob| object.status = status);
        }
        match wait {
            Some(wait) if !wait.is_positive() => self.queue.add(id, cx),
            Some(wait) => self.queue.add_in_background(id, span(wait), cx),
            None => {}
        }
    }
}

impl State {
    /// Removes Jobs that have ended, the oldest first, but for as many as are to be kept.
    ///
    /// Source: `cleanupFinishedJobs`.
    fn forget_old(&mut self, id: ObjectId, object: &CronJob, status: &mut CronJobStatus, cx: &mut Context<'_>) {
        for (complete, keep) in [(false, object.failed_history), (true, object.successful_history)] {
            let mut ended = Vec::new();
            for job in &self.jobs {
                let Some(found) = cx.cluster.objects().get::<Job>(*job) else { continue };
                if found.status.condition.is_some_and(|end| end.complete == complete) {
                    ended.push((found.status.start_time, *job));
                }
            }
            ended.sort_unstable();
            let surplus = ended.len().saturating_sub(keep as usize);
            for (_, job) in ended.into_iter().take(surplus) {
                self.delete(job, id, status, cx);
            }
        }
    }

    fn delete(&mut self, job: ObjectId, id: ObjectId, status: &mut CronJobStatus, cx: &mut Context<'_>) {
        let Some(name) = name(job, cx.cluster) else { return };
        cx.cluster.remove_object(job);
        self.jobs.remove(&job);
        status.active.retain(|active| *active != job);
        event(id, false, "SuccessfulDelete", &format!("Deleted job {name}"), cx);
    }

    /// Takes note of Jobs that have ended, and starts the one that is due; after what time to look again.
    ///
    /// Source: `syncCronJob`.
    fn start(
        &mut self,
        id: ObjectId,
        object: &CronJob,
        status: &mut CronJobStatus,
        cx: &mut Context<'_>,
    ) -> Option<SignedDuration> {
        let now = cx.now();
        for job in &self.jobs {
            let Some(found) = cx.cluster.objects().get::<Job>(*job) else { continue };
            let is_active = status.active.contains(job);
            match (is_active, found.status.condition) {
                (true, Some(end)) => {
                    status.active.retain(|active| active != job);
                    let condition = if end.complete { "Complete" } else { "Failed" };
                    let name = name(*job, cx.cluster).unwrap_or_default();
                    let message = format!("Saw completed job: {name}, condition: {condition}");
                    event(id, false, "SawCompletedJob", &message, cx);
                }
                (false, Some(end)) if end.complete => {
                    status.last_successful = status.last_successful.max(Some(end.at.floor_to_second()));
                }
                _ => {}
            }
        }
        for job in status.active.clone().into_iter().filter(|job| !self.jobs.contains(job)) {
            status.active.retain(|active| *active != job);
            let name = name(job, cx.cluster).unwrap_or_default();
            event(id, false, "MissingJob", &format!("Active job went missing: {name}"), cx);
        }
        if object.suspend {
            return None;
        }
        let found = find(id, cx.cluster)?;
        if found.missed == Missed::Many {
            let why = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
            event(id, true, "TooManyMissedTimes", why, cx);
        }
        let next = Some(found.requeue_after);
        let Some(due) = found.due else { return next };
        let scheduled = sim_time(due, cx.cluster);
        let deadline = object.starting_deadline.map(|seconds| Span(seconds.saturating_mul(1_000_000_000)));
        if deadline.is_some_and(|deadline| scheduled + deadline < now) {
            let text = due.strftime("%a, %d %b %Y %H:%M:%S +0000");
            event(id, true, "MissSchedule", &format!("Missed scheduled time to start a job: {text}"), cx);
            return next;
        }
        let (owner_name, namespace) =
            cx.cluster.objects().meta(id).map(|meta| (meta.name.clone(), meta.namespace.clone()))?;
        let job_name = format!("{owner_name}-{}", due.as_second().div_euclid(60));
        let is_it = |job: &ObjectId| name(*job, cx.cluster).is_some_and(|name| name == job_name);
        if status.last_schedule == Some(scheduled) || status.active.iter().any(is_it) {
            return next;
        }
        if object.concurrency == Concurrency::Forbid && !status.active.is_empty() {
            let why = "Not starting job because prior execution is running and concurrency policy is Forbid";
            event(id, false, "JobAlreadyActive", why, cx);
            return next;
        }
        if object.concurrency == Concurrency::Replace {
            for job in status.active.clone() {
                self.delete(job, id, status, cx);
            }
        }
        let body = Box::new(object.job.clone());
        match cx.cluster.create_object(&namespace, &job_name, Some(id), body) {
            Ok(job) => {
                event(id, false, "SuccessfulCreate", &format!("Created job {job_name}"), cx);
                self.jobs.insert(job);
                status.active.push(job);
            }
            // The run was started before and has ended; or the name is another's, and this run is left out.
            Err(_) => event(
                id,
                true,
                "FailedCreate",
                &format!("Error creating job: jobs.batch \"{job_name}\" already exists"),
                cx,
            ),
        }
        status.last_schedule = Some(scheduled);
        find_after(id, Some(scheduled), cx.cluster).map(|found| found.requeue_after)
    }
}

/// What is due.
fn find(id: ObjectId, cluster: &Cluster) -> Option<Look> {
    let last = cluster.objects().get::<CronJob>(id)?.status.last_schedule;
    find_after(id, last, cluster)
}

/// What is due after this run. Nothing where the schedule has no times.
fn find_after(id: ObjectId, last: Option<SimTime>, cluster: &Cluster) -> Option<Look> {
    let object = cluster.objects().get::<CronJob>(id)?;
    let clock = Clock {
        schedule: object.schedule.clone(),
        created: timestamp(cluster.objects().meta(id)?.created.floor_to_second(), cluster),
        last_schedule: last.map(|last| timestamp(last, cluster)),
        starting_deadline: object.starting_deadline,
    };
    look(&clock, timestamp(cluster.now, cluster)).ok()
}

/// The date of a time of the simulation.
fn timestamp(at: SimTime, cluster: &Cluster) -> Timestamp {
    let nanoseconds = i128::from(cluster.epoch_second) * 1_000_000_000 + i128::from(at.0);
    Timestamp::from_nanosecond(nanoseconds).unwrap_or(Timestamp::MAX)
}

/// The time of a date in the simulation.
fn sim_time(at: Timestamp, cluster: &Cluster) -> SimTime {
    let since = at.as_nanosecond() - i128::from(cluster.epoch_second) * 1_000_000_000;
    SimTime(i64::try_from(since).unwrap_or(i64::MAX))
}

fn span(wait: SignedDuration) -> Span {
    Span(i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX))
}

fn name(job: ObjectId, cluster: &Cluster) -> Option<String> {
    cluster.objects().meta(job).map(|meta| meta.name.to_string())
}

fn event(id: ObjectId, warning: bool, reason: &'static str, message: &str, cx: &mut Context<'_>) {
    cx.note(&Note::Event { warning, reason, regarding: Regarding::Object(id), message });
}

impl Controller for CronJobController {
    fn name(&self) -> &'static str {
        "cronjob"
    }

    fn interest(&self) -> Interest {
        Interest::OBJECTS
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::ObjectCreated(id) => self.object_created(id, cx),
            _ if self.cron_jobs.is_empty() => {}
            Change::ObjectChanged(id) => self.object_changed(id, cx),
            Change::ObjectRemoved(id) => {
                if let Some((owner, state)) = self.owner_of(id, cx.cluster) {
                    state.jobs.remove(&id);
                    self.queue.add(owner, cx);
                }
                self.cron_jobs.remove(&id);
                self.queue.remove(id);
            }
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        if let Some(id) = self.queue.work(timer, cx) {
            self.sync(id, cx);
        }
    }
}

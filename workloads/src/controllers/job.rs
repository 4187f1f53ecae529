//! Jobs: runs pods until enough have succeeded or too many have failed.
//!
//! Source: `pkg/controller/job/{job_controller,backoff_utils}.go`. Not modelled yet: Indexed completion, per-index backoff,
//! pod failure and success policies, changes of `parallelism` and `suspend` after creation.

use super::creation::{BURST, Creator};
use super::job_object::{Job, JobCondition};
use super::work_queue::WorkQueue;
use std::collections::BTreeMap;
use towtank_sim::agenda::Timer;
use towtank_sim::cluster::{Cause, Change, Interest};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::model::pod::{PodPhase, PodTraits, RestartPolicy};
use towtank_sim::model::{ObjectId, PodId};
use towtank_sim::observe::{Note, Regarding};
use towtank_sim::time::{SimTime, Span};

/// How long events of pods are gathered before the Job is looked at.
const BATCH_PERIOD: Span = Span::from_secs(1);
/// The wait after the first failure of a pod; it doubles with each further one.
const FIRST_BACKOFF: Span = Span::from_secs(10);
/// The longest wait.
const MAX_BACKOFF: Span = Span::from_secs(600);

/// The controller of all Jobs.
#[derive(Debug, Default)]
pub struct JobController {
    jobs: BTreeMap<ObjectId, State>,
    queue: WorkQueue,
}

/// What the controller remembers of one Job.
#[derive(Debug)]
struct State {
    creator: Creator,
    /// The active pods by uid.
    active: BTreeMap<u64, PodId>,
    /// The pods that have been asked to go, and have not gone.
    terminating: BTreeMap<u64, PodId>,
    succeeded: u32,
    failed: u32,
    /// Failures since the last success, and when the last of them was.
    failures_in_a_row: u32,
    last_failure: SimTime,
    /// What the Job will end with when all its pods are gone.
    decided: Option<(bool, &'static str)>,
}

impl JobController {
    fn appeared(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(template) = cx.cluster.objects().get::<Job>(id).map(|job| job.template.clone()) else { return };
        let Some(creator) = Creator::new(id, template, cx) else { return };
        let state = State {
            creator,
            active: BTreeMap::new(),
            terminating: BTreeMap::new(),
            succeeded: 0,
            failed: 0,
            failures_in_a_row: 0,
            last_failure: SimTime::ZERO,
            decided: None,
        };
        self.jobs.insert(id, state);
        self.queue.add(id, cx);
    }

    /// A pod ended, is asked to go or has gone.
    fn pod_changed(&mut self, change: Change, pod: PodId, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(pod) = cx.cluster.pod(pod) else { return };
        let (Some(owner), uid, phase) = (pod.owner, pod.uid, pod.phase) else { return };
        let Some(state) = self.jobs.get_mut(&owner) else { return };
        let was_active = state.active.remove(&uid);
        match (change, was_active) {
            (Change::PodFinished(_), Some(_)) if phase == PodPhase::Succeeded => {
                state.succeeded += 1;
                state.failures_in_a_row = 0;
            }
            // A pod that is deleted under the Job counts as failed, and is replaced at once.
            (Change::PodFinished(_) | Change::PodDeleting(..) | Change::PodRemoved(_), Some(id)) => {
                state.failed += 1;
                state.failures_in_a_row += 1;
                state.last_failure = now;
                if matches!(change, Change::PodDeleting(..)) {
                    state.terminating.insert(uid, id);
                }
            }
            (Change::PodFinished(_) | Change::PodRemoved(_), None) if state.terminating.remove(&uid).is_some() => {}
            _ => return,
        }
        self.queue.add_after(owner, BATCH_PERIOD, cx);
    }

    fn sync(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(job) = cx.cluster.objects().get::<Job>(id).cloned() else { return };
        let Some(state) = self.jobs.get_mut(&id) else { return };
        if let Some(end) = job.status.condition {
            if job.ttl_after_finished.is_some_and(|ttl| end.at + ttl <= now) {
                cx.cluster.remove_object(id);
            }
            return;
        }
        let mut status = job.status.clone();
        if status.start_time.is_none() && !job.suspend {
            status.start_time = Some(now);
        }
        state.decided = state.decided.or_else(|| state.decide(&job, status.start_time, cx));
        let mut complete = true;
        if state.decided.is_some() {
            state.delete_all(cx);
        } else if !job.suspend {
            complete = match state.backoff(now) {
                Span::ZERO => state.create_missing(job.parallelism, job.completions, cx),
                wait => {
                    self.queue.add_after(id, wait, cx);
                    true
                }
            };
        }
        if complete {
            self.queue.forget(id);
        } else {
            self.queue.retry(id, cx);
        }
        if let (Some(deadline), Some(start), None) = (job.active_deadline, status.start_time, state.decided) {
            // Pods that end by themselves keep the run going; only pods that do not make the deadline an event of its
            // own. A deadline in the foreground would prolong a run beyond the end of its Jobs.
            let left = (start + deadline).since(now);
            if job.template.run.is_forever() {
                self.queue.add_after(id, left, cx);
            } else {
                self.queue.add_in_background(id, left, cx);
            }
        }
        status.active = state.active.len() as u32;
        (status.succeeded, status.failed) = (state.succeeded, state.failed);
        if let Some((complete, reason)) =
            state.decided.filter(|_| state.active.is_empty() && state.terminating.is_empty())
        {
            status.condition = Some(JobCondition { complete, reason, at: now });
        }
        let ended = status.condition;
        if cx.cluster.objects().get::<Job>(id).is_some_and(|job| job.status != status) {
            cx.cluster.update_object(id, |job: &mut Job| job.status = status);
        }
        if let Some(condition) = ended {
            self.ended(id, condition, cx);
        }
    }

    fn ended(&mut self, id: ObjectId, condition: JobCondition, cx: &mut Context<'_>) {
        let (warning, reason, message) = match condition.reason {
            "BackoffLimitExceeded" => (true, condition.reason, "Job has reached the specified backoff limit"),
            "DeadlineExceeded" => (true, condition.reason, "Job was active longer than specified deadline"),
            _ => (false, "Completed", "Job completed"),
        };
        cx.note(&Note::Event { warning, reason, regarding: Regarding::Object(id), message });
        if let Some(ttl) = cx.cluster.objects().get::<Job>(id).and_then(|job| job.ttl_after_finished) {
            self.queue.add_in_background(id, ttl, cx);
        }
    }
}

impl State {
    /// Whether and how the Job ends.
    fn decide(&self, job: &Job, start: Option<SimTime>, cx: &Context<'_>) -> Option<(bool, &'static str)> {
        let restarts = || {
            let restarts = |id: &PodId| cx.cluster.pod(*id).map_or(0, towtank_sim::model::pod::Pod::restarts);
            self.active.values().map(restarts).sum::<u32>()
        };
        let restarted_too_often =
            job.template.spec.restart_policy == RestartPolicy::OnFailure && restarts() >= job.backoff_limit.max(1);
        if self.failed > job.backoff_limit || restarted_too_often {
            return Some((false, "BackoffLimitExceeded"));
        }
        if let (Some(deadline), Some(start)) = (job.active_deadline, start)
            && start + deadline <= cx.now()
        {
            return Some((false, "DeadlineExceeded"));
        }
        let enough = match job.completions {
            Some(completions) => self.succeeded >= completions,
            None => self.succeeded > 0 && self.active.is_empty(),
        };
        (enough && !job.suspend).then_some((true, "CompletionsReached"))
    }

    /// How long no pod is created after failures: 10 s · 2ⁿ⁻¹ after the last of n, at most 10 min.
    fn backoff(&self, now: SimTime) -> Span {
        let Some(doublings) = self.failures_in_a_row.checked_sub(1) else { return Span::ZERO };
        let wait = Span(FIRST_BACKOFF.0 << doublings.min(16)).min(MAX_BACKOFF);
        (self.last_failure + wait).since(now)
    }

    /// Creates what is missing; whether nothing was refused.
    fn create_missing(&mut self, parallelism: u32, completions: Option<u32>, cx: &mut Context<'_>) -> bool {
        let active = self.active.len();
        let wanted = match completions {
            Some(completions) => parallelism.min(completions.saturating_sub(self.succeeded)) as usize,
            None if self.succeeded > 0 => active,
            None => parallelism as usize,
        };
        let (created, complete) = self.creator.create(wanted.saturating_sub(active).min(BURST), cx);
        for pod in created {
            if let Some(uid) = cx.cluster.pod(pod).map(|pod| pod.uid) {
                self.active.insert(uid, pod);
            }
        }
        complete.is_none()
    }

    fn delete_all(&mut self, cx: &mut Context<'_>) {
        for (uid, pod) in std::mem::take(&mut self.active) {
            self.terminating.insert(uid, pod);
            cx.cluster.delete_pod(pod, Cause::Deleted);
        }
    }
}

impl Controller for JobController {
    fn name(&self) -> &'static str {
        "job"
    }

    fn interest(&self) -> Interest {
        // What any pod gives back may help a Job whose pods were refused.
        Interest::POD_FINISHED.and(Interest::POD_DELETING).and(Interest::POD_REMOVED).and(Interest::OBJECTS)
    }

    fn interest_in(&self, pods_with: PodTraits) -> Interest {
        if pods_with == PodTraits::OWNED { Interest::POD_STARTED } else { Interest::NONE }
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            // Only a restarted pod can change what is decided.
            Change::PodStarted(id) => {
                let restarted = cx.cluster.pod(id).filter(|pod| pod.restarts() > 0).and_then(|pod| pod.owner);
                if let Some(owner) = restarted.filter(|owner| self.jobs.contains_key(owner)) {
                    self.queue.add_after(owner, BATCH_PERIOD, cx);
                }
            }
            Change::PodFinished(id) | Change::PodDeleting(id, _) | Change::PodRemoved(id) => {
                self.pod_changed(change, id, cx);
            }
            Change::ObjectCreated(id) => self.appeared(id, cx),
            Change::ObjectRemoved(id) => {
                self.jobs.remove(&id);
                self.queue.remove(id);
            }
            _ => {}
        }
        self.queue.hear(change, cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        if let Some(id) = self.queue.work(timer, cx) {
            let untold = cx.cluster.untold();
            self.sync(id, cx);
            self.queue.worked(cx.cluster.untold() - untold, cx);
        }
    }
}

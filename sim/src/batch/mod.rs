//! Batch scheduling: jobs in a queue, started as a whole, with reservations in time.
//!
//! A filter and a score judge one pod at one moment. Backfilling needs more: the end that users announce, a queue that is kept in
//! order, and a plan over time. So batch schedulers are schedulers of their own beside kube-scheduler, which Kubernetes allows: they
//! hear of pods with their name in `spec.schedulerName`, and bind them.
//!
//! One job is a [`PodGroup`](crate::gang::PodGroup) with its pods, or a pod without a group. Policies see [`Job`]s, what is free
//! ([`Space`]) and what will be ([`Timeline`]), and know nothing of pods.
//!
//! Simplified: plans are made of the resources that pods request. Where a pod may go is asked of the filters of a profile, once, of nodes
//! on which nothing runs; jobs whose pods ask for what depends on other pods (affinity, spread, ports, volumes, claims, shares of devices)
//! are not started, and say so. Nothing is preempted, and an announced time does not end a job.

mod ground;
mod job;
mod jobs;
mod pass;
mod policy;
mod site;
mod space;
#[cfg(test)]
mod tests;
mod timeline;

pub use ground::KindId;
pub use job::{Job, JobId, Part};
pub use pass::{Pass, Release};
pub use policy::{Backfilling, BatchPolicy, Counting, JobOrder};
pub use space::{Placement, Space};
pub use timeline::Timeline;

use crate::agenda::{Rank, Subject, Timer};
use crate::cluster::{Change, Cluster, Interest};
use crate::controller::{Context, Controller};
use crate::model::{ClassId, NodeId, PodId};
use crate::observe::Note;
use crate::phases::Phase;
use crate::scheduler::{EventLabel, FitError, MoveLog, Moves, Pool, Profile, Waits};
use crate::time::{SimTime, Span};
use jobs::{Entry, Jobs, State, node_of};
use pass::Start;
use rustc_hash::FxHashMap;
use site::{Site, not_planned};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A scheduler of jobs, for the pods that name its profile.
#[derive(Debug)]
pub struct BatchScheduler {
    profile: Profile,
    policy: BatchPolicy,
    site: Site,
    jobs: Jobs,
    /// The jobs that wait, in their order.
    queue: BTreeSet<(i64, SimTime, JobId)>,
    keys: BTreeMap<JobId, (i64, SimTime, JobId)>,
    /// Whether something became free before it was expected to.
    early: bool,
    planned: bool,
    /// The number of the last pass, which alone may ask for another one at a later time.
    wake: u32,
    waiting: Arc<FitError>,
    /// The pods that have been told that they wait, and when they were told first.
    told: FxHashMap<PodId, SimTime>,
}

/// Timers of the batch scheduler.
mod timer {
    /// Something has happened at this instant.
    pub(super) const NOW: u16 = 0;
    /// The policy wanted to look again.
    pub(super) const WAKE: u16 = 1;
}

impl BatchScheduler {
    /// A scheduler with this policy for the pods whose `spec.schedulerName` is the profile's name. Of the profile, only the filters are
    /// asked.
    pub fn new(profile: Profile, policy: BatchPolicy) -> Self {
        Self {
            profile,
            policy,
            site: Site::default(),
            jobs: Jobs::default(),
            queue: BTreeSet::new(),
            keys: BTreeMap::new(),
            early: false,
            planned: false,
            wake: 0,
            waiting: Arc::new(FitError::saying("waits in the queue of the batch scheduler".to_owned())),
            told: FxHashMap::default(),
        }
    }

    /// One look at everything.
    fn pass(&mut self, cx: &mut Context<'_>) {
        let before = cx.cluster.phases.enter(Phase::Queue);
        let moved = self.site.refresh(cx.cluster);
        if moved {
            self.jobs.news.extend(self.jobs.set_aside());
        }
        for id in std::mem::take(&mut self.jobs.news) {
            self.enqueue(id, cx);
        }
        if !self.queue.is_empty() {
            let ids: Vec<JobId> = self.queue.iter().map(|(.., id)| *id).collect();
            let counting = self.policy.counting;
            let queue: Vec<&Job> = ids.iter().filter_map(|id| Some(&self.jobs.get(*id)?.job)).collect();
            self.site.judge(queue.iter().copied(), (&self.profile, counting), cx.cluster);
            cx.cluster.phases.enter(Phase::Filter);
            let early = std::mem::take(&mut self.early) || moved;
            let releases = self.releases(cx.now());
            let space = self.site.free(counting, cx.cluster);
            let mut pass = Pass::new(cx.now(), queue, space, releases, (early, moved));
            self.policy.backfilling.decide(&mut pass);
            let (starts, wake) = pass.decided();
            cx.cluster.phases.enter(Phase::Bind);
            for start in starts {
                self.start(&start, cx);
            }
            self.tell_waiting(&ids, cx);
            // What an earlier pass asked for is void: something has happened before.
            self.wake = self.wake.wrapping_add(1);
            if let Some(at) = wake {
                cx.remind(at, Rank::Schedule, Timer { kind: timer::WAKE, tag: self.wake, about: Subject::Itself });
            }
        }
        cx.cluster.phases.leave(before);
    }

    /// A job has all its pods: it enters the queue, or is set aside.
    fn enqueue(&mut self, id: JobId, cx: &mut Context<'_>) {
        let Some(entry) = self.jobs.get(id) else { return };
        self.site.judge(std::iter::once(&entry.job), (&self.profile, self.policy.counting), cx.cluster);
        if let Some(why) = self.never(&entry.job, entry.pods.iter().map(|(_, pod)| *pod), cx.cluster) {
            self.unqueue(id);
            self.set_aside(id, why, cx);
            return;
        }
        let Some(entry) = self.jobs.get_mut(id) else { return };
        if entry.state == State::Forming {
            entry.job.submitted = cx.cluster.now;
        }
        let told = entry.state == State::Queued { told: true };
        entry.state = State::Queued { told };
        let key = (self.policy.order.key(&entry.job), entry.job.submitted, id);
        self.unqueue(id);
        self.keys.insert(id, key);
        self.queue.insert(key);
    }

    fn unqueue(&mut self, id: JobId) {
        if let Some(key) = self.keys.remove(&id) {
            self.queue.remove(&key);
        }
    }

    /// Why a job can never start on the machines that there are, if that is so.
    fn never(&self, job: &Job, mut pods: impl Iterator<Item = PodId>, cluster: &Cluster) -> Option<String> {
        let what = pods.find_map(|pod| not_planned(cluster.class_of(cluster.pod(pod)?)));
        if let Some(what) = what {
            return Some(format!("batch scheduling does not plan for {what}"));
        }
        if self.site.holds(job, cluster) {
            return None;
        }
        let rooms = job.parts.iter().map(|part| self.site.room(part, cluster).to_string());
        let rooms: Vec<String> = rooms.collect();
        Some(format!(
            "the job is larger than the cluster: its {} pod(s) start together, and {} machine(s) have room for {} of them when nothing \
             else runs",
            job.pods(),
            self.site.len(),
            rooms.join(" and ")
        ))
    }

    fn set_aside(&mut self, id: JobId, why: String, cx: &mut Context<'_>) {
        let Some(entry) = self.jobs.get_mut(id) else { return };
        entry.state = State::SetAside;
        let error = Arc::new(FitError::saying(why));
        let pods: Vec<PodId> = entry.pods.iter().map(|(_, pod)| *pod).collect();
        for pod in pods {
            self.told.entry(pod).or_insert(cx.cluster.now);
            fail(pod, &error, &self.profile, cx);
        }
    }

    /// What is expected to become free when.
    fn releases(&self, now: SimTime) -> Vec<Release> {
        let soon = now.saturating_add(Span(1));
        let of = |id: &JobId| {
            let entry = self.jobs.get(*id)?;
            let State::Running { end } = entry.state else { return None };
            let amount = |((node, part), pods): (&(NodeId, u32), &u32)| {
                let machine = self.site.machine(*node).filter(|_| *pods > 0)?;
                Some((machine, self.site.amount(&entry.job.parts[*part as usize], *pods)))
            };
            let placement = pass::release(entry.on.iter().filter_map(amount));
            let release = Release { at: end.max(soon), job: *id, placement };
            (end < SimTime::MAX).then(|| self.site.seen_as(self.policy.counting, release))
        };
        let mut releases: Vec<Release> = self.jobs.running.iter().filter_map(of).collect();
        releases.sort_by_key(|release| (release.at, release.job));
        releases
    }

    fn start(&mut self, start: &Start, cx: &mut Context<'_>) {
        self.unqueue(start.job);
        let Some(entry) = self.jobs.get(start.job) else { return };
        let mut on: BTreeMap<(NodeId, u32), u32> = BTreeMap::new();
        let mut bound = Vec::new();
        let mut of_part: Vec<_> = (0..entry.job.parts.len()).map(|part| entry.pods_of(part as u32)).collect();
        for (part, node) in self.site.nodes_of(&start.on) {
            *on.entry((node, part)).or_default() += 1;
            bound.extend(of_part[part as usize].next().map(|pod| (pod, node)));
        }
        drop(of_part);
        let end = entry.job.end(cx.now());
        self.jobs.start(start.job, on, end);
        let examined = self.site.len() as u32;
        for (pod, node) in bound {
            attempt(pod, &self.profile, cx);
            cx.cluster.bind(pod, node);
            let (feasible, ties, took) = (1, 1, Span::ZERO);
            let first = self.told.remove(&pod).unwrap_or(cx.cluster.now);
            let unschedulable = cx.cluster.now.since(first);
            let waits = &Waits { first_active: first.into(), unschedulable, ..Waits::default() };
            cx.note(&Note::Scheduled { pod, node, examined, feasible, best: None, ties, took, waits });
        }
    }

    /// The pods of jobs that did not start say so, once.
    fn tell_waiting(&mut self, queue: &[JobId], cx: &mut Context<'_>) {
        for id in queue {
            let Some(entry) = self.jobs.get_mut(*id).filter(|entry| entry.state == State::Queued { told: false })
            else {
                continue;
            };
            entry.state = State::Queued { told: true };
            let pods: Vec<PodId> = entry.pods.iter().map(|(_, pod)| *pod).collect();
            for pod in pods {
                self.told.entry(pod).or_insert(cx.cluster.now);
                fail(pod, &self.waiting, &self.profile, cx);
            }
        }
    }

    /// A pod of ours exists.
    fn pod_created(&mut self, id: PodId, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id).filter(|pod| pod.node.is_none()) else { return };
        let spec = &cluster.class_of(pod).spec;
        if spec.scheduler_name == self.profile.name && spec.scheduling_gates.is_empty() {
            self.jobs.add(id, &mut self.site, cluster);
        }
    }

    /// Tells the observers of a pod that waited and does so no longer.
    fn note_leaving(&self, id: PodId, cx: &mut Context<'_>) {
        let waits = self.jobs.of(id).is_some_and(|entry| !entry.runs());
        if waits && cx.cluster.pods().attempts(id) > 0 {
            cx.note(&Note::LeftQueue { from: Pool::Unschedulable, blamed: 0, profile: &self.profile });
        }
    }

    /// A pod gives back its place, or no longer wants one.
    fn pod_left(&mut self, id: PodId, cluster: &Cluster) {
        let node = node_of(id, cluster);
        match self.jobs.remove(id, node) {
            Some((_, State::Running { end })) => self.early |= cluster.now < end,
            Some((job, _)) => {
                let waits = self.jobs.get(job).is_some_and(|entry| matches!(entry.state, State::Queued { .. }));
                if waits {
                    // A smaller job may have another place in the order.
                    self.jobs.news.insert(job);
                } else {
                    self.unqueue(job);
                }
            }
            None => self.early |= node.is_some(),
        }
    }
}

impl Controller for BatchScheduler {
    fn name(&self) -> &'static str {
        "batch-scheduler"
    }

    fn interest(&self) -> Interest {
        Interest::POD_CREATED
            .and(Interest::POD_BOUND)
            .and(Interest::POD_UPDATED)
            .and(Interest::POD_FINISHED)
            .and(Interest::POD_REMOVED)
            .and(Interest::NODES)
            .and(Interest::OBJECTS)
    }

    fn name_classes(&self, name: &mut dyn FnMut(ClassId)) {
        self.jobs.kinds().for_each(|kind| name(self.site.class(kind)));
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodCreated(id) => self.pod_created(id, cx.cluster),
            Change::PodUpdated(id, _) => {
                // Perhaps its gates are gone. A job that runs keeps what it has.
                if self.jobs.of(id).is_some_and(Entry::runs) {
                    return;
                }
                self.pod_left(id, cx.cluster);
                self.pod_created(id, cx.cluster);
            }
            // Our own bindings are no news.
            Change::PodBound(id, _) if self.jobs.of(id).is_some_and(Entry::runs) => return,
            Change::PodBound(id, _) => {
                self.told.remove(&id);
                if self.jobs.of(id).is_some() {
                    self.note_leaving(id, cx);
                    self.pod_left(id, cx.cluster);
                }
            }
            Change::PodFinished(id) | Change::PodRemoved(id) => {
                self.note_leaving(id, cx);
                self.told.remove(&id);
                self.pod_left(id, cx.cluster);
            }
            Change::ObjectCreated(_) => {
                for pod in self.jobs.take_stray() {
                    self.pod_created(pod, cx.cluster);
                }
            }
            Change::NodeAdded(_) | Change::NodeChanged(..) | Change::NodeRemoved(_) => {}
            _ => return,
        }
        if !self.planned {
            self.planned = true;
            cx.remind(cx.now(), Rank::Schedule, Timer { kind: timer::NOW, tag: 0, about: Subject::Itself });
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        match timer.kind {
            timer::NOW => self.planned = false,
            // Another pass has been asked for since, or is due at this instant anyway.
            _ if timer.tag != self.wake || self.planned => return,
            _ => {}
        }
        self.pass(cx);
    }
}

/// A pod does not start now.
fn fail(pod: PodId, error: &Arc<FitError>, profile: &Profile, cx: &mut Context<'_>) {
    attempt(pod, profile, cx);
    let queue = Some(Pool::Unschedulable);
    cx.note(&Note::FailedScheduling { pod, error, took: Span::ZERO, queue, profile });
    cx.cluster.mark_unschedulable(pod, error);
}

/// It is decided about a pod. To observers it comes from where kube-scheduler would have it: it is new, or waits after an attempt.
fn attempt(pod: PodId, profile: &Profile, cx: &mut Context<'_>) {
    let (from, cause) = if cx.cluster.pods().attempts(pod) > 0 {
        (Some(Pool::Unschedulable), EventLabel::FORCE_ACTIVATE)
    } else {
        (None, EventLabel::UNSCHEDULED_POD_ADD)
    };
    let mut moves = MoveLog::default();
    moves.add(pod, from, Pool::Active, cause);
    cx.note(&Note::QueueMoves { moves: Moves::listed(&moves), profile });
    cx.cluster.count_attempt(pod);
    cx.note(&Note::SchedulingAttempt { pod, early: false, blamed: 0, profile });
}

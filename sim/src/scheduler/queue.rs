//! The scheduling queue: active, backing off, unschedulable, gated.
//!
//! Source: `pkg/scheduler/backend/queue/`. Pods that wait for an event are kept in groups of one class and one set of
//! rejecting plugins, because every queueing hint answers the same for all of a group.

use crate::model::{ClassId, PodId};
use crate::time::{SimTime, Span};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// How long a pod waits for an event before it is tried again in any case.
pub(super) const MAX_UNSCHEDULABLE: Span = Span::from_secs(300);

/// Doublings after which no backoff grows any more: of one second it is 35,000 years by then. More would leave the range of
/// the shift: the 64th failure once had no backoff at all.
const MAX_DOUBLINGS: u32 = 40;

/// The queue's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// `podInitialBackoffSeconds`: 1 s.
    pub initial_backoff: Span,
    /// `podMaxBackoffSeconds`: 10 s; zero for no backoff.
    pub max_backoff: Span,
    /// Gate `SchedulerPopFromBackoffQ` (on): an idle scheduler does not wait for the end of a backoff.
    pub pop_from_backoff: bool,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { initial_backoff: Span::from_secs(1), max_backoff: Span::from_secs(10), pop_from_backoff: true }
    }
}

/// What the queue knows of a pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueuedPod {
    pub(super) class: ClassId,
    pub(super) profile: u8,
    /// The key of the profile's QueueSort plugin: smaller ones first.
    key: i64,
    /// When it last entered the queue: at its creation, and again at each failed attempt.
    timestamp: SimTime,
    /// Tells apart what has one timestamp.
    sequence: u64,
    /// Attempts that plugins have rejected.
    rejections: u32,
    /// Failed attempts in a row that no plugin is to blame for.
    errors: u32,
    /// The plugins that rejected the last attempt, one bit each.
    rejectors: u64,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Active,
    Backoff(SimTime),
    ErrorBackoff(SimTime),
    Unschedulable,
    Gated,
    InFlight,
}

/// Where pods are, for the gauge `scheduler_pending_pods`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PendingPods {
    /// Ready to be tried.
    pub(super) active: usize,
    /// Backing off.
    pub(super) backoff: usize,
    /// Waiting for an event.
    pub(super) unschedulable: usize,
    /// Held by a PreEnqueue plugin.
    pub(super) gated: usize,
}

type Rank = (i64, SimTime, u64);
type Group = (u8, ClassId, u64);

/// The queue.
#[derive(Debug, Default)]
pub(super) struct SchedulingQueue {
    settings: QueueSettings,
    pods: FxHashMap<PodId, QueuedPod>,
    active: BTreeMap<Rank, PodId>,
    backoff: BTreeMap<(SimTime, Rank), PodId>,
    error_backoff: BTreeMap<(SimTime, u64), PodId>,
    unschedulable: BTreeMap<Group, BTreeMap<(SimTime, u64), PodId>>,
    waiting: usize,
    gated: usize,
    sequence: u64,
}

impl SchedulingQueue {
    pub(super) fn new(settings: QueueSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// A new pod enters.
    pub(super) fn add(&mut self, pod: PodId, class: ClassId, profile: u8, key: i64, gated: bool, now: SimTime) {
        self.sequence += 1;
        let queued = QueuedPod {
            class,
            profile,
            key,
            timestamp: now,
            sequence: self.sequence,
            rejections: 0,
            errors: 0,
            rejectors: 0,
            place: Place::InFlight,
        };
        self.pods.insert(pod, queued);
        self.put(pod, if gated { Place::Gated } else { Place::Active });
    }

    /// Takes the pod to try next.
    pub(super) fn pop(&mut self) -> Option<(PodId, QueuedPod)> {
        let pod = match self.active.first_key_value() {
            Some((_, pod)) => *pod,
            None if self.settings.pop_from_backoff => *self.backoff.first_key_value()?.1,
            None => return None,
        };
        self.take(pod);
        Some((pod, self.pods[&pod]))
    }

    /// Whether [`SchedulingQueue::pop`] would give a pod.
    pub(super) fn has_next(&self) -> bool {
        !self.active.is_empty() || (self.settings.pop_from_backoff && !self.backoff.is_empty())
    }

    /// A popped pod was rejected by plugins. It waits for an event, or is tried again because one has come meanwhile.
    pub(super) fn rejected(&mut self, pod: PodId, rejectors: u64, woken: bool, now: SimTime) {
        self.failed(pod, now, |queued| {
            queued.rejections += 1;
            queued.errors = 0;
            queued.rejectors = rejectors;
        });
        if woken {
            self.wake(pod, now);
        } else {
            self.put(pod, Place::Unschedulable);
        }
    }

    /// A popped pod failed for no fault of its own. Only time brings it back.
    pub(super) fn failed_with_error(&mut self, pod: PodId, now: SimTime) {
        self.failed(pod, now, |queued| {
            queued.errors += 1;
            queued.rejectors = 0;
        });
        if let Some(queued) = self.pods.get(&pod) {
            let until = self.backoff_end(queued).unwrap_or(now);
            self.put(pod, Place::ErrorBackoff(until));
        }
    }

    /// The pod is bound or gone.
    pub(super) fn remove(&mut self, pod: PodId) {
        if self.pods.contains_key(&pod) {
            self.take(pod);
            self.pods.remove(&pod);
        }
    }

    /// The groups of pods that wait for an event: profile, class and the plugins that rejected them.
    pub(super) fn groups(&self) -> impl Iterator<Item = Group> + '_ {
        self.unschedulable.keys().copied()
    }

    /// Brings back every pod of a group.
    pub(super) fn wake_group(&mut self, group: Group, now: SimTime) {
        let pods: Vec<PodId> = self.unschedulable.get(&group).into_iter().flat_map(|g| g.values().copied()).collect();
        for pod in pods {
            self.take(pod);
            self.wake(pod, now);
        }
    }

    /// The tick of every whole second: what has backed off long enough becomes active.
    pub(super) fn flush_backoff(&mut self, now: SimTime) {
        let now = self.cut(now);
        while let Some((&(until, _), &pod)) = self.backoff.first_key_value() {
            if until >= now {
                break;
            }
            self.take(pod);
            self.put(pod, Place::Active);
        }
        while let Some((&(until, _), &pod)) = self.error_backoff.first_key_value() {
            if until >= now {
                break;
            }
            self.take(pod);
            self.put(pod, Place::Active);
        }
    }

    /// The tick of every 30 s: pods that have waited for more than five minutes are tried again.
    pub(super) fn flush_unschedulable(&mut self, now: SimTime) {
        let mut due = Vec::new();
        for pods in self.unschedulable.values() {
            due.extend(pods.iter().take_while(|((since, _), _)| now - *since > MAX_UNSCHEDULABLE).map(|(_, pod)| *pod));
        }
        for pod in due {
            self.take(pod);
            self.wake(pod, now);
        }
    }

    /// Whether a pod is backing off.
    pub(super) fn is_backing_off(&self) -> bool {
        !self.backoff.is_empty() || !self.error_backoff.is_empty()
    }

    /// Whether a pod waits for an event.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting > 0
    }

    /// How many pods are where.
    pub(super) fn pending(&self) -> PendingPods {
        PendingPods {
            active: self.active.len(),
            backoff: self.backoff.len() + self.error_backoff.len(),
            unschedulable: self.waiting,
            gated: self.gated,
        }
    }

    fn failed(&mut self, pod: PodId, now: SimTime, count: impl FnOnce(&mut QueuedPod)) {
        self.sequence += 1;
        if let Some(queued) = self.pods.get_mut(&pod) {
            count(queued);
            queued.timestamp = now;
            queued.sequence = self.sequence;
        }
    }

    /// To the active queue, or first to the end of its backoff.
    fn wake(&mut self, pod: PodId, now: SimTime) {
        let Some(queued) = self.pods.get(&pod) else { return };
        let place = match self.backoff_end(queued) {
            Some(until) if until >= self.cut(now) => Place::Backoff(until),
            _ => Place::Active,
        };
        self.put(pod, place);
    }

    /// When the pod's backoff is over: 1, 2, 4, 8, 10, 10 … seconds after its last failure; `None` without a failure.
    fn backoff_end(&self, queued: &QueuedPod) -> Option<SimTime> {
        let count = if queued.errors > 0 { queued.errors } else { queued.rejections };
        if count == 0 || self.settings.max_backoff == Span::ZERO {
            return None;
        }
        let doubled = self.settings.initial_backoff.0.saturating_mul(1 << (count - 1).min(MAX_DOUBLINGS));
        let span = Span(doubled.min(self.settings.max_backoff.0));
        Some(self.cut(queued.timestamp + span))
    }

    /// With early pop, backoff is counted in whole seconds.
    fn cut(&self, at: SimTime) -> SimTime {
        if self.settings.pop_from_backoff { at.floor_to_second() } else { at }
    }

    fn put(&mut self, pod: PodId, place: Place) {
        let Some(queued) = self.pods.get_mut(&pod) else { return };
        queued.place = place;
        let rank = (queued.key, queued.timestamp, queued.sequence);
        let age = (queued.timestamp, queued.sequence);
        match place {
            Place::Active => drop(self.active.insert(rank, pod)),
            Place::Backoff(until) => drop(self.backoff.insert((until, rank), pod)),
            Place::ErrorBackoff(until) => drop(self.error_backoff.insert((until, queued.sequence), pod)),
            Place::Unschedulable => {
                let group = (queued.profile, queued.class, queued.rejectors);
                self.unschedulable.entry(group).or_default().insert(age, pod);
                self.waiting += 1;
            }
            Place::Gated => self.gated += 1,
            Place::InFlight => {}
        }
    }

    fn take(&mut self, pod: PodId) {
        let Some(queued) = self.pods.get_mut(&pod) else { return };
        let rank = (queued.key, queued.timestamp, queued.sequence);
        let age = (queued.timestamp, queued.sequence);
        match std::mem::replace(&mut queued.place, Place::InFlight) {
            Place::Active => drop(self.active.remove(&rank)),
            Place::Backoff(until) => drop(self.backoff.remove(&(until, rank))),
            Place::ErrorBackoff(until) => drop(self.error_backoff.remove(&(until, queued.sequence))),
            Place::Unschedulable => {
                let group = (queued.profile, queued.class, queued.rejectors);
                if let Some(pods) = self.unschedulable.get_mut(&group) {
                    pods.remove(&age);
                    if pods.is_empty() {
                        self.unschedulable.remove(&group);
                    }
                }
                self.waiting -= 1;
            }
            Place::Gated => self.gated -= 1,
            Place::InFlight => {}
        }
    }
}

//! The scheduling queue: active, backing off, unschedulable, gated.
//!
//! Source: `pkg/scheduler/backend/queue/`. Pods that wait for an event are kept in groups of one class and one set of
//! rejecting plugins, because every queueing hint answers the same for all of a group. Pods whose claims are named after
//! themselves are groups of their own.

use super::events::EventLabel;
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
    /// The plugins that rejected the last attempt or hold the pod back, one bit each.
    pub(super) rejectors: u64,
    /// Whether hints have to be asked about this very pod.
    individual: bool,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Active,
    Backoff(SimTime),
    ErrorBackoff(SimTime),
    Unschedulable,
    /// Held back by this plugin.
    Gated(u8),
    InFlight,
}

/// A pool of the queue, as logs and metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pool {
    /// Ready to be tried.
    Active,
    /// Backing off after plugins rejected it.
    Backoff,
    /// Backing off after an attempt that could not be made.
    ErrorBackoff,
    /// Waiting for an event.
    Unschedulable,
    /// Held back by the profile's plugin of this number.
    Gated(u8),
}

/// A pod came into a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The pod.
    pub pod: PodId,
    /// Where it was; `None` if it is new or was being tried.
    pub from: Option<Pool>,
    /// Where it is.
    pub to: Pool,
    /// Why.
    pub cause: EventLabel,
}

/// Where pods are, for the gauge `scheduler_pending_pods`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PendingPods {
    /// Ready to be tried.
    pub active: usize,
    /// Backing off.
    pub backoff: usize,
    /// Waiting for an event.
    pub unschedulable: usize,
    /// Held by a PreEnqueue plugin.
    pub gated: usize,
}

/// A pod that comes into the queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entrant {
    pub(super) class: ClassId,
    pub(super) profile: u8,
    /// The key of the profile's QueueSort plugin: smaller ones first.
    pub(super) key: i64,
    /// Whether hints have to be asked about this very pod.
    pub(super) individual: bool,
}

/// What PreEnqueue says of a pod: the number of the plugin that holds it back, if one does.
pub(super) type PreEnqueue<'a> = &'a dyn Fn(PodId, &QueuedPod) -> Option<u8>;

/// Pods for which all hints answer alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) profile: u8,
    pub(super) class: ClassId,
    pub(super) rejectors: u64,
    /// The plugin that holds them back, if one does.
    pub(super) gate: Option<u8>,
    /// The pod, if hints have to be asked about it alone.
    pub(super) pod: Option<PodId>,
}

type Rank = (i64, SimTime, u64);

/// The queue.
#[derive(Debug, Default)]
pub(super) struct SchedulingQueue {
    settings: QueueSettings,
    pods: FxHashMap<PodId, QueuedPod>,
    active: BTreeMap<Rank, PodId>,
    backoff: BTreeMap<(SimTime, Rank), PodId>,
    error_backoff: BTreeMap<(SimTime, u64), PodId>,
    /// Pods that wait for an event, and those that a plugin holds back.
    unschedulable: BTreeMap<Group, BTreeMap<(SimTime, u64), PodId>>,
    waiting: usize,
    gated: usize,
    sequence: u64,
    /// What came into which pool since [`SchedulingQueue::take_moves`].
    moves: Vec<Move>,
}

impl SchedulingQueue {
    pub(super) fn new(settings: QueueSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// A new pod enters.
    pub(super) fn add(&mut self, pod: PodId, entrant: Entrant, now: SimTime, pre_enqueue: PreEnqueue<'_>) {
        self.sequence += 1;
        let queued = QueuedPod {
            class: entrant.class,
            profile: entrant.profile,
            key: entrant.key,
            timestamp: now,
            sequence: self.sequence,
            rejections: 0,
            errors: 0,
            rejectors: 0,
            individual: entrant.individual,
            place: Place::InFlight,
        };
        self.pods.insert(pod, queued);
        self.activate(pod, None, EventLabel::UNSCHEDULED_POD_ADD, pre_enqueue);
    }

    /// Takes the pod to try next, and says whether its backoff was not over.
    pub(super) fn pop(&mut self) -> Option<(PodId, QueuedPod, bool)> {
        let (pod, early) = match self.active.first_key_value() {
            Some((_, pod)) => (*pod, false),
            None if self.settings.pop_from_backoff => (*self.backoff.first_key_value()?.1, true),
            None => return None,
        };
        self.take(pod);
        Some((pod, self.pods[&pod], early))
    }

    /// Whether [`SchedulingQueue::pop`] would give a pod.
    pub(super) fn has_next(&self) -> bool {
        !self.active.is_empty() || (self.settings.pop_from_backoff && !self.backoff.is_empty())
    }

    /// What the queue knows of a pod.
    pub(super) fn get(&self, pod: PodId) -> Option<&QueuedPod> {
        self.pods.get(&pod)
    }

    /// A popped pod was rejected by plugins. It waits for an event, or is tried again because one has come meanwhile.
    pub(super) fn rejected(
        &mut self,
        pod: PodId,
        rejectors: u64,
        woken: bool,
        now: SimTime,
        pre_enqueue: PreEnqueue<'_>,
    ) -> Option<Pool> {
        self.failed(pod, now, |queued| {
            queued.rejections += 1;
            queued.errors = 0;
            queued.rejectors = rejectors;
        });
        if woken {
            self.requeue(pod, None, EventLabel::SCHEDULE_ATTEMPT_FAILURE, now, pre_enqueue);
        } else {
            self.put(pod, Place::Unschedulable);
        }
        self.pool_of(pod)
    }

    /// A popped pod failed for no fault of its own. Only time brings it back.
    pub(super) fn failed_with_error(&mut self, pod: PodId, now: SimTime) -> Option<Pool> {
        self.failed(pod, now, |queued| {
            queued.errors += 1;
            queued.rejectors = 0;
        });
        let until = self.backoff_end(self.pods.get(&pod)?).unwrap_or(now);
        self.put(pod, Place::ErrorBackoff(until));
        self.pool_of(pod)
    }

    /// The pod is bound or gone.
    pub(super) fn remove(&mut self, pod: PodId) {
        if self.pods.contains_key(&pod) {
            self.take(pod);
            self.pods.remove(&pod);
        }
    }

    /// A pod that had left the queue to be bound is again one that was popped.
    pub(super) fn restore(&mut self, pod: PodId, queued: QueuedPod) {
        self.pods.insert(pod, QueuedPod { place: Place::InFlight, ..queued });
    }

    /// A waiting pod says something else than before; whether it is one of those that wait for an event or are held back, so
    /// that the change has to be judged.
    pub(super) fn update(&mut self, pod: PodId, class: ClassId, key: i64) -> bool {
        let Some(queued) = self.pods.get(&pod) else { return false };
        let place = queued.place;
        self.take(pod);
        let queued = self.pods.get_mut(&pod).expect("looked up above");
        (queued.class, queued.key) = (class, key);
        self.put(pod, place);
        matches!(place, Place::Unschedulable | Place::Gated(_))
    }

    /// The groups of pods that wait for an event or are held back.
    pub(super) fn groups(&self) -> impl Iterator<Item = Group> + '_ {
        self.unschedulable.keys().copied()
    }

    /// The group of a pod that waits for an event or is held back.
    pub(super) fn group_of(&self, pod: PodId) -> Option<Group> {
        let queued = self.pods.get(&pod)?;
        let gate = match queued.place {
            Place::Gated(plugin) => Some(plugin),
            Place::Unschedulable => None,
            _ => return None,
        };
        Some(queued.group(pod, gate))
    }

    /// The pod of a group that has waited longest.
    pub(super) fn first_of(&self, group: Group) -> Option<PodId> {
        self.unschedulable.get(&group)?.first_key_value().map(|(_, pod)| *pod)
    }

    /// Brings back every pod of a group, but for one.
    pub(super) fn wake_group(
        &mut self,
        group: Group,
        except: Option<PodId>,
        cause: EventLabel,
        now: SimTime,
        pre_enqueue: PreEnqueue<'_>,
    ) {
        let pods: Vec<PodId> = self.unschedulable.get(&group).into_iter().flat_map(|g| g.values().copied()).collect();
        for pod in pods.into_iter().filter(|pod| Some(*pod) != except) {
            self.wake(pod, cause, now, pre_enqueue);
        }
    }

    /// Brings one waiting pod back.
    pub(super) fn wake(&mut self, pod: PodId, cause: EventLabel, now: SimTime, pre_enqueue: PreEnqueue<'_>) {
        let from = self.pool_of(pod);
        self.take(pod);
        self.requeue(pod, from, cause, now, pre_enqueue);
    }

    /// The tick of every whole second: what has backed off long enough becomes active.
    pub(super) fn flush_backoff(&mut self, now: SimTime, pre_enqueue: PreEnqueue<'_>) {
        let now = self.cut(now);
        let over = |until: SimTime| until < now;
        while let Some((&(until, _), &pod)) = self.backoff.first_key_value() {
            if !over(until) {
                break;
            }
            self.end_backoff(pod, pre_enqueue);
        }
        while let Some((&(until, _), &pod)) = self.error_backoff.first_key_value() {
            if !over(until) {
                break;
            }
            self.end_backoff(pod, pre_enqueue);
        }
    }

    /// The tick of every 30 s: pods that have waited for more than five minutes are tried again.
    pub(super) fn flush_unschedulable(&mut self, now: SimTime, pre_enqueue: PreEnqueue<'_>) {
        let mut due = Vec::new();
        for pods in self.unschedulable.iter().filter(|(group, _)| group.gate.is_none()).map(|(_, pods)| pods) {
            due.extend(pods.iter().take_while(|((since, _), _)| now - *since > MAX_UNSCHEDULABLE).map(|(_, pod)| *pod));
        }
        for pod in due {
            self.wake(pod, EventLabel::UNSCHEDULABLE_TIMEOUT, now, pre_enqueue);
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

    /// Whether a pod waits for an event or is held back.
    pub(super) fn has_groups(&self) -> bool {
        !self.unschedulable.is_empty()
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

    /// What came into which pool since the last call, in exchange for an empty list.
    pub(super) fn take_moves(&mut self, empty: Vec<Move>) -> Vec<Move> {
        std::mem::replace(&mut self.moves, empty)
    }

    /// Where a pod is, unless it is being tried.
    pub(super) fn pool_of(&self, pod: PodId) -> Option<Pool> {
        match self.pods.get(&pod)?.place {
            Place::Active => Some(Pool::Active),
            Place::Backoff(_) => Some(Pool::Backoff),
            Place::ErrorBackoff(_) => Some(Pool::ErrorBackoff),
            Place::Unschedulable => Some(Pool::Unschedulable),
            Place::Gated(plugin) => Some(Pool::Gated(plugin)),
            Place::InFlight => None,
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

    fn end_backoff(&mut self, pod: PodId, pre_enqueue: PreEnqueue<'_>) {
        let from = self.pool_of(pod);
        self.take(pod);
        if self.settings.pop_from_backoff {
            // PreEnqueue has let it in when the backoff began.
            self.arrive(pod, from, Place::Active, EventLabel::BACKOFF_COMPLETE);
        } else {
            self.activate(pod, from, EventLabel::BACKOFF_COMPLETE, pre_enqueue);
        }
    }

    /// To the active pool, or first to the end of its backoff. A plugin may hold it back.
    fn requeue(
        &mut self,
        pod: PodId,
        from: Option<Pool>,
        cause: EventLabel,
        now: SimTime,
        pre_enqueue: PreEnqueue<'_>,
    ) {
        let Some(queued) = self.pods.get(&pod) else { return };
        match self.backoff_end(queued) {
            Some(until) if until >= self.cut(now) => {
                // With early pop the backoff may end at any moment, so PreEnqueue is asked before it.
                let gate = if self.settings.pop_from_backoff { self.gate(pod, pre_enqueue) } else { None };
                self.arrive(pod, from, gate.map_or(Place::Backoff(until), Place::Gated), cause);
            }
            _ => self.activate(pod, from, cause, pre_enqueue),
        }
    }

    fn activate(&mut self, pod: PodId, from: Option<Pool>, cause: EventLabel, pre_enqueue: PreEnqueue<'_>) {
        let place = self.gate(pod, pre_enqueue).map_or(Place::Active, Place::Gated);
        self.arrive(pod, from, place, cause);
    }

    /// Asks PreEnqueue. A plugin that holds the pod back counts as one that has rejected it.
    fn gate(&mut self, pod: PodId, pre_enqueue: PreEnqueue<'_>) -> Option<u8> {
        let queued = self.pods.get_mut(&pod)?;
        let gate = pre_enqueue(pod, queued)?;
        queued.rejectors |= 1 << gate;
        Some(gate)
    }

    fn arrive(&mut self, pod: PodId, from: Option<Pool>, place: Place, cause: EventLabel) {
        self.put(pod, place);
        if let Some(to) = self.pool_of(pod).filter(|to| Some(*to) != from) {
            self.moves.push(Move { pod, from, to, cause });
        }
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
                self.unschedulable.entry(queued.group(pod, None)).or_default().insert(age, pod);
                self.waiting += 1;
            }
            Place::Gated(plugin) => {
                self.unschedulable.entry(queued.group(pod, Some(plugin))).or_default().insert(age, pod);
                self.gated += 1;
            }
            Place::InFlight => {}
        }
    }

    fn take(&mut self, pod: PodId) {
        let Some(queued) = self.pods.get_mut(&pod) else { return };
        let rank = (queued.key, queued.timestamp, queued.sequence);
        let age = (queued.timestamp, queued.sequence);
        let group = match std::mem::replace(&mut queued.place, Place::InFlight) {
            Place::Active => {
                self.active.remove(&rank);
                return;
            }
            Place::Backoff(until) => {
                self.backoff.remove(&(until, rank));
                return;
            }
            Place::ErrorBackoff(until) => {
                self.error_backoff.remove(&(until, queued.sequence));
                return;
            }
            Place::Unschedulable => {
                self.waiting -= 1;
                queued.group(pod, None)
            }
            Place::Gated(plugin) => {
                self.gated -= 1;
                queued.group(pod, Some(plugin))
            }
            Place::InFlight => return,
        };
        if let Some(pods) = self.unschedulable.get_mut(&group) {
            pods.remove(&age);
            if pods.is_empty() {
                self.unschedulable.remove(&group);
            }
        }
    }
}

impl QueuedPod {
    fn group(&self, pod: PodId, gate: Option<u8>) -> Group {
        let pod = self.individual.then_some(pod);
        Group { profile: self.profile, class: self.class, rejectors: self.rejectors, gate, pod }
    }
}

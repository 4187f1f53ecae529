//! The scheduling queue: active, backing off, unschedulable, gated.
//!
//! Source: `pkg/scheduler/backend/queue/`. Pods that wait for an event are kept in groups of one class and one set of
//! rejecting plugins, because every queueing hint answers the same for all of a group. Pods whose claims are named after
//! themselves are groups of their own.

mod cohort;
mod groups;
mod known;
mod lone;
mod moves;
mod place;
mod pod;
mod settings;
mod table;
#[cfg(test)]
mod tests;
mod waiting;
mod waits;
mod whole;

pub(super) use known::{Known, Repeat};
pub(crate) use moves::MoveLog;
pub use moves::{Move, Moves};
pub use place::{PendingPods, Pool};
pub(super) use pod::{Entrant, Group, PreEnqueue, QueuedPod};
pub use settings::QueueSettings;
pub use waits::Waits;
pub(super) use whole::{Alike, Whole};

use super::events::EventLabel;
use crate::model::{ClassId, PodId};
use crate::time::{SimTime, Span};
use cohort::{Cohort, CohortId, Cohorts, Standing};
use lone::{LONE, Lone};
use place::{Place, RANKED, Rank};
use pod::NOWHERE;
use std::collections::BTreeMap;
use std::ops::Bound;
use table::Table;
use waiting::Waiting;

/// How long a pod waits for an event before it is tried again in any case.
pub(super) const MAX_UNSCHEDULABLE: Span = Span::from_secs(300);

/// How many cohorts pods may join. Those that come in at one instant differ in their keys and backoffs only.
const MAX_OPEN: usize = 8;

/// The queue.
#[derive(Debug, Default)]
pub(super) struct SchedulingQueue {
    settings: QueueSettings,
    pods: Table,
    lone: Option<Lone>,
    cohorts: Cohorts,
    /// The cohorts of the pools active, backoff and error backoff, by the end of the backoff and the rank of the first pod.
    /// Cohorts may interleave: after each pod, the one that has the first pod comes first.
    ranked: [BTreeMap<(SimTime, Rank), CohortId>; RANKED],
    /// The cohorts with pods that wait for an event or are held back.
    waiting: Waiting,
    /// How many pods there are of each place.
    counts: [usize; Place::KINDS],
    /// Cohorts that came to be at this instant, to be joined.
    open: Vec<CohortId>,
    /// Pods that have left a cohort that fails as a whole, as far as nobody has been told.
    departed: Vec<PodId>,
    sequence: u64,
    /// The sequence number of the pod that was popped last.
    popped: u64,
    /// The instant of the last change.
    now: SimTime,
    moves: MoveLog,
}

impl SchedulingQueue {
    pub(super) fn new(settings: QueueSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// A new pod enters.
    pub(super) fn add(&mut self, pod: PodId, entrant: Entrant, now: SimTime, pre_enqueue: PreEnqueue<'_>) {
        self.now = now;
        self.sequence += 1;
        let entry = self.pods.insert(QueuedPod {
            pod,
            class: entrant.class,
            profile: entrant.profile,
            individual: entrant.individual,
            key: entrant.key,
            rejections: 0,
            errors: 0,
            rejectors: 0,
            blamed: 0,
            waits: Waits::default(),
            cohort: NOWHERE,
            place: 0,
        });
        let place = match (pre_enqueue.ask)(&self.pods[entry]) {
            Some(gate) => self.hold(entry, gate),
            None => Place::Active,
        };
        if place == Place::Active && self.counts[place.kind()] == 0 {
            self.let_in_alone(entry, now);
        } else {
            self.seat();
            self.join(entry, place, now, None, self.sequence);
        }
        if let Some(to) = place.pool() {
            self.moves.add(pod, None, to, EventLabel::UNSCHEDULED_POD_ADD);
        }
    }

    /// Takes the pod to try next, and says whether its backoff was not over. With ranks of lines, of those that are active the first one
    /// of the line with the smallest rank.
    pub(super) fn pop(&mut self, now: SimTime, line_rank: Option<&dyn Fn(i64) -> i64>) -> Option<(PodId, bool)> {
        self.now = now;
        if let Some(lone) = self.lone {
            self.popped = lone.standing().sequence;
            let entry = self.take_lone()?;
            return Some((self.pods[entry].pod, false));
        }
        let (_, mut id, early) = self.next()?;
        if let Some(line_rank) = line_rank.filter(|_| !early) {
            id = self.next_by_line(line_rank).unwrap_or(id);
        }
        let entry = self.cohorts[id].front()?.entry;
        self.popped = self.take(entry)?.sequence;
        Some((self.pods[entry].pod, early))
    }

    /// The sequence number of the pod that came last into the queue, or back into it after an attempt.
    pub(super) fn last_sequence(&self) -> u64 {
        self.sequence
    }

    /// The one of the pod that [`SchedulingQueue::pop`] gave last.
    pub(super) fn sequence_of_popped(&self) -> u64 {
        self.popped
    }

    /// Whether a pod is active or backs off that came, or came back, no later than the one with this sequence number.
    pub(super) fn has_one_from(&self, sequence: u64) -> bool {
        let is_from = |((_, (_, _, first)), _): (&(SimTime, Rank), _)| *first <= sequence;
        // Those of low priority wait longest, and are last.
        self.lone.is_some_and(|lone| lone.standing().sequence <= sequence)
            || [Place::Active, Place::Backoff(SimTime::ZERO)]
                .iter()
                .any(|place| self.ranked[place.kind()].iter().rev().any(is_from))
    }

    /// Whether [`SchedulingQueue::pop`] would give a pod.
    pub(super) fn has_next(&self) -> bool {
        self.lone.is_some() || self.next().is_some()
    }

    /// What the queue knows of a pod.
    pub(super) fn get(&self, pod: PodId) -> Option<&QueuedPod> {
        self.pods.find(pod).map(|entry| &self.pods[entry])
    }

    /// A popped pod was rejected by plugins, after so long. It waits for an event, or is tried again because one has come meanwhile.
    pub(super) fn rejected(
        &mut self,
        pod: PodId,
        (rejectors, took): (u64, Span),
        woken: bool,
        now: SimTime,
        pre_enqueue: PreEnqueue<'_>,
    ) -> Option<Pool> {
        self.now = now;
        let entry = self.pods.find(pod)?;
        self.sequence += 1;
        let queued = &mut self.pods[entry];
        queued.reject(rejectors, took);
        let backoff = self.settings.backoff(queued.rejections);
        if woken {
            let id = self.alone(entry, Place::InFlight, now, backoff, self.sequence);
            self.requeue(id, EventLabel::SCHEDULE_ATTEMPT_FAILURE, now, pre_enqueue);
        } else {
            self.join(entry, Place::Unschedulable, now, backoff, self.sequence);
        }
        self.pool_of(pod)
    }

    /// A popped pod failed for no fault of its own, after so long. Only time brings it back.
    pub(super) fn failed_with_error(&mut self, pod: PodId, took: Span, now: SimTime) -> Option<Pool> {
        self.now = now;
        let entry = self.pods.find(pod)?;
        self.sequence += 1;
        let queued = &mut self.pods[entry];
        queued.errors += 1;
        queued.waits.tried = queued.waits.tried + took;
        (queued.rejectors, queued.blamed) = (0, 0);
        let backoff = self.settings.backoff(queued.errors);
        let until = backoff.map_or(now, |span| self.settings.cut(now + span));
        self.join(entry, Place::ErrorBackoff(until), now, backoff, self.sequence);
        self.pool_of(pod)
    }

    /// The pod is bound or gone. Gives where it was, and the plugins that rejected its last attempt.
    pub(super) fn remove(&mut self, pod: PodId, now: SimTime) -> Option<(Pool, u64)> {
        self.now = now;
        let entry = self.pods.find(pod)?;
        let (pool, blamed) = (self.pool_of(pod), self.pods[entry].blamed);
        self.take(entry);
        self.pods.remove(entry);
        pool.map(|pool| (pool, blamed))
    }

    /// A popped pod is bound. Gives how long it had waited where.
    pub(super) fn let_go(&mut self, pod: PodId, now: SimTime) -> Option<Waits> {
        self.now = now;
        let entry = self.pods.find(pod).filter(|entry| self.pods[*entry].cohort == NOWHERE)?;
        self.pods.remove(entry);
        Some(self.pods[entry].waits)
    }

    /// A pod that had left the queue to be bound is again one that was popped.
    pub(super) fn restore(&mut self, queued: QueuedPod) {
        let queued = QueuedPod { cohort: NOWHERE, ..queued };
        match self.pods.find(queued.pod) {
            Some(entry) => self.pods[entry] = queued,
            None => {
                self.pods.insert(queued);
            }
        }
    }

    /// A waiting pod says something else than before; whether it is one of those that wait for an event or are held back, so
    /// that the change has to be judged.
    pub(super) fn update(&mut self, pod: PodId, class: ClassId, key: i64, now: SimTime) -> bool {
        self.now = now;
        let Some(entry) = self.pods.find(pod) else { return false };
        let (place, standing) = (self.place_of(entry), self.take(entry));
        let queued = &mut self.pods[entry];
        (queued.class, queued.key) = (class, key);
        if let Some(Standing { since, backoff, sequence }) = standing {
            self.alone(entry, place, since, backoff, sequence);
        }
        matches!(place, Place::Unschedulable | Place::Gated(_))
    }

    /// The classes by which cohorts tell their pods apart, with those that have no pod left.
    pub(super) fn classes(&self) -> impl Iterator<Item = ClassId> + '_ {
        self.cohorts.iter().flat_map(Cohort::parts).map(|part| part.group.class)
    }

    /// Brings one waiting pod back.
    pub(super) fn wake(&mut self, pod: PodId, cause: EventLabel, now: SimTime, pre_enqueue: PreEnqueue<'_>) {
        self.now = now;
        let Some(entry) = self.pods.find(pod) else { return };
        if self.pods[entry].cohort == NOWHERE {
            return;
        }
        self.seat();
        let id = self.split(self.pods[entry].cohort, &[entry]);
        self.requeue(id, cause, now, pre_enqueue);
    }

    /// The tick of every whole second: what has backed off long enough becomes active.
    pub(super) fn flush_backoff(&mut self, now: SimTime, pre_enqueue: PreEnqueue<'_>) {
        self.now = now;
        let now = self.settings.cut(now);
        for pool in [Place::Backoff(now), Place::ErrorBackoff(now)].map(Place::kind) {
            while let Some((&(until, _), &id)) = self.ranked[pool].first_key_value() {
                if until >= now {
                    break;
                }
                // With early pop, PreEnqueue has let it in when the backoff began.
                let asks = !self.settings.pop_from_backoff;
                self.go(id, Place::Active, EventLabel::BACKOFF_COMPLETE, asks.then_some(pre_enqueue));
            }
        }
    }

    /// The tick of every 30 s: pods that have waited for more than five minutes are tried again.
    pub(super) fn flush_unschedulable(&mut self, now: SimTime, pre_enqueue: PreEnqueue<'_>) {
        self.now = now;
        let mut due = Vec::new();
        for (_, cohorts) in self.waiting.groups().filter(|(group, _)| group.gate.is_none()) {
            due.extend(cohorts.iter().take_while(|(since, ..)| now - *since > MAX_UNSCHEDULABLE));
        }
        due.sort_unstable();
        due.dedup();
        for (_, _, id) in due {
            self.requeue(id, EventLabel::UNSCHEDULABLE_TIMEOUT, now, pre_enqueue);
        }
    }

    /// Whether a pod is backing off.
    pub(super) fn is_backing_off(&self) -> bool {
        self.pending().backoff > 0
    }

    /// Whether a pod waits for an event.
    pub(super) fn is_waiting(&self) -> bool {
        self.pending().unschedulable > 0
    }

    /// Whether a pod waits for an event or is held back.
    pub(super) fn has_groups(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// How many pods are where.
    pub(super) fn pending(&self) -> PendingPods {
        let count = |place: Place| self.counts[place.kind()];
        PendingPods {
            active: count(Place::Active),
            backoff: count(Place::Backoff(SimTime::ZERO)) + count(Place::ErrorBackoff(SimTime::ZERO)),
            unschedulable: count(Place::Unschedulable),
            gated: count(Place::Gated(0)),
        }
    }

    /// Where a pod is, unless it is being tried.
    pub(super) fn pool_of(&self, pod: PodId) -> Option<Pool> {
        self.place_of(self.pods.find(pod)?).pool()
    }

    fn place_of(&self, entry: u32) -> Place {
        match self.pods[entry].cohort {
            NOWHERE => Place::InFlight,
            LONE => Place::Active,
            id => self.cohorts[id].place,
        }
    }

    /// The cohort of the pod to try next if no pod is alone, where it is among those of its pool, and whether its backoff is not over.
    fn next(&self) -> Option<((SimTime, Rank), CohortId, bool)> {
        let first = |place: Place| self.ranked[place.kind()].first_key_value().map(|(key, id)| (*key, *id));
        if let Some((key, id)) = first(Place::Active) {
            return Some((key, id, false));
        }
        let (key, id) = first(Place::Backoff(SimTime::ZERO)).filter(|_| self.settings.pop_from_backoff)?;
        Some((key, id, true))
    }

    /// The cohort of the active pod that is next when lines are ranked.
    fn next_by_line(&self, rank: &dyn Fn(i64) -> i64) -> Option<CohortId> {
        let active = &self.ranked[Place::Active.kind()];
        let mut best: Option<((i64, SimTime, u64), CohortId)> = None;
        let mut next = active.first_key_value();
        while let Some((&(until, (key, since, sequence)), &id)) = next {
            let standing = (rank(key), since, sequence);
            if best.is_none_or(|(first, _)| standing < first) {
                best = Some((standing, id));
            }
            next = active.range((Bound::Excluded((until, (key, SimTime::MAX, u64::MAX))), Bound::Unbounded)).next();
        }
        best.map(|(_, id)| id)
    }

    /// A plugin that holds a pod back counts as one that has rejected it.
    fn hold(&mut self, entry: u32, gate: u8) -> Place {
        self.pods[entry].rejectors |= 1 << gate;
        Place::Gated(gate)
    }

    /// To the active pool, or first to the end of its backoff. A plugin may hold pods back.
    fn requeue(&mut self, id: CohortId, cause: EventLabel, now: SimTime, pre_enqueue: PreEnqueue<'_>) {
        let cohort = &self.cohorts[id];
        let until = cohort.backoff.map(|span| self.settings.cut(cohort.since + span));
        match until.filter(|until| *until >= self.settings.cut(now)) {
            // With early pop the backoff may end at any moment, so PreEnqueue is asked before it.
            Some(until) => {
                let asked = self.settings.pop_from_backoff.then_some(pre_enqueue);
                self.go(id, Place::Backoff(until), cause, asked);
            }
            None => self.go(id, Place::Active, cause, Some(pre_enqueue)),
        }
    }

    /// Moves a cohort to another place, but for the pods that PreEnqueue holds back, if it is asked.
    fn go(&mut self, id: CohortId, place: Place, cause: EventLabel, pre_enqueue: Option<PreEnqueue<'_>>) {
        let from = self.cohorts[id].place.pool();
        self.detach(id);
        let held = pre_enqueue.map(|pre_enqueue| self.held_back(id, pre_enqueue)).unwrap_or_default();
        let all = held.len() == self.cohorts[id].len();
        for (entry, gate) in held {
            let Some(Standing { since, backoff, sequence }) = self.take(entry) else { continue };
            let place = self.hold(entry, gate);
            self.alone(entry, place, since, backoff, sequence);
            if let Some(to) = place.pool().filter(|to| Some(*to) != from) {
                self.moves.add(self.pods[entry].pod, from, to, cause);
            }
        }
        if all {
            return;
        }
        self.counts[Place::InFlight.kind()] -= self.cohorts[id].len();
        self.cohorts[id].place = place;
        self.attach(id);
        if let Some(to) = place.pool().filter(|to| Some(*to) != from) {
            self.note_move(id, from, to, cause);
        }
    }

    /// The pods of a cohort that PreEnqueue holds back, with the plugin that does.
    fn held_back(&self, id: CohortId, pre_enqueue: PreEnqueue<'_>) -> Vec<(u32, u8)> {
        let (cohort, pods) = (&self.cohorts[id], &self.pods);
        let ask = |entry: u32| (pre_enqueue.ask)(&pods[entry]).map(|gate| (entry, gate));
        if !pre_enqueue.alike {
            return cohort.members().filter_map(|member| ask(member.entry)).collect();
        }
        let mut held = Vec::new();
        for part in 0..cohort.parts().len() {
            let Some((_, gate)) = cohort.first_of(part).and_then(|member| ask(member.entry)) else { continue };
            let all = cohort.members().filter(|member| member.part as usize == part);
            held.extend(all.map(|member| (member.entry, gate)));
        }
        held
    }

    /// Puts a pod behind those that came to the same place at this instant.
    fn join(&mut self, entry: u32, place: Place, since: SimTime, backoff: Option<Span>, sequence: u64) -> CohortId {
        let QueuedPod { key, individual, .. } = self.pods[entry];
        let group = self.pods[entry].group();
        let is_like = |id: &CohortId| {
            let cohort = &self.cohorts[*id];
            cohort.len() > 0 && (cohort.place, cohort.key, cohort.since, cohort.backoff) == (place, key, since, backoff)
        };
        // Only the youngest one: cohorts that are filled by turns would interleave.
        let youngest = self.open.iter().rev().copied().find(is_like).filter(|_| !individual);
        let may_join = |id: &CohortId| self.cohorts[*id].is_open() || self.cohorts[*id].find(&group).is_some();
        let Some(id) = youngest.filter(may_join) else {
            let id = self.alone(entry, place, since, backoff, sequence);
            if !individual {
                self.open(id);
            }
            return id;
        };
        let part = self.part_for(id, group);
        self.cohorts[id].push(sequence, part, (entry, &mut self.pods[entry]), (id, self.now));
        self.counts[place.kind()] += 1;
        id
    }

    /// The part of a cohort for a pod of a group, which is about to join.
    fn part_for(&mut self, id: CohortId, group: Group) -> usize {
        self.list_moves(id);
        let cohort = &mut self.cohorts[id];
        let part = cohort.find(&group).unwrap_or_else(|| cohort.add_part(group));
        if cohort.parts()[part].left == 0 && cohort.place.waits() {
            let key = (cohort.since, cohort.born, id);
            self.waiting.insert(Group { gate: cohort.place.gate(), ..group }, key);
        }
        part
    }

    /// Lets others join a cohort.
    fn open(&mut self, id: CohortId) {
        if self.open.len() == MAX_OPEN {
            self.open.remove(0);
        }
        self.open.push(id);
    }

    /// Makes a cohort of one pod.
    fn alone(&mut self, entry: u32, place: Place, since: SimTime, backoff: Option<Span>, sequence: u64) -> CohortId {
        let id = self.cohorts.create(place, self.pods[entry].key, (since, backoff), self.now);
        self.put(id, entry, sequence);
        self.attach(id);
        id
    }

    /// Puts a pod into a cohort that is in no pool.
    fn put(&mut self, id: CohortId, entry: u32, sequence: u64) {
        let group = self.pods[entry].group();
        let cohort = &mut self.cohorts[id];
        let part = cohort.find(&group).unwrap_or_else(|| cohort.add_part(group));
        cohort.push(sequence, part, (entry, &mut self.pods[entry]), (id, self.now));
    }

    /// Makes a cohort of some pods of another one. It is in the place of that.
    fn split(&mut self, id: CohortId, entries: &[u32]) -> CohortId {
        let Cohort { place, key, since, backoff, .. } = self.cohorts[id];
        let new = self.cohorts.create(place, key, (since, backoff), self.now);
        for &entry in entries {
            if let Some(standing) = self.take(entry) {
                self.put(new, entry, standing.sequence);
            }
        }
        self.attach(new);
        new
    }

    /// Enters a cohort into the pool of its place.
    fn attach(&mut self, id: CohortId) {
        if self.cohorts[id].place == Place::Active {
            self.seat();
        }
        let cohort = &mut self.cohorts[id];
        cohort.account.come(cohort.place);
        let (place, gate) = (cohort.place, cohort.place.gate());
        self.counts[place.kind()] += cohort.len();
        if let Some(key) = place.key(cohort.rank()) {
            self.ranked[place.kind()].insert(key, id);
        } else if place.waits() {
            let key = (cohort.since, cohort.born, id);
            for part in cohort.parts().iter().filter(|part| part.left > 0) {
                self.waiting.insert(Group { gate, ..part.group }, key);
            }
        }
    }

    /// Takes a cohort out of its pool.
    fn detach(&mut self, id: CohortId) {
        let cohort = &mut self.cohorts[id];
        let place = std::mem::take(&mut cohort.place);
        cohort.account.pass(place, self.now);
        self.counts[place.kind()] -= cohort.len();
        self.counts[Place::InFlight.kind()] += cohort.len();
        if let Some(key) = place.key(cohort.rank()) {
            self.ranked[place.kind()].remove(&key);
        } else if place.waits() {
            let key = (cohort.since, cohort.born, id);
            for part in cohort.parts().iter().filter(|part| part.left > 0) {
                self.waiting.remove(&Group { gate: place.gate(), ..part.group }, key);
            }
        }
    }

    /// Takes a pod out of its cohort, and gives what is known of it there.
    fn take(&mut self, entry: u32) -> Option<Standing> {
        let QueuedPod { cohort: id, place: position, .. } = self.pods[entry];
        match id {
            NOWHERE => return None,
            LONE => {
                let standing = self.lone.map(Lone::standing);
                self.take_lone();
                return standing;
            }
            _ => self.list_moves(id),
        }
        let (cohort, queued) = (&mut self.cohorts[id], &mut self.pods[entry]);
        cohort.let_go(queued, self.now);
        let place = cohort.place;
        let (before, key) = (place.key(cohort.rank()), (cohort.since, cohort.born, id));
        let standing = cohort.standing(position);
        let lacking = cohort.lacking(position);
        let emptied = cohort.remove(position);
        let after = place.key(cohort.rank());
        self.counts[place.kind()] -= 1;
        if before != after {
            let pool = &mut self.ranked[place.kind()];
            before.map(|key| pool.remove(&key));
            after.map(|key| pool.insert(key, id));
        }
        if let Some(group) = emptied.filter(|_| place.waits()) {
            self.waiting.remove(&Group { gate: place.gate(), ..group }, key);
        }
        self.depart(entry, lacking);
        self.tidy(id);
        Some(standing)
    }

    /// A pod that has left its cohort gets what its rejections lacked there, if it failed together with others.
    fn depart(&mut self, entry: u32, lacking: Option<u32>) {
        if let Some(turns) = lacking {
            let queued = &mut self.pods[entry];
            queued.rejections = queued.rejections.wrapping_add(turns);
            self.departed.push(queued.pod);
        }
    }

    /// Gives up a cohort that is empty, or the empty places of one that nearly is.
    fn tidy(&mut self, id: CohortId) {
        let cohort = &mut self.cohorts[id];
        if cohort.len() == 0 {
            self.cohorts.release(id);
        } else if cohort.is_sparse() {
            cohort.compact(|entry, place| self.pods[entry].place = place);
        }
    }
}

//! Cohorts: pods that came into a pool of the queue at one instant, and move on together where they can.
//!
//! A pod that fails is put behind those that failed before it at the same instant, so a cohort has the order in which its pods are
//! tried next. Where everything wakes up, thousands of pods change their pool by one entry in a map.

use super::place::{Place, Rank};
use super::pod::{Group, NOWHERE, QueuedPod};
use super::waits::Account;
use crate::scheduler::fit_error::FitError;
use crate::time::{SimTime, Span};
use std::collections::VecDeque;
use std::ops::{Index, IndexMut, Range};
use std::sync::Arc;

/// The most groups in one cohort: looking for one walks over all of them.
pub(super) const MAX_PARTS: usize = 64;

/// From this many places on, a cohort that is nearly empty gives up those of the pods that have left.
const SPARSE: usize = 64;

/// The most places that a cohort which is used again may keep.
const MAX_SPARE: usize = 1 << 10;

/// A cohort's number. Numbers are used again.
pub(super) type CohortId = u32;

/// Pods of one pool, one key of QueueSort, one timestamp and one backoff, in order of sequence.
#[derive(Debug, Default)]
pub(super) struct Cohort {
    pub(super) place: Place,
    pub(super) key: i64,
    /// When its pods entered the queue or failed.
    pub(super) since: SimTime,
    /// How long they back off from then on; `None` if they do not.
    pub(super) backoff: Option<Span>,
    /// The sequence number that its first pod had: it tells apart cohorts of one timestamp.
    pub(super) born: u64,
    /// What is added to the sequence numbers of its members: they get others when all of them fail together.
    base: u64,
    /// How often they did, and the places that count that, from the first one on: the rejections of the pods there lack as many.
    pub(super) turns: u32,
    together: (u32, u32),
    /// Why the pods of each part that fail together did last time.
    pub(super) said: Vec<Option<Arc<FitError>>>,
    /// What its pods have waited since it came to be.
    pub(super) account: Account,
    /// Whether the observers have been told of its last moves.
    pub(super) is_told: bool,
    /// From the first place that is taken on.
    members: VecDeque<Member>,
    /// The number of the first place. Numbers may go round.
    origin: u32,
    parts: Vec<Part>,
    left: usize,
}

/// A place in a cohort.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Less the cohort's base.
    sequence: u64,
    /// The pod's entry in the table of the queue; [`Member::GONE`] if it has left.
    pub(super) entry: u32,
    pub(super) part: u32,
}

/// The pods of one group in a cohort.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Without the plugin that holds them back: that is the cohort's.
    pub(super) group: Group,
    pub(super) left: u32,
    /// The place of the first of them, if any are left.
    first: u32,
}

/// When and how a pod came into its cohort.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) since: SimTime,
    pub(super) backoff: Option<Span>,
    pub(super) sequence: u64,
}

impl Member {
    const GONE: u32 = u32::MAX;

    fn is_there(&self) -> bool {
        self.entry != Self::GONE
    }
}

impl Cohort {
    /// How many pods there are.
    pub(super) fn len(&self) -> usize {
        self.left
    }

    /// The rank of its first pod; `None` if it is empty.
    pub(super) fn rank(&self) -> Option<Rank> {
        self.front().map(|member| self.rank_of(member))
    }

    /// The rank of one of its pods.
    pub(super) fn rank_of(&self, member: Member) -> Rank {
        (self.key, self.since, self.base.wrapping_add(member.sequence))
    }

    /// The first pod.
    pub(super) fn front(&self) -> Option<Member> {
        self.members.front().copied()
    }

    /// The pods in their order.
    pub(super) fn members(&self) -> impl Iterator<Item = Member> + '_ {
        self.members.iter().copied().filter(Member::is_there)
    }

    /// The groups, with those that have no pod left.
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The first pod of a part.
    pub(super) fn first_of(&self, part: usize) -> Option<Member> {
        let Part { left, first, .. } = self.parts[part];
        (left > 0).then(|| self.members[self.index(first)])
    }

    /// When and how the pod at a place came in.
    pub(super) fn standing(&self, place: u32) -> Standing {
        let (_, since, sequence) = self.rank_of(self.members[self.index(place)]);
        Standing { since, backoff: self.backoff, sequence }
    }

    /// Where the pods of a group are among the parts.
    pub(super) fn find(&self, group: &Group) -> Option<usize> {
        self.parts.iter().position(|part| part.group == *group)
    }

    /// Whether its pods came to the same place as another one's at the same instant, and may go on together.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let standing = |cohort: &Self| (cohort.place, cohort.key, cohort.since, cohort.backoff);
        self.len() > 0 && standing(self) == standing(other)
    }

    /// Whether pods of one more group may join.
    pub(super) fn is_open(&self) -> bool {
        self.parts.len() < MAX_PARTS
    }

    /// A part for a group that has none.
    pub(super) fn add_part(&mut self, group: Group) -> usize {
        self.parts.push(Part { group, left: 0, first: 0 });
        self.parts.len() - 1
    }

    /// Puts a pod behind all others. Its sequence number must be the highest.
    pub(super) fn push(
        &mut self,
        sequence: u64,
        part: usize,
        (entry, queued): (u32, &mut QueuedPod),
        (id, now): (CohortId, SimTime),
    ) {
        debug_assert!(self.members.back().is_none_or(|last| self.rank_of(*last).2 < sequence), "cohorts are in order");
        if self.members.is_empty() {
            self.born = sequence;
        }
        let sequence = sequence.wrapping_sub(self.base);
        let place = self.origin.wrapping_add(self.members.len() as u32);
        self.members.push_back(Member { sequence, entry, part: part as u32 });
        if self.parts[part].left == 0 {
            self.parts[part].first = place;
        }
        self.welcome(part, place, queued, (id, now));
    }

    /// Puts a pod before all others. Its sequence number must be the lowest.
    pub(super) fn push_front(
        &mut self,
        sequence: u64,
        part: usize,
        (entry, queued): (u32, &mut QueuedPod),
        (id, now): (CohortId, SimTime),
    ) {
        debug_assert!(self.front().is_none_or(|first| self.rank_of(first).2 > sequence), "cohorts are in order");
        let sequence = sequence.wrapping_sub(self.base);
        self.origin = self.origin.wrapping_sub(1);
        self.members.push_front(Member { sequence, entry, part: part as u32 });
        self.parts[part].first = self.origin;
        self.welcome(part, self.origin, queued, (id, now));
    }

    /// A pod has got a place.
    fn welcome(&mut self, part: usize, place: u32, queued: &mut QueuedPod, (id, now): (CohortId, SimTime)) {
        self.parts[part].left += 1;
        self.left += 1;
        self.account.pass(self.place, now);
        queued.waits.come(self.place, now);
        self.account.join(&mut queued.waits);
        (queued.cohort, queued.place) = (id, place);
    }

    /// A pod that leaves is in no cohort, and has waited what the others have.
    pub(super) fn let_go(&mut self, queued: &mut QueuedPod, now: SimTime) {
        self.account.pass(self.place, now);
        self.account.settle(&mut queued.waits);
        queued.cohort = NOWHERE;
    }

    /// Takes out the pod at a place, and gives its group if it was the last of it.
    pub(super) fn remove(&mut self, place: u32) -> Option<Group> {
        let index = self.index(place);
        let member = &mut self.members[index];
        debug_assert!(member.is_there(), "a pod leaves a cohort once");
        member.entry = Member::GONE;
        let number = member.part;
        let part = &mut self.parts[number as usize];
        part.left -= 1;
        let emptied = (part.left == 0).then_some(part.group);
        if part.first == place && part.left > 0 {
            // It moves to the back only, so that all of this together is one walk for each part.
            let next = self.members.range(index..).position(|next| next.is_there() && next.part == number);
            part.first = place.wrapping_add(next.unwrap_or_default() as u32);
        }
        self.left -= 1;
        while self.members.front().is_some_and(|first| !first.is_there()) {
            self.members.pop_front();
            self.origin = self.origin.wrapping_add(1);
        }
        emptied
    }

    /// Takes out the first pod, and says what its rejections lack.
    pub(super) fn remove_front(&mut self) -> Option<u32> {
        let place = self.origin;
        self.remove(place);
        self.lacking(place)
    }

    /// Its last pods, beginning with the very last one.
    pub(super) fn last_members(&self, count: usize) -> impl Iterator<Item = Member> + '_ {
        self.members.iter().rev().copied().filter(Member::is_there).take(count)
    }

    /// Its last pod.
    pub(super) fn back(&self) -> Option<Member> {
        self.members.iter().rev().copied().find(Member::is_there)
    }

    /// What the rejections of the pod at a place lack, if it has failed together with others.
    pub(super) fn lacking(&self, place: u32) -> Option<u32> {
        let (first, places) = self.together;
        (place.wrapping_sub(first) < places).then_some(self.turns)
    }

    /// The pods that do not fail together with the others so far.
    pub(super) fn others(&self) -> impl Iterator<Item = Member> + '_ {
        let old = self.established();
        let (before, after) = (self.members.range(..old.start), self.members.range(old.end..));
        before.chain(after).copied().filter(Member::is_there)
    }

    /// The pods in their order, and whether each fails together with others so far.
    pub(super) fn with_standing(&self) -> impl Iterator<Item = (Member, bool)> + '_ {
        let old = self.established();
        let all = self.members.iter().copied().enumerate().filter(|(_, member)| member.is_there());
        all.map(move |(index, member)| (member, old.contains(&index)))
    }

    /// Where the members are that fail together so far.
    fn established(&self) -> Range<usize> {
        let (first, places) = self.together;
        // The first of them may have left.
        let start = first.wrapping_sub(self.origin).cast_signed();
        let within = |index: i64| index.clamp(0, self.members.len() as i64) as usize;
        within(start.into())..within(i64::from(start) + i64::from(places))
    }

    /// All of its pods have failed together, at this instant: they get the sequence numbers that follow on the last one of the queue. Gives
    /// the last of them, which may be that of a pod that has left.
    pub(super) fn fail_together(&mut self, now: SimTime, sequence: u64) -> u64 {
        let (Some(front), Some(last)) = (self.front(), self.members.back()) else { return sequence };
        self.base = sequence.wrapping_add(1).wrapping_sub(front.sequence);
        self.since = now;
        self.born = sequence + 1;
        self.turns = self.turns.wrapping_add(1);
        self.together = (self.origin, self.members.len() as u32);
        self.base.wrapping_add(last.sequence)
    }

    /// Whether most of its places are empty, so that [`Cohort::compact`] is worth its time.
    pub(super) fn is_sparse(&self) -> bool {
        self.members.len() >= SPARSE && self.left < self.members.len() / 4
    }

    /// Gives up the empty places, and tells of every pod's new place.
    pub(super) fn compact(&mut self, mut tell: impl FnMut(u32, u32)) {
        let old = self.established();
        let there = |range: Range<usize>| self.members.range(range).filter(|member| member.is_there()).count() as u32;
        self.together = (there(0..old.start), there(old));
        self.members.retain(Member::is_there);
        self.origin = 0;
        for (place, member) in self.members.iter().enumerate().rev() {
            self.parts[member.part as usize].first = place as u32;
            tell(member.entry, place as u32);
        }
    }

    fn clear(&mut self) {
        self.members.clear();
        self.members.shrink_to(MAX_SPARE);
        self.parts.clear();
        self.said.clear();
        (self.origin, self.left, self.base, self.turns, self.together) = (0, 0, 0, 0, (0, 0));
    }

    /// Where a place is among the members.
    fn index(&self, place: u32) -> usize {
        place.wrapping_sub(self.origin) as usize
    }
}

/// All cohorts, by number.
#[derive(Debug, Default)]
pub(super) struct Cohorts {
    list: Vec<Cohort>,
    free: Vec<CohortId>,
}

impl Cohorts {
    /// An empty cohort.
    pub(super) fn create(
        &mut self,
        place: Place,
        key: i64,
        (since, backoff): (SimTime, Option<Span>),
        now: SimTime,
    ) -> CohortId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.list.push(Cohort::default());
            (self.list.len() - 1) as CohortId
        });
        let cohort = &mut self[id];
        (cohort.place, cohort.key, cohort.since, cohort.backoff) = (place, key, since, backoff);
        (cohort.account, cohort.is_told) = (Account::new(now), true);
        id
    }

    /// All of them, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Cohort> {
        self.list.iter()
    }

    /// An empty cohort's number may be used again.
    pub(super) fn release(&mut self, id: CohortId) {
        debug_assert_eq!(self[id].len(), 0, "nobody is lost");
        self[id].clear();
        self.free.push(id);
    }
}

impl Index<CohortId> for Cohorts {
    type Output = Cohort;

    fn index(&self, id: CohortId) -> &Cohort {
        &self.list[id as usize]
    }
}

impl IndexMut<CohortId> for Cohorts {
    fn index_mut(&mut self, id: CohortId) -> &mut Cohort {
        &mut self.list[id as usize]
    }
}

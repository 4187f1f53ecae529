//! Cohorts: pods that came into a pool of the queue at one instant, and move on together where they can.
//!
//! A pod that fails is put behind those that failed before it at the same instant, so a cohort has the order in which its pods are
//! tried next. Where everything wakes up, thousands of pods change their pool by one entry in a map.

use super::place::{Place, Rank};
use super::pod::Group;
use crate::scheduler::fit_error::FitError;
use crate::time::{SimTime, Span};
use std::ops::{Index, IndexMut};
use std::sync::Arc;

/// The most groups in one cohort: looking for one walks over all of them.
const MAX_PARTS: usize = 64;

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
    /// How often they did, and how many of the first places count that: the rejections of the pods there lack as many.
    pub(super) turns: u32,
    pub(super) together: usize,
    /// Why the pods of each part that fail together did last time.
    pub(super) said: Vec<Option<Arc<FitError>>>,
    members: Vec<Member>,
    parts: Vec<Part>,
    /// The first place that is taken, if one is.
    first: usize,
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
        if self.left == 0 { None } else { Some(self.members[self.first]) }
    }

    /// The pods in their order.
    pub(super) fn members(&self) -> impl Iterator<Item = Member> + '_ {
        self.members[self.first..].iter().copied().filter(Member::is_there)
    }

    /// The groups, with those that have no pod left.
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The first pod of a part.
    pub(super) fn first_of(&self, part: usize) -> Option<Member> {
        if self.parts[part].left == 0 {
            return None;
        }
        self.members().find(|member| member.part as usize == part)
    }

    /// When and how the pod at a place came in.
    pub(super) fn standing(&self, place: u32) -> Standing {
        let (_, since, sequence) = self.rank_of(self.members[place as usize]);
        Standing { since, backoff: self.backoff, sequence }
    }

    /// Where the pods of a group are among the parts.
    pub(super) fn find(&self, group: &Group) -> Option<usize> {
        self.parts.iter().position(|part| part.group == *group)
    }

    /// Whether pods of one more group may join.
    pub(super) fn is_open(&self) -> bool {
        self.parts.len() < MAX_PARTS
    }

    /// A part for a group that has none.
    pub(super) fn add_part(&mut self, group: Group) -> usize {
        self.parts.push(Part { group, left: 0 });
        self.parts.len() - 1
    }

    /// Puts a pod behind all others, and says where it is. Its sequence number must be the highest.
    pub(super) fn push(&mut self, sequence: u64, entry: u32, part: usize) -> u32 {
        debug_assert!(self.members.last().is_none_or(|last| self.rank_of(*last).2 < sequence), "cohorts are in order");
        if self.members.is_empty() {
            self.born = sequence;
        }
        let sequence = sequence.wrapping_sub(self.base);
        self.members.push(Member { sequence, entry, part: part as u32 });
        self.parts[part].left += 1;
        self.left += 1;
        (self.members.len() - 1) as u32
    }

    /// Takes out the pod at a place, and gives its group if it was the last of it.
    pub(super) fn remove(&mut self, place: u32) -> Option<Group> {
        let member = &mut self.members[place as usize];
        debug_assert!(member.is_there(), "a pod leaves a cohort once");
        member.entry = Member::GONE;
        let part = &mut self.parts[member.part as usize];
        part.left -= 1;
        let emptied = (part.left == 0).then_some(part.group);
        self.left -= 1;
        if self.left == 0 {
            self.first = self.members.len();
        } else if place as usize == self.first {
            while !self.members[self.first].is_there() {
                self.first += 1;
            }
        }
        emptied
    }

    /// Takes out the first pod, and says what its rejections lack.
    pub(super) fn remove_front(&mut self) -> Option<u32> {
        let place = self.first as u32;
        self.remove(place);
        self.lacking(place)
    }

    /// Its last pod.
    pub(super) fn back(&self) -> Option<Member> {
        self.members.iter().rev().copied().find(Member::is_there)
    }

    /// What the rejections of the pod at a place lack, if it has failed together with others.
    pub(super) fn lacking(&self, place: u32) -> Option<u32> {
        ((place as usize) < self.together).then_some(self.turns)
    }

    /// The pods that do not fail together with the others so far.
    pub(super) fn others(&self) -> impl Iterator<Item = Member> + '_ {
        self.members[self.together.max(self.first)..].iter().copied().filter(Member::is_there)
    }

    /// All of its pods have failed together, at this instant: they get the sequence numbers that follow on the last one of the queue. Gives
    /// the last of them, which may be that of a pod that has left.
    pub(super) fn fail_together(&mut self, now: SimTime, sequence: u64) -> u64 {
        let (Some(front), Some(last)) = (self.front(), self.members.last()) else { return sequence };
        self.base = sequence.wrapping_add(1).wrapping_sub(front.sequence);
        self.since = now;
        self.born = sequence + 1;
        self.turns = self.turns.wrapping_add(1);
        self.together = self.members.len();
        self.base.wrapping_add(last.sequence)
    }

    /// Whether most of its places are empty, so that [`Cohort::compact`] is worth its time.
    pub(super) fn is_sparse(&self) -> bool {
        self.members.len() >= SPARSE && self.left < self.members.len() / 4
    }

    /// Gives up the empty places, and tells of every pod's new place.
    pub(super) fn compact(&mut self, mut tell: impl FnMut(u32, u32)) {
        self.together = self.members[..self.together].iter().filter(|member| member.is_there()).count();
        self.members.retain(Member::is_there);
        self.first = 0;
        for (place, member) in self.members.iter().enumerate() {
            tell(member.entry, place as u32);
        }
    }

    fn clear(&mut self) {
        self.members.clear();
        self.members.shrink_to(MAX_SPARE);
        self.parts.clear();
        self.said.clear();
        (self.first, self.left, self.base, self.turns, self.together) = (0, 0, 0, 0, 0);
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
    pub(super) fn create(&mut self, place: Place, key: i64, since: SimTime, backoff: Option<Span>) -> CohortId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.list.push(Cohort::default());
            (self.list.len() - 1) as CohortId
        });
        let cohort = &mut self[id];
        (cohort.place, cohort.key, cohort.since, cohort.backoff) = (place, key, since, backoff);
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

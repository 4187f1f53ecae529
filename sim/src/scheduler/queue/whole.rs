//! Cohorts that fail as a whole: where every pod of a large one is about to fail as it did the last time, it is put behind the others
//! with all of its pods, and one number counts for them.

use super::SchedulingQueue;
use super::cohort::{CohortId, MAX_PARTS, Member, Part, Standing};
use super::known::Known;
use super::place::{Place, Rank};
use crate::model::{ClassId, PodId};
use crate::scheduler::fit_error::FitError;
use crate::time::SimTime;
use std::ops::Bound;
use std::sync::Arc;

/// A cohort of so many pods is worth it.
const MANY: usize = if cfg!(test) { 2 } else { 64 };

/// A cohort whose pods all fail as they have before, and as is known.
#[derive(Clone, Debug)]
pub(in crate::scheduler) struct Whole {
    id: CohortId,
    /// Whether their backoffs are not over.
    pub(in crate::scheduler) early: bool,
    /// By part; `None` of one without pods.
    alike: Vec<Option<Alike>>,
}

/// Pods of a cohort that fail alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scheduler) struct Alike {
    /// The number of the failure.
    pub(in crate::scheduler) failure: u32,
    /// The plugins that reject them, now and before, one bit each.
    pub(in crate::scheduler) plugins: u64,
    /// How many they are.
    pub(in crate::scheduler) count: u64,
}

impl Whole {
    /// The number by which all of its pods are counted together.
    pub(in crate::scheduler) fn party(&self) -> u32 {
        self.id
    }

    /// The pods, counted.
    pub(in crate::scheduler) fn alike(&self) -> impl Iterator<Item = Alike> {
        self.alike.iter().copied().flatten()
    }

    /// How many pods there are.
    pub(in crate::scheduler) fn count(&self) -> u64 {
        self.alike().map(|alike| alike.count).sum()
    }
}

impl SchedulingQueue {
    /// The cohort of the pods that are next, if their attempts are all known to be rejected by those who rejected them before, and are
    /// `most` of them at most; of a few more the last ones are left where they are.
    pub(in crate::scheduler) fn next_whole(
        &mut self,
        most: usize,
        now: SimTime,
        known: &dyn Fn(u8, ClassId) -> Option<Known>,
    ) -> Option<Whole> {
        self.now = now;
        if self.lone.is_some() || most < MANY {
            return None;
        }
        let (key, id, early) = self.next()?;
        let first = self.known_first(key, id, known)?;
        let cohort = &self.cohorts[id];
        let left = cohort.len() - first.min(most);
        if left > MANY.max(first) || cohort.len() - left < MANY {
            return None;
        }
        if left > 0 {
            let mut entries: Vec<u32> = cohort.last_members(left).map(|member| member.entry).collect();
            entries.reverse();
            self.split(id, &entries);
        }
        let alike = self.cohorts[id].parts().iter().map(|part| {
            let Known { failure, plugins } = known(part.group.profile, part.group.class)?;
            (part.left > 0).then_some(Alike { failure, plugins, count: part.left.into() })
        });
        Some(Whole { id, early, alike: alike.collect() })
    }

    /// How many of the first pods of the cohort that is next may fail as a whole, if there are no more than may; `None` if it is not worth it.
    pub(super) fn known_first(
        &self,
        key: (SimTime, Rank),
        id: CohortId,
        known: &dyn Fn(u8, ClassId) -> Option<Known>,
    ) -> Option<usize> {
        let cohort = &self.cohorts[id];
        // Nothing of a pod may change but how often it was rejected: also its backoff is as long as before.
        if cohort.len() < MANY || cohort.backoff != self.settings.backoff(u32::MAX) {
            return None;
        }
        // Most often the first one is new, and then the others need not be looked at.
        self.known_front(id, known)?;
        let next = self.ranked[cohort.place.kind()].range((Bound::Excluded(key), Bound::Unbounded)).next();
        let last = cohort.back().map(|member| cohort.rank_of(member));
        let is_alone = next.is_none_or(|(next, _)| cohort.place.key(last).is_some_and(|last| last < *next));
        if !is_alone {
            return None;
        }
        let is_known = |part: &Part| {
            let group = &part.group;
            let as_before = |known: Known| known.plugins == group.rejectors && known.plugins != 0;
            part.left == 0 || (group.pod.is_none() && known(group.profile, group.class).is_some_and(as_before))
        };
        let by_part: Vec<bool> = cohort.parts().iter().map(is_known).collect();
        if by_part.iter().all(|known| *known) {
            return Some(cohort.len());
        }
        // The others are put out of the way, which is worth it if they are fewer.
        let first = cohort.members().take_while(|member| by_part[member.part as usize]).count();
        (first >= MANY && cohort.len() - first <= first).then_some(first)
    }

    /// The pods that were not among those that failed together before; `None` if one of them was rejected by others the last time.
    pub(in crate::scheduler) fn newcomers(&self, whole: &Whole) -> Option<Vec<PodId>> {
        let newcomers = self.cohorts[whole.id].others().map(|member| {
            let (pod, alike) = (&self.pods[member.entry], whole.alike[member.part as usize]?);
            (pod.blamed == alike.plugins).then_some(pod.pod)
        });
        newcomers.collect()
    }

    /// The pods that may have been told other reasons before, in their order, with the number of the failure: newcomers, and those whose
    /// part failed for others.
    pub(in crate::scheduler) fn told_otherwise<'e>(
        &self,
        whole: &Whole,
        error: &dyn Fn(u32) -> &'e Arc<FitError>,
    ) -> Vec<(PodId, u32)> {
        let cohort = &self.cohorts[whole.id];
        let differs = |(part, alike): (usize, &Option<Alike>)| {
            let said = cohort.said.get(part).and_then(Option::as_ref);
            let same = |said: &Arc<FitError>, now: &Arc<FitError>| Arc::ptr_eq(said, now) || said.says_the_same(now);
            said.zip(*alike).is_some_and(|(said, alike)| !same(said, error(alike.failure)))
        };
        let others: Vec<bool> = whole.alike.iter().enumerate().map(differs).collect();
        let told = |member: Member| {
            let failure = whole.alike[member.part as usize]?.failure;
            Some((self.pods[member.entry].pod, failure))
        };
        if others.contains(&true) {
            let doubtful = cohort.with_standing().filter(|(member, old)| !old || others[member.part as usize]);
            return doubtful.filter_map(|(member, _)| told(member)).collect();
        }
        cohort.others().filter_map(told).collect()
    }

    /// The pods that do not fail together with others any more.
    pub(in crate::scheduler) fn take_departed(&mut self) -> impl Iterator<Item = PodId> + use<> {
        std::mem::take(&mut self.departed).into_iter()
    }

    /// All pods of the cohort are popped and rejected.
    pub(in crate::scheduler) fn fail_whole<'e>(
        &mut self,
        whole: &Whole,
        now: SimTime,
        error: &dyn Fn(u32) -> &'e Arc<FitError>,
    ) {
        self.now = now;
        let id = whole.id;
        self.detach(id);
        let cohort = &mut self.cohorts[id];
        for member in cohort.others() {
            let rejections = &mut self.pods[member.entry].rejections;
            *rejections = rejections.wrapping_sub(cohort.turns);
        }
        self.sequence = cohort.fail_together(now, self.sequence);
        cohort.said = whole.alike.iter().map(|alike| Some(error(alike.as_ref()?.failure).clone())).collect();
        self.counts[Place::InFlight.kind()] -= cohort.len();
        cohort.place = Place::Unschedulable;
        self.attach(id);
        self.open.retain(|other| *other != id);
        self.open(id);
    }

    /// After a cohort has failed as a whole, and that has been told: the few pods that failed at this instant just before are its first from
    /// now on, so that they fail with it the next time.
    pub(in crate::scheduler) fn join_whole(&mut self, whole: &Whole) {
        let id = whole.id;
        let cohort = &self.cohorts[id];
        let same = |other: &&CohortId| **other != id && self.cohorts[**other].is_like(cohort);
        let Some(&few) = self.open.iter().rev().find(same) else { return };
        let few = &self.cohorts[few];
        let last = few.back().map(|member| few.rank_of(member));
        let new = few.parts().iter().filter(|part| part.left > 0 && cohort.find(&part.group).is_none()).count();
        if few.len() >= MANY || last > cohort.rank() || cohort.parts().len() + new > MAX_PARTS {
            return;
        }
        let entries: Vec<u32> = few.members().map(|member| member.entry).collect();
        for entry in entries.into_iter().rev() {
            let Some(Standing { sequence, .. }) = self.take(entry) else { continue };
            let group = self.pods[entry].group();
            let part = self.part_for(id, group);
            self.cohorts[id].push_front(sequence, part, (entry, &mut self.pods[entry]), (id, self.now));
            self.counts[Place::Unschedulable.kind()] += 1;
        }
    }

    /// The pods of the cohort, after it has failed, with the number of the failure and the plugins that rejected them before.
    pub(in crate::scheduler) fn pods_of<'a>(
        &'a self,
        whole: &'a Whole,
    ) -> impl Iterator<Item = (PodId, u32, u64)> + 'a {
        self.cohorts[whole.id].members().filter_map(|member| {
            let Alike { failure, plugins, .. } = whole.alike[member.part as usize]?;
            Some((self.pods[member.entry].pod, failure, plugins))
        })
    }
}

//! Cohorts that fail as a whole: where every pod of a large one is about to fail as it did the last time, it is put behind the others
//! with all of its pods, and one number counts for them.

use super::SchedulingQueue;
use super::cohort::CohortId;
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
    /// The cohort of the pods that are next, if their attempts are all known to be rejected as those before were, and are `most` of them
    /// at most; of a few more the last ones are left where they are. `error` is why, by the number of the failure.
    pub(in crate::scheduler) fn next_whole<'e>(
        &mut self,
        most: usize,
        known: &dyn Fn(u8, ClassId) -> Option<Known>,
        error: &dyn Fn(u32) -> &'e Arc<FitError>,
    ) -> Option<Whole> {
        if self.lone.is_some() || most < MANY {
            return None;
        }
        let (key, id, early) = self.next()?;
        let left = self.cohorts[id].len().saturating_sub(most);
        if left > MANY || !self.may_fail_whole(key, id, known) {
            return None;
        }
        let cohort = &self.cohorts[id];
        let differs = |(part, said): (usize, &Option<Arc<FitError>>)| {
            let group = &cohort.parts()[part].group;
            let now = known(group.profile, group.class).map(|known| error(known.failure));
            matches!((said, now), (Some(said), Some(now)) if !Arc::ptr_eq(said, now) && !said.says_the_same(now))
        };
        if cohort.said.iter().enumerate().any(differs) {
            return None;
        }
        if left > 0 {
            let entries: Vec<u32> = cohort.members().skip(cohort.len() - left).map(|member| member.entry).collect();
            self.split(id, &entries);
        }
        let alike = self.cohorts[id].parts().iter().map(|part| {
            let Known { failure, plugins } = known(part.group.profile, part.group.class)?;
            (part.left > 0).then_some(Alike { failure, plugins, count: part.left.into() })
        });
        Some(Whole { id, early, alike: alike.collect() })
    }

    /// Whether the pods of the cohort that is next may fail as a whole, if they are no more than may.
    pub(super) fn may_fail_whole(
        &self,
        key: (SimTime, Rank),
        id: CohortId,
        known: &dyn Fn(u8, ClassId) -> Option<Known>,
    ) -> bool {
        let cohort = &self.cohorts[id];
        // Nothing of a pod may change but how often it was rejected: also its backoff is as long as before.
        if cohort.len() < MANY || cohort.backoff != self.settings.backoff(u32::MAX) {
            return false;
        }
        let is_known = |part: &super::Part| {
            let group = &part.group;
            let as_before = |known: Known| known.plugins == group.rejectors && known.plugins != 0;
            part.left == 0 || (group.pod.is_none() && known(group.profile, group.class).is_some_and(as_before))
        };
        let next = self.ranked[cohort.place.kind()].range((Bound::Excluded(key), Bound::Unbounded)).next();
        let last = cohort.back().map(|member| cohort.rank_of(member));
        let is_alone = next.is_none_or(|(next, _)| cohort.place.key(last).is_some_and(|last| last < *next));
        is_alone && cohort.parts().iter().all(is_known)
    }

    /// The pods that were not among those that failed together before, with the number of the failure; `None` if one of them was rejected
    /// by others the last time.
    pub(in crate::scheduler) fn newcomers(&self, whole: &Whole) -> Option<Vec<(PodId, u32)>> {
        let newcomers = self.cohorts[whole.id].others().map(|member| {
            let (pod, alike) = (&self.pods[member.entry], whole.alike[member.part as usize]?);
            (pod.blamed == alike.plugins).then_some((pod.pod, alike.failure))
        });
        newcomers.collect()
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

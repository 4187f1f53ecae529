//! Attempts whose end is known: where nothing has changed since a pod of the class was rejected, the next one is rejected for the
//! same reasons, and need not be popped to find that out.

use super::SchedulingQueue;
use super::cohort::{CohortId, Part};
use super::place::Place;
use super::pod::{Group, QueuedPod};
use crate::model::{ClassId, PodId};
use crate::time::{SimTime, Span};

/// How attempts for a class end.
#[derive(Clone, Copy, Debug)]
pub(in crate::scheduler) struct Known {
    /// The number of the failure.
    pub(in crate::scheduler) failure: u32,
    /// The plugins that reject the pods, one bit each.
    pub(in crate::scheduler) plugins: u64,
}

/// An attempt that ended as was known before.
#[derive(Clone, Copy, Debug)]
pub(in crate::scheduler) struct Repeat {
    pub(in crate::scheduler) pod: PodId,
    /// The number of the failure.
    pub(in crate::scheduler) failure: u32,
    /// Whether its backoff was not over.
    pub(in crate::scheduler) early: bool,
    /// The plugins that rejected the attempt before, one bit each.
    pub(in crate::scheduler) blamed: u64,
    /// Whether the pod's condition says something else than before.
    pub(in crate::scheduler) is_news: bool,
}

/// Where the pods of a part go.
#[derive(Clone, Copy)]
struct Fate {
    known: Known,
    /// The cohort that the last one joined, and its part there.
    joined: (CohortId, usize),
}

impl SchedulingQueue {
    /// Tries the pods that are next, as long as their attempts are known to be rejected: each is popped and rejected. It ends before
    /// a pod of which that is not known, before a cohort that may fail as a whole unless it begins with one, and after `most`. The attempts are added to `repeats`.
    pub(in crate::scheduler) fn reject_known(
        &mut self,
        most: usize,
        now: SimTime,
        known: &dyn Fn(u8, ClassId) -> Option<Known>,
        applies: &dyn Fn(PodId) -> bool,
        repeats: &mut Vec<Repeat>,
    ) {
        self.now = now;
        let most = repeats.len() + most;
        self.seat();
        while repeats.len() < most
            && let Some((key, id, early)) = self.next()
        {
            let before = repeats.len();
            // Nothing is taken apart for a pod that has to be tried.
            if self.known_front(id, known).is_none() {
                return;
            }
            if before > 0 && self.known_first(key, id, known).is_some() {
                return;
            }
            self.list_moves(id);
            let place = self.cohorts[id].place;
            let until = key.0;
            let pool = &mut self.ranked[place.kind()];
            pool.remove(&key);
            let limit = pool.first_key_value().map(|(key, _)| *key);
            // It is out of reach while others are joined.
            let mut cohort = std::mem::take(&mut self.cohorts[id]);
            // Of most parts nobody is next.
            let mut fates: Vec<Option<Option<Fate>>> = vec![None; cohort.parts().len()];
            let mut run = Run { backoff: (0, None), id: CohortId::MAX };
            while repeats.len() < most
                && let Some(member) = cohort.front()
                && let part = member.part as usize
                && let Some(fate) = fates[part].get_or_insert_with(|| fate(&cohort.parts()[part], known))
                && limit.is_none_or(|limit| (until, cohort.rank_of(member)) < limit)
                && applies(self.pods[member.entry].pod)
            {
                cohort.let_go(&mut self.pods[member.entry], now);
                let lacking = cohort.remove_front();
                self.depart(member.entry, lacking);
                let QueuedPod { pod, blamed, .. } = self.pods[member.entry];
                repeats.push(Repeat { pod, failure: fate.known.failure, early, blamed, is_news: false });
                self.reject_one(member.entry, now, fate, &mut run);
            }
            let count = repeats.len() - before;
            self.counts[place.kind()] -= count;
            if let Some(key) = place.key(cohort.rank()) {
                self.ranked[place.kind()].insert(key, id);
            }
            self.cohorts[id] = cohort;
            self.tidy(id);
            if count == 0 {
                return;
            }
        }
    }

    /// How the attempt for the first pod of a cohort ends, where that is known.
    pub(super) fn known_front(&self, id: CohortId, known: &dyn Fn(u8, ClassId) -> Option<Known>) -> Option<Known> {
        let cohort = &self.cohorts[id];
        let Group { profile, class, pod, .. } = cohort.parts()[cohort.front()?.part as usize].group;
        // Pods that are judged alone never have a common fate.
        if pod.is_none() { known(profile, class) } else { None }
    }

    fn reject_one(&mut self, entry: u32, now: SimTime, fate: &mut Fate, run: &mut Run) {
        self.sequence += 1;
        let queued = &mut self.pods[entry];
        queued.reject(fate.known.plugins, Span::ZERO);
        if run.backoff.0 != queued.rejections {
            let backoff = self.settings.backoff(queued.rejections);
            if backoff != run.backoff.1 {
                run.id = CohortId::MAX;
            }
            run.backoff = (queued.rejections, backoff);
        }
        let (id, part) = fate.joined;
        if id == run.id && id != CohortId::MAX {
            self.cohorts[id].push(self.sequence, part, (entry, queued), (id, now));
            self.counts[Place::Unschedulable.kind()] += 1;
            return;
        }
        let group = queued.group();
        run.id = self.join(entry, Place::Unschedulable, now, run.backoff.1, self.sequence);
        fate.joined = (run.id, self.cohorts[run.id].find(&group).unwrap_or_default());
    }
}

/// What becomes of the pods of a part, where that is known.
fn fate(part: &Part, known: &dyn Fn(u8, ClassId) -> Option<Known>) -> Option<Fate> {
    let Group { profile, class, pod, .. } = part.group;
    // Pods that are judged alone never have a common fate.
    let known = if pod.is_none() { known(profile, class) } else { None };
    known.map(|known| Fate { known, joined: (CohortId::MAX, 0) })
}

/// What the last pods had in common.
struct Run {
    /// After so many rejections, this backoff.
    backoff: (u32, Option<Span>),
    /// The cohort that they joined.
    id: CohortId,
}

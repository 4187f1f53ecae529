//! Attempts that repeat the failure of another pod of their class.
//!
//! Where no node was feasible for a pod, and all that this depends on is its class and the cluster, the next pod of the class fails
//! in the same way until something changes. Such attempts are made all the same, with everything that follows from them, but
//! nobody is asked again and no event passes between them. [`Evaluation::Plain`](super::Evaluation::Plain) knows of no such attempts and
//! is the definition.

use super::Scheduler;
use super::fit_error::FitError;
use super::profile::Profile;
use super::queue::{Alike, Known, Pool, Repeat, SchedulingQueue, Whole};
use crate::agenda::Rank;
use crate::cluster::{Change, Interest};
use crate::controller::Context;
use crate::model::{ClassId, PodId};
use crate::observe::Note;
use crate::time::Span;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The most attempts that are told together.
const MAX_TOGETHER: usize = 1 << 12;

/// The classes whose last error is kept, and the last errors of each: a class often fails for the same reasons again, and its
/// pods then need not compare texts.
const MAX_CLASSES: usize = 1 << 10;
const MAX_ERRORS: usize = 8;

/// What is known of the attempts to come.
#[derive(Debug, Default)]
pub(super) struct KnownFailures {
    /// By profile and class: the number of the failure. They hold until anything changes.
    of_class: FxHashMap<(u8, ClassId), u32>,
    failures: Vec<LastingFailure>,
    errors: FxHashMap<(u8, ClassId), Vec<Arc<FitError>>>,
    attempts: Vec<Repeat>,
}

/// A failure that every pod of the class meets.
#[derive(Clone, Debug)]
pub struct LastingFailure {
    /// Why.
    pub error: Arc<FitError>,
    /// The number of the profile.
    profile: u8,
}

/// Attempts that end in lasting failures, at one instant and with nothing between them.
#[derive(Debug)]
pub struct FailedAgain<'a> {
    attempts: Attempts<'a>,
    failures: &'a [LastingFailure],
    profiles: &'a [Profile],
    tallies: &'a [Tally],
}

#[derive(Clone, Copy, Debug)]
enum Attempts<'a> {
    Listed(&'a [Repeat]),
    /// Those of a cohort of the queue, and the pods whose conditions say something else than before, in their order.
    Whole {
        queue: &'a SchedulingQueue,
        whole: &'a Whole,
        news: &'a [PodId],
    },
}

/// Attempts that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    failure: u32,
    /// Whether their backoff was not over.
    pub early: bool,
    /// The plugins that rejected the attempts before, one bit each.
    pub blamed: u64,
    /// How many there are.
    pub count: u64,
}

impl KnownFailures {
    /// Something may have changed.
    pub(super) fn clear(&mut self) {
        self.of_class.clear();
        self.failures.clear();
    }

    /// How many failures are known.
    pub(super) fn len(&self) -> usize {
        self.failures.len()
    }

    /// A pod of the class has failed in this way, and so will the next ones.
    pub(super) fn add(&mut self, profile: u8, class: ClassId, error: Arc<FitError>) {
        self.of_class.insert((profile, class), self.failures.len() as u32);
        self.failures.push(LastingFailure { error, profile });
    }

    /// The error, shared with earlier ones of the class that were the same.
    pub(super) fn share(&mut self, profile: u8, class: ClassId, error: FitError) -> Arc<FitError> {
        if self.errors.len() >= MAX_CLASSES && !self.errors.contains_key(&(profile, class)) {
            self.errors.clear();
        }
        let known = self.errors.entry((profile, class)).or_default();
        if let Some(same) = known.iter().find(|known| ***known == error) {
            return same.clone();
        }
        if known.len() == MAX_ERRORS {
            known.remove(0);
        }
        let error = Arc::new(error);
        known.push(error.clone());
        error
    }
}

impl Scheduler {
    /// Whether the next attempt can follow at once: nothing else would come before it that has a say in it.
    pub(super) fn may_follow(&self, cx: &mut Context<'_>) -> bool {
        self.queue.has_next()
            && self.evictions.is_empty()
            && self.in_flight.is_none()
            && self.waiting.is_empty()
            // One who wants to see an attempt from inside may leave the run after it.
            && self.inspected.is_none()
            // The run may be over, if only attempts in vain are left.
            && !self.is_in_vain(cx.cluster)
            && cx.pass_on_unheard()
            && cx.is_next(Rank::Schedule)
    }

    /// Makes the attempts that are known to fail.
    pub(super) fn repeat_failures(&mut self, cx: &mut Context<'_>) {
        if self.known.of_class.is_empty() || cx.cluster.heard().meets(Interest::POD_UNSCHEDULABLE) {
            return;
        }
        let sort = self.profiles[0].queue_sort.map(|index| &self.profiles[0].plugins[index]);
        if sort.is_some_and(|plugin| plugin.ranks_lines()) {
            return;
        }
        loop {
            if self.repeat_whole(cx) {
                continue;
            }
            // The attempt with which all are in vain is made by itself: the run may end before the next one.
            let most = self.fruitless.left(self.candidates()).min(MAX_TOGETHER);
            let Self { known, queue, selection, .. } = self;
            let of_class = |profile, class| {
                let failure = *known.of_class.get(&(profile, class))?;
                Some(Known { failure, plugins: known.failures[failure as usize].error.plugins })
            };
            let is_free = |pod| selection.nominator.node_of(pod).is_none();
            known.attempts.clear();
            queue.reject_known(most, cx.cluster.now, &of_class, &is_free, &mut known.attempts);
            if known.attempts.is_empty() {
                return;
            }
            let mut tallies: Vec<Tally> = Vec::new();
            let mut last = 0;
            for attempt in &mut known.attempts {
                let error = &known.failures[attempt.failure as usize].error;
                attempt.is_news = cx.cluster.fail_again(attempt.pod, error);
                let alike = |tally: &Tally| {
                    (tally.failure, tally.early, tally.blamed) == (attempt.failure, attempt.early, attempt.blamed)
                };
                if !tallies.get(last).is_some_and(alike) {
                    last = tallies.iter().position(alike).unwrap_or(tallies.len());
                }
                if let Some(tally) = tallies.get_mut(last) {
                    tally.count += 1;
                } else {
                    let Repeat { failure, early, blamed, .. } = *attempt;
                    tallies.push(Tally { failure, early, blamed, count: 1 });
                }
            }
            self.fruitless.count_more(known.attempts.len());
            cx.count_events(known.attempts.len() as u64);
            let (attempts, failures) = (&known.attempts, &known.failures);
            let attempts = Attempts::Listed(attempts);
            let again = FailedAgain { attempts, failures, profiles: &self.profiles, tallies: &tallies };
            cx.note(&Note::FailedAgain(&again));
        }
    }

    /// Makes the attempts of the pods that are next, if a whole cohort of them fails as it did before; whether it does.
    fn repeat_whole(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.selection.nominator.is_empty() {
            return false;
        }
        let most = self.fruitless.left(self.candidates());
        let Self { known, queue, .. } = self;
        let error = |failure: u32| &known.failures[failure as usize].error;
        let of_class = |profile, class| {
            let failure = *known.of_class.get(&(profile, class))?;
            Some(Known { failure, plugins: error(failure).plugins })
        };
        let Some(whole) = queue.next_whole(most, cx.cluster.now, &of_class) else { return false };
        let Some(newcomers) = queue.newcomers(&whole) else { return false };
        cx.cluster.try_alone(queue.take_departed());
        for pod in newcomers {
            cx.cluster.try_together(pod, whole.party());
        }
        let told_otherwise = queue.told_otherwise(&whole, &error);
        queue.fail_whole(&whole, cx.cluster.now, &error);
        let is_news = |(pod, failure): &(PodId, u32)| cx.cluster.fail_otherwise(*pod, error(*failure));
        let news: Vec<PodId> = told_otherwise.into_iter().filter(is_news).map(|(pod, _)| pod).collect();
        let count = whole.count();
        cx.cluster.fail_together(whole.party(), count);
        self.fruitless.count_more(count as usize);
        cx.count_events(count);
        let early = whole.early;
        let tally = |Alike { failure, plugins, count }| Tally { failure, early, blamed: plugins, count };
        let tallies: Vec<Tally> = whole.alike().map(tally).collect();
        let attempts = Attempts::Whole { queue: &self.queue, whole: &whole, news: &news };
        let again =
            FailedAgain { attempts, failures: &self.known.failures, profiles: &self.profiles, tallies: &tallies };
        cx.note(&Note::FailedAgain(&again));
        self.queue.join_whole(&whole);
        true
    }
}

impl FailedAgain<'_> {
    /// The attempts, counted.
    pub fn tallies(&self) -> impl Iterator<Item = (&Tally, &LastingFailure, &Profile)> {
        self.tallies.iter().map(|tally| {
            let failure = &self.failures[tally.failure as usize];
            (tally, failure, &self.profiles[usize::from(failure.profile)])
        })
    }

    /// Tells of each attempt by itself, as of those that repeat nothing.
    pub(crate) fn tell_each(&self, mut tell: impl FnMut(&Note<'_>)) {
        match self.attempts {
            Attempts::Listed(attempts) => attempts.iter().for_each(|attempt| self.tell_one(attempt, &mut tell)),
            Attempts::Whole { queue, whole, mut news } => {
                for (pod, failure, blamed) in queue.pods_of(whole) {
                    let is_news = news.first() == Some(&pod);
                    news = &news[usize::from(is_news)..];
                    let attempt = Repeat { pod, failure, early: whole.early, blamed, is_news };
                    self.tell_one(&attempt, &mut tell);
                }
            }
        }
    }

    fn tell_one(&self, attempt: &Repeat, tell: &mut impl FnMut(&Note<'_>)) {
        let Repeat { pod, early, blamed, .. } = *attempt;
        let failure = &self.failures[attempt.failure as usize];
        let profile = &self.profiles[usize::from(failure.profile)];
        tell(&Note::SchedulingAttempt { pod, early, blamed, profile });
        let (error, took, queue) = (&*failure.error, Span::ZERO, Some(Pool::Unschedulable));
        tell(&Note::FailedScheduling { pod, error, took, queue, profile });
        if attempt.is_news {
            tell(&Note::Change(Change::PodUnschedulable(pod)));
        }
    }
}

//! The scheduling queue's part of `metrics.prom`: what came in, who waits where, and on which plugin's account.
//!
//! Source: `pkg/scheduler/backend/queue/scheduling_queue.go`.

use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::scheduler::{EventLabel, FailedAgain, Move, Pool, Profile};
use towtank_sim::time::SimTime;

/// The pools in upstream's order.
pub(super) const POOLS: [&str; 4] = ["active", "backoff", "unschedulable", "gated"];

/// Counts what goes through the queue.
#[derive(Debug, Default)]
pub(super) struct QueueMetrics {
    /// Pods that came into a pool, by its number and the event. So few that a list does, and every attempt comes by
    /// here.
    incoming: Vec<((usize, EventLabel), u64)>,
    /// Pods that are in each of the [`POOLS`].
    pub(super) pending: [u64; POOLS.len()],
    /// Who has been blamed, and for how many pods that have not been tried since.
    blames: Vec<Blame>,
    /// What pods have waited in each of them until `since`, in pod nanoseconds.
    waited: [i128; POOLS.len()],
    since: SimTime,
}

/// Plugins of a profile, one bit each, that rejected pods together.
#[derive(Debug)]
struct Blame {
    plugins: u64,
    profile: Arc<str>,
    names: Vec<&'static str>,
    pods: u64,
}

impl QueueMetrics {
    /// The time until now has passed with as many pods in each pool as there are.
    #[inline]
    pub(super) fn advance(&mut self, now: SimTime) {
        let span = i128::from(now.since(self.since).0);
        if span > 0 {
            for (waited, pods) in self.waited.iter_mut().zip(self.pending) {
                if pods > 0 {
                    *waited += i128::from(pods) * span;
                }
            }
            self.since = now;
        }
    }

    /// What pods have waited in each of the [`POOLS`] until the last [`QueueMetrics::advance`], in pod nanoseconds.
    pub(super) fn waited(&self) -> [i128; POOLS.len()] {
        self.waited
    }

    /// Pods came into other pools. What is held back counts as unschedulable among those that come in, as upstream has it.
    pub(super) fn moved(&mut self, moves: &[Move]) {
        for one in moves {
            let counted = if matches!(one.to, Pool::Gated(_)) { Pool::Unschedulable } else { one.to };
            self.came_in(counted, one.cause, one.count());
            if let Some(from) = one.from {
                self.pending[pool_number(from)] -= one.count();
            }
            self.pending[pool_number(one.to)] += one.count();
        }
    }

    fn came_in(&mut self, pool: Pool, cause: EventLabel, count: u64) {
        let key = (pool_number(pool), cause);
        match self.incoming.iter().position(|(known, _)| *known == key) {
            Some(place) => {
                self.incoming[place].1 += count;
                // What comes often comes to be the first that is compared.
                if place > 0 {
                    self.incoming.swap(place, place - 1);
                }
            }
            None => self.incoming.push((key, count)),
        }
    }

    /// A pod is tried: what plugins said of it before is void.
    pub(super) fn tried(&mut self, early: bool, blamed: u64, profile: &Profile) {
        self.left_pool(if early { Pool::Backoff } else { Pool::Active }, blamed, profile);
    }

    /// A pod is in no pool any more.
    pub(super) fn left_pool(&mut self, from: Pool, blamed: u64, profile: &Profile) {
        self.pending[pool_number(from)] -= 1;
        self.blame(blamed, profile, |pods| *pods -= 1);
    }

    /// An attempt failed, and plugins of the profile, one bit each, are to blame.
    pub(super) fn failed(&mut self, to: Option<Pool>, plugins: u64, profile: &Profile) {
        let Some(to) = to else { return };
        // Where something has happened meanwhile that brings it back, a move of its own tells of it.
        if matches!(to, Pool::Unschedulable | Pool::ErrorBackoff) {
            self.came_in(to, EventLabel::SCHEDULE_ATTEMPT_FAILURE, 1);
            self.pending[pool_number(to)] += 1;
        }
        self.blame(plugins, profile, |pods| *pods += 1);
    }

    /// Pods were tried and failed.
    pub(super) fn failed_again(&mut self, again: &FailedAgain<'_>) {
        let mut all = 0;
        for (tally, failure, profile) in again.tallies() {
            let plugins = failure.error.plugins;
            all += tally.count;
            self.pending[pool_number(if tally.early { Pool::Backoff } else { Pool::Active })] -= tally.count;
            if plugins != tally.blamed {
                self.blame(tally.blamed, profile, |pods| *pods -= tally.count);
                self.blame(plugins, profile, |pods| *pods += tally.count);
            }
        }
        self.pending[pool_number(Pool::Unschedulable)] += all;
        self.came_in(Pool::Unschedulable, EventLabel::SCHEDULE_ATTEMPT_FAILURE, all);
    }

    /// Counts the pods that these plugins are to blame for, if there are any.
    fn blame(&mut self, plugins: u64, profile: &Profile, count: impl FnOnce(&mut u64)) {
        if plugins == 0 {
            return;
        }
        let same = |blame: &Blame| blame.plugins == plugins && blame.profile == profile.name;
        let known = self.blames.iter().position(same).unwrap_or_else(|| {
            let names = profile.names(plugins);
            self.blames.push(Blame { plugins, profile: profile.name.clone(), names, pods: 0 });
            self.blames.len() - 1
        });
        count(&mut self.blames[known].pods);
    }

    /// Pods that came into a pool, by its name and the event.
    pub(super) fn incoming(&self) -> BTreeMap<(&'static str, EventLabel), u64> {
        self.incoming.iter().map(|((pool, cause), pods)| ((POOLS[*pool], *cause), *pods)).collect()
    }

    /// Pods that were rejected by a plugin and have not been tried since, by plugin and profile.
    pub(super) fn unschedulable(&self) -> BTreeMap<(&'static str, Arc<str>), u64> {
        let mut counts = BTreeMap::new();
        for Blame { profile, names, pods, .. } in &self.blames {
            for name in names {
                *counts.entry((*name, profile.clone())).or_default() += pods;
            }
        }
        counts
    }
}

/// The name of a pool.
pub(super) fn pool_name(pool: Pool) -> &'static str {
    POOLS[pool_number(pool)]
}

/// The place of a pool among the [`POOLS`].
pub(super) fn pool_number(pool: Pool) -> usize {
    match pool {
        Pool::Active => 0,
        Pool::Backoff | Pool::ErrorBackoff => 1,
        Pool::Unschedulable => 2,
        Pool::Gated(_) => 3,
    }
}

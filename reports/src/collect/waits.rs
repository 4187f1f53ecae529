//! Where each pod waits until it is bound.

use super::queue_metrics::{POOLS, pool_number};
use crate::data::{Latencies, SchedulingParts};
use towtank_sim::model::PodId;
use towtank_sim::scheduler::{Moves, Pool};
use towtank_sim::time::{SimTime, Span};

/// In no pool: being tried, or not in the queue at all.
const NOWHERE: u8 = u8::MAX;

/// Follows each pod through the pools of the scheduling queue. Memory follows the pods that are alive at once; of each bound pod a sample for each
/// part remains.
#[derive(Debug, Default)]
pub(super) struct Waits {
    /// By slot. A slot that has another pod by now begins anew.
    pods: Vec<Wait>,
    parts: Parts,
}

#[derive(Debug, Default)]
struct Parts {
    pools: [Latencies; POOLS.len()],
    decision: Latencies,
    bind: Latencies,
}

/// What is known of a pod.
#[derive(Clone, Copy, Debug)]
struct Wait {
    pod: PodId,
    /// The pool in which it is, since when.
    pool: u8,
    since: SimTime,
    /// When it first came into the active pool.
    first: Option<SimTime>,
    /// How long it was in each of the [`POOLS`], and in attempts that failed, in nanoseconds.
    waited: [i64; POOLS.len()],
    tried: i64,
}

impl Wait {
    fn new(pod: PodId) -> Self {
        Self { pod, pool: NOWHERE, since: SimTime::ZERO, first: None, waited: [0; POOLS.len()], tried: 0 }
    }

    /// It is somewhere else from now on.
    #[inline]
    fn go(&mut self, pool: u8, now: SimTime) {
        if let Some(waited) = self.waited.get_mut(usize::from(self.pool)) {
            *waited += now.since(self.since).0;
        }
        (self.pool, self.since) = (pool, now);
    }
}

impl Waits {
    #[inline]
    fn of(&mut self, pod: PodId) -> &mut Wait {
        let slot = pod.index();
        if self.pods.len() <= slot {
            // A pod of another slot is none of this one.
            self.pods.resize(slot + 1, Wait::new(pod));
        }
        let wait = &mut self.pods[slot];
        if wait.pod != pod {
            *wait = Wait::new(pod);
        }
        wait
    }

    /// Pods came into other pools.
    pub(super) fn moved(&mut self, moves: &Moves, now: SimTime) {
        for (pod, one) in moves.each() {
            let wait = self.of(pod);
            wait.go(pool_number(one.to) as u8, now);
            // Nobody backs off before the first attempt.
            if one.to == Pool::Active && wait.first.is_none() {
                wait.first = Some(now);
            }
        }
    }

    /// A pod is taken from the queue to be tried.
    pub(super) fn tried(&mut self, pod: PodId, now: SimTime) {
        self.of(pod).go(NOWHERE, now);
    }

    /// An attempt failed, after which the pod waits there.
    pub(super) fn failed(&mut self, pod: PodId, took: Span, queue: Option<Pool>, now: SimTime) {
        let wait = self.of(pod);
        wait.tried += took.0;
        wait.go(queue.map_or(NOWHERE, |pool| pool_number(pool) as u8), now);
    }

    /// Pods failed at once, as others of their class have.
    pub(super) fn failed_again(&mut self, pods: impl Iterator<Item = PodId>, now: SimTime) {
        let unschedulable = pool_number(Pool::Unschedulable) as u8;
        for pod in pods {
            self.of(pod).go(unschedulable, now);
        }
    }

    /// A pod that was created at this time is bound now, after an attempt that took so long. Gives since when it could be tried.
    pub(super) fn bound(&mut self, pod: PodId, created: SimTime, took: Span, now: SimTime) -> SimTime {
        let wait = self.of(pod);
        wait.go(NOWHERE, now);
        let Wait { first, waited, tried, .. } = *wait;
        let decision = tried + took.0;
        let rest = now.since(created).0 - waited.iter().sum::<i64>() - decision;
        for (part, waited) in self.parts.pools.iter_mut().zip(waited) {
            part.push(waited);
        }
        self.parts.decision.push(decision);
        self.parts.bind.push(rest.max(0));
        first.unwrap_or(created)
    }

    /// How long bound pods have waited where.
    pub(super) fn parts(&mut self) -> SchedulingParts {
        let Parts { pools, decision, bind } = &mut self.parts;
        let [queue, backoff, unschedulable, admission] = pools.each_mut().map(Latencies::sum_up);
        let [decision, bind] = [decision, bind].map(Latencies::sum_up);
        SchedulingParts { admission, queue, backoff, unschedulable, decision, bind }
    }
}

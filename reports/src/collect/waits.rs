//! Where each pod waits until it is bound.

use super::queue_metrics::{POOLS, pool_number};
use crate::data::{Latencies, SchedulingParts};
use towtank_sim::model::PodId;
use towtank_sim::scheduler::{Moves, Pool};
use towtank_sim::time::{SimTime, Span};

/// In no pool: being tried, or not in the queue at all.
const NOWHERE: u8 = u8::MAX;

/// The numbers of two of the [`POOLS`].
const ACTIVE: u8 = 0;
const UNSCHEDULABLE: u8 = 2;

/// Follows each pod through the pools of the scheduling queue. Memory follows the pods that have to wait; of each bound pod a sample for each
/// part remains.
#[derive(Debug, Default)]
pub(super) struct Waits {
    /// By slot. A slot that has another pod by now begins anew.
    pods: Vec<Wait>,
    /// The pod that came last and could be tried at once, and when that was: nothing else is known of it.
    newcomer: Option<(PodId, SimTime)>,
    /// A pod that is being tried, and when it came, of which nothing else is known: it has waited for nothing.
    tried: Option<(PodId, SimTime)>,
    woken: Woken,
    parts: Parts,
}

/// Pods that came out of the unschedulable pool at this instant. In a full cluster they are all tried in vain, and are there again
/// before any time has passed: then nothing has to be noted of them.
#[derive(Debug, Default)]
struct Woken {
    at: SimTime,
    /// The pods and the pools that they came into.
    pods: Vec<(PodId, u8)>,
    /// So many of them have been tried.
    done: usize,
}

impl Woken {
    fn is_empty(&self) -> bool {
        self.done == self.pods.len()
    }

    /// Whether the pod is the next of them. It is tried at the instant at which it came.
    #[inline]
    fn take(&mut self, pod: PodId) -> bool {
        let is_next = self.pods.get(self.done).is_some_and(|(next, _)| *next == pod);
        self.done += usize::from(is_next);
        is_next
    }
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

    /// It came into a pool.
    fn come(&mut self, pool: u8, now: SimTime) {
        self.go(pool, now);
        // Nobody backs off before the first attempt.
        if pool == ACTIVE && self.first.is_none() {
            self.first = Some(now);
        }
    }
}

impl Waits {
    /// Pods came into other pools.
    pub(super) fn moved(&mut self, moves: &Moves, now: SimTime) {
        self.pass_to(now);
        for (pod, one) in moves.each() {
            let to = pool_number(one.to) as u8;
            match (one.from, one.to) {
                (None, Pool::Active) if !self.is_known(pod) => {
                    self.keep_newcomer();
                    self.newcomer = Some((pod, now));
                }
                (Some(Pool::Unschedulable), Pool::Active | Pool::Backoff) => {
                    self.woken.at = now;
                    self.woken.pods.push((pod, to));
                }
                _ => self.of(pod).come(to, now),
            }
        }
    }

    /// A pod is taken from the queue to be tried.
    pub(super) fn tried(&mut self, pod: PodId, now: SimTime) {
        self.pass_to(now);
        if self.newcomer == Some((pod, now)) {
            self.keep_tried();
            self.tried = self.newcomer.take();
        } else if self.woken.take(pod) {
            self.known(pod).go(NOWHERE, now);
        } else {
            self.of(pod).go(NOWHERE, now);
        }
    }

    /// An attempt failed, after which the pod waits there.
    pub(super) fn failed(&mut self, pod: PodId, took: Span, queue: Option<Pool>, now: SimTime) {
        self.pass_to(now);
        let wait = self.of(pod);
        wait.tried += took.0;
        wait.go(queue.map_or(NOWHERE, |pool| pool_number(pool) as u8), now);
    }

    /// Pods failed at once, as others of their class have.
    pub(super) fn failed_again(&mut self, pods: impl Iterator<Item = PodId>, now: SimTime) {
        self.pass_to(now);
        for pod in pods {
            // One that was woken at this instant is where it was, and no time has passed elsewhere.
            if !self.woken.take(pod) {
                self.of(pod).go(UNSCHEDULABLE, now);
            }
        }
    }

    /// A pod that was created at this time is bound now, after an attempt that took so long. Gives since when it could be tried.
    pub(super) fn bound(&mut self, pod: PodId, created: SimTime, took: Span, now: SimTime) -> SimTime {
        self.pass_to(now);
        let (first, waited, tried) = if let Some((_, first)) = self.tried.take_if(|(tried, _)| *tried == pod) {
            (Some(first), [0; POOLS.len()], 0)
        } else if self.is_known(pod) {
            let wait = self.of(pod);
            wait.go(NOWHERE, now);
            (wait.first, wait.waited, wait.tried)
        } else {
            (None, [0; POOLS.len()], 0)
        };
        let decision = tried + took.0;
        let rest = now.since(created).0 - waited.iter().sum::<i64>() - decision;
        for (part, waited) in self.parts.pools.iter_mut().zip(waited) {
            part.push(waited);
        }
        self.parts.decision.push(decision);
        self.parts.bind.push(rest.max(0));
        first.unwrap_or(created)
    }

    /// A pod is gone. Its slot is used again.
    pub(super) fn gone(&mut self, pod: PodId) {
        self.note_woken();
        self.newcomer.take_if(|(newcomer, _)| *newcomer == pod);
        self.tried.take_if(|(tried, _)| *tried == pod);
    }

    /// It is this late.
    #[inline]
    fn pass_to(&mut self, now: SimTime) {
        if self.woken.at < now {
            self.note_woken();
        }
    }

    /// Notes where those are that were woken and have not been tried at once.
    fn note_woken(&mut self) {
        let Woken { at, mut pods, done } = std::mem::take(&mut self.woken);
        for &(pod, pool) in &pods[done..] {
            self.known(pod).come(pool, at);
        }
        pods.clear();
        self.woken.pods = pods;
    }

    /// What is to be known of a pod, which is not the next of those that were woken.
    fn of(&mut self, pod: PodId) -> &mut Wait {
        if self.newcomer.is_some_and(|(newcomer, _)| newcomer == pod) {
            self.keep_newcomer();
        }
        if self.tried.is_some_and(|(tried, _)| tried == pod) {
            self.keep_tried();
        }
        if !self.woken.is_empty() && self.known(pod).pool == UNSCHEDULABLE {
            // It may be another one of them.
            self.note_woken();
        }
        self.known(pod)
    }

    #[inline]
    fn known(&mut self, pod: PodId) -> &mut Wait {
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

    fn is_known(&self, pod: PodId) -> bool {
        let is_it = |known: Option<(PodId, SimTime)>| known.is_some_and(|(known, _)| known == pod);
        is_it(self.newcomer) || is_it(self.tried) || self.pods.get(pod.index()).is_some_and(|wait| wait.pod == pod)
    }

    /// Another one comes, or something else is to be known of this one.
    fn keep_newcomer(&mut self) {
        if let Some((pod, at)) = self.newcomer.take() {
            self.known(pod).come(ACTIVE, at);
        }
    }

    fn keep_tried(&mut self) {
        if let Some((pod, at)) = self.tried.take() {
            let wait = self.known(pod);
            wait.come(ACTIVE, at);
            wait.go(NOWHERE, at);
        }
    }

    /// How long bound pods have waited where.
    pub(super) fn parts(&mut self) -> SchedulingParts {
        let Parts { pools, decision, bind } = &mut self.parts;
        let [queue, backoff, unschedulable, admission] = pools.each_mut().map(Latencies::sum_up);
        let [decision, bind] = [decision, bind].map(Latencies::sum_up);
        SchedulingParts { admission, queue, backoff, unschedulable, decision, bind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_have_these_numbers() {
        assert_eq!([ACTIVE, UNSCHEDULABLE].map(usize::from), [Pool::Active, Pool::Unschedulable].map(pool_number));
    }
}

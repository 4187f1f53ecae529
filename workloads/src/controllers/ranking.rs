//! Which pods of a ReplicaSet are deleted first.

use std::cmp::Ordering;
use std::cmp::Ordering::{Equal, Greater, Less};
use towtank_sim::model::PodId;
use towtank_sim::model::pod::PodPhase;
use towtank_sim::time::SimTime;

/// What the order looks at.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) id: PodId,
    pub(super) uid: u64,
    pub(super) assigned: bool,
    pub(super) phase: PodPhase,
    /// When it last became ready, if it is.
    pub(super) ready: Option<SimTime>,
    /// How many active pods of ReplicaSets with the same owner are on its node.
    pub(super) rank: usize,
    /// `pod-deletion-cost`.
    pub(super) cost: i32,
    pub(super) restarts: u32,
    pub(super) created: SimTime,
}

/// Puts first those that are deleted first. Timestamps count in whole seconds, as the API has them.
///
/// Source: `pkg/controller/controller_utils.go`, `ActivePodsWithRanks`.
/// Upstream's relation is not transitive (equal times compare by other means than times of one age bucket), so this sorts
/// with a method that any relation is safe for; up to 12 pods it is upstream's own.
pub(super) fn sort(pods: &mut Vec<Candidate>, now: SimTime) {
    const RUN: usize = 12;
    if pods.len() > RUN {
        let mut right = pods.split_off(pods.len() / 2);
        sort(pods, now);
        sort(&mut right, now);
        let left = std::mem::take(pods);
        let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            let next = if compare(b, a, now) == Less { right.next() } else { left.next() };
            pods.extend(next);
        }
        pods.extend(left.chain(right));
        return;
    }
    for i in 1..pods.len() {
        let mut j = i;
        while j > 0 && compare(&pods[j], &pods[j - 1], now) == Less {
            pods.swap(j, j - 1);
            j -= 1;
        }
    }
}

fn compare(a: &Candidate, b: &Candidate, now: SimTime) -> Ordering {
    let phase = |pod: &Candidate| u8::from(pod.phase != PodPhase::Pending);
    let first = a
        .assigned
        .cmp(&b.assigned)
        .then(phase(a).cmp(&phase(b)))
        .then(a.ready.is_some().cmp(&b.ready.is_some()))
        .then(a.cost.cmp(&b.cost))
        .then(b.rank.cmp(&a.rank));
    if first != Equal {
        return first;
    }
    if let (Some(ready_a), Some(ready_b)) = (a.ready, b.ready) {
        let by_age = younger_first(ready_a, ready_b, (a.uid, b.uid), now);
        if by_age != Equal {
            return by_age;
        }
    }
    b.restarts.cmp(&a.restarts).then_with(|| younger_first(a.created, b.created, (a.uid, b.uid), now))
}

/// Compares ages by the power of two they are in, and pods of one power by their uids.
fn younger_first(a: SimTime, b: SimTime, uids: (u64, u64), now: SimTime) -> Ordering {
    let (a, b) = (a.floor_to_second(), b.floor_to_second());
    if a == b {
        return Equal;
    }
    let bucket = |t: SimTime| now.since(t).0.checked_ilog2().map_or(-1, i64::from);
    match bucket(a).cmp(&bucket(b)) {
        Equal if uids.0 < uids.1 => Less,
        Equal => Greater,
        other => other,
    }
}

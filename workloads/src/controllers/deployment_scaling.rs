//! How the ReplicaSets of a Deployment share a change of its size in the middle of a rollout. The controller that asks is
//! not modelled yet.
//!
//! Source: `scale` in `pkg/controller/deployment/sync.go`, and `GetReplicaSetProportion` in
//! `pkg/controller/deployment/util/deployment_util.go`.

use super::deployment::Strategy;
use super::deployment_rolling::{RolloutSet, RolloutSets};
use std::cmp::Reverse;

/// Gives the sets their sizes for `desired` replicas. `present` is `status.replicas` of the Deployment, which stands in for a
/// set's annotation that is missing.
///
/// A single active set gets all; beside a new set that is complete the old ones get nothing; otherwise each gets a share
/// of the difference by its size, and the largest what the rounding leaves.
///
/// Returns what is written, in its order: the name of a set and the replicas that it gets, which may be those that it has.
pub fn scale(sets: &mut RolloutSets, strategy: Strategy, desired: u32, present: u32) -> Vec<(String, u32)> {
    let written = |set: &RolloutSet| (set.name.clone(), set.replicas);
    if let Some(only) = active_or_latest(sets) {
        if only.replicas == desired {
            return Vec::new();
        }
        only.replicas = desired;
        return vec![written(only)];
    }
    if sets.new.as_ref().is_some_and(|new| is_saturated(new, desired)) {
        let old = sets.old.iter_mut().filter(|old| old.replicas > 0);
        return old
            .map(|old| {
                old.replicas = 0;
                written(old)
            })
            .collect();
    }
    if matches!(strategy, Strategy::RollingUpdate { .. }) {
        let most = desired.saturating_add(strategy.max_surge(desired));
        return share(sets, desired, most, present).iter().map(|set| written(set)).collect();
    }
    Vec::new()
}

/// The only set that has replicas; the newest where none has.
///
/// Source: `FindActiveOrLatest`.
fn active_or_latest(sets: &mut RolloutSets) -> Option<&mut RolloutSet> {
    match sets.iter().filter(|set| set.replicas > 0).count() {
        0 if sets.new.is_some() => sets.new.as_mut(),
        0 => sets.old.iter_mut().max_by(|a, b| a.age().cmp(&b.age())),
        1 => sets.old.iter_mut().chain(&mut sets.new).find(|set| set.replicas > 0),
        _ => None,
    }
}

/// Whether a set has all that is wanted, knows it, and has it available.
///
/// Source: `IsSaturated`.
fn is_saturated(set: &RolloutSet, desired: u32) -> bool {
    set.replicas == desired && set.desired_replicas == Some(desired) && set.available == desired
}

/// `most` is what all may have together.
fn share(sets: &mut RolloutSets, desired: u32, most: u32, present: u32) -> Vec<&mut RolloutSet> {
    let allowed = if desired > 0 { i64::from(most) } else { 0 };
    let to_add = allowed - sets.replicas();
    let mut active: Vec<&mut RolloutSet> =
        sets.old.iter_mut().chain(&mut sets.new).filter(|set| set.replicas > 0).collect();
    if to_add == 0 {
        return active;
    }
    // Of sets of one size the newer ones grow first, and the older ones shrink first.
    if to_add > 0 {
        active.sort_by(|a, b| (b.replicas, b.age()).cmp(&(a.replicas, a.age())));
    } else {
        active.sort_by(|a, b| (Reverse(a.replicas), a.age()).cmp(&(Reverse(b.replicas), b.age())));
    }
    let mut left = to_add;
    let mut sizes: Vec<i64> = Vec::with_capacity(active.len());
    for set in &active {
        let share = proportion(set, desired, most, present);
        let share = if to_add > 0 { share.min(left) } else { share.max(left) };
        let share = if left == 0 { 0 } else { share };
        sizes.push(i64::from(set.replicas) + share);
        left -= share;
    }
    if let Some(largest) = sizes.first_mut() {
        *largest = (*largest + left).max(0);
    }
    for (set, size) in active.iter_mut().zip(sizes) {
        set.replicas = size.clamp(0, i32::MAX.into()) as u32;
    }
    active
}

/// How many replicas a set should gain, or lose, to keep its share of the whole.
///
/// Source: `getReplicaSetFraction`.
fn proportion(set: &RolloutSet, desired: u32, most: u32, present: u32) -> i64 {
    let size = i64::from(set.replicas);
    if desired == 0 {
        return -size;
    }
    let before = set.max_replicas.filter(|before| *before > 0).unwrap_or(present);
    if before == 0 {
        return 0;
    }
    // Halves go up. All is positive here.
    let (product, before) = (size * i64::from(most), i64::from(before));
    (2 * product + before) / (2 * before) - size
}

#[cfg(test)]
mod tests {
    use super::*;
    use towtank_sim::disruption::IntOrPercent;
    use towtank_sim::time::SimTime;

    const ROLLING: Strategy =
        Strategy::RollingUpdate { max_surge: IntOrPercent::Int(2), max_unavailable: IntOrPercent::Int(0) };

    fn set(age: i64, replicas: u32, annotations: Option<(u32, u32)>) -> RolloutSet {
        RolloutSet {
            name: format!("set-{age}"),
            created: SimTime::from_secs(-age),
            replicas,
            available: replicas,
            desired_replicas: annotations.map(|(desired, _)| desired),
            max_replicas: annotations.map(|(_, most)| most),
        }
    }

    #[track_caller]
    fn check(new: Option<RolloutSet>, old: Vec<RolloutSet>, desired: u32, present: u32, expected: &[u32]) {
        let mut sets = RolloutSets { new, old };
        scale(&mut sets, ROLLING, desired, present);
        assert_eq!(sets.iter().map(|set| set.replicas).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn one_active_set_gets_all() {
        check(None, vec![set(2, 3, None)], 7, 3, &[7]);
        check(Some(set(1, 0, None)), vec![set(2, 3, None)], 7, 3, &[7, 0]);
        check(None, vec![set(3, 0, None), set(2, 0, None)], 7, 0, &[0, 7]);
    }

    #[test]
    fn beside_a_complete_new_set_the_old_ones_go() {
        check(Some(set(1, 5, Some((5, 7)))), vec![set(2, 3, Some((5, 7)))], 5, 8, &[0, 5]);
    }

    #[test]
    fn shares_are_by_size_and_the_largest_takes_the_rest() {
        let sets = || (Some(set(1, 4, Some((10, 12)))), vec![set(3, 5, Some((10, 12))), set(2, 3, Some((10, 12)))]);
        let (new, old) = sets();
        check(new, old, 20, 12, &[9, 6, 7]);
        let (new, old) = sets();
        check(new, old, 0, 12, &[0, 0, 0]);
    }

    /// Someone has removed the annotations: the Deployment's own count stands in, and without one only the rest is left.
    #[test]
    fn without_annotations_shares_are_of_what_is_there() {
        check(Some(set(1, 4, None)), vec![set(2, 8, None)], 22, 12, &[16, 8]);
        check(Some(set(1, 4, None)), vec![set(2, 8, None)], 22, 0, &[20, 4]);
    }
}

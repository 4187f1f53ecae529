//! One step of a rollout: how large each ReplicaSet of a Deployment is to be next. The controller that takes these steps is
//! not modelled yet.
//!
//! Source: `pkg/controller/deployment/rolling.go` and `pkg/controller/deployment/util/deployment_util.go`.

use super::deployment::Strategy;
use towtank_sim::time::SimTime;

/// A ReplicaSet of a Deployment, as far as rollouts read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolloutSet {
    /// Its name, unique among the sets.
    pub name: String,
    /// `metadata.creationTimestamp`.
    pub created: SimTime,
    /// `spec.replicas`.
    pub replicas: u32,
    /// `status.availableReplicas`.
    pub available: u32,
    /// The annotation `deployment.kubernetes.io/desired-replicas`: the Deployment's replicas when it was last scaled.
    pub desired_replicas: Option<u32>,
    /// The annotation `deployment.kubernetes.io/max-replicas`: the same with the surge.
    pub max_replicas: Option<u32>,
}

/// The ReplicaSets of a Deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolloutSets {
    /// The one of the present template.
    pub new: Option<RolloutSet>,
    /// Those of earlier templates, in any order.
    pub old: Vec<RolloutSet>,
}

impl RolloutSets {
    /// All sets.
    pub fn iter(&self) -> impl Iterator<Item = &RolloutSet> {
        self.old.iter().chain(&self.new)
    }

    /// The sum of `spec.replicas`.
    pub(super) fn replicas(&self) -> i64 {
        self.iter().map(|set| i64::from(set.replicas)).sum()
    }
}

impl RolloutSet {
    /// What a set is older by than another: its creation, then its name.
    ///
    /// Source: `ReplicaSetsByCreationTimestamp` in `pkg/controller/controller_utils.go`.
    pub(super) fn age(&self) -> (SimTime, &str) {
        (self.created, &self.name)
    }
}

impl Strategy {
    /// How many pods there may be above the wanted number.
    ///
    /// Source: `MaxSurge`.
    pub fn max_surge(self, desired: u32) -> u32 {
        match self {
            Self::Recreate => 0,
            Self::RollingUpdate { max_surge, .. } => clamp(max_surge.of_rounded_up(desired.into())),
        }
    }

    /// How many of the wanted pods may be missing: at least one where no surge is allowed, or nothing would ever move.
    ///
    /// Source: `MaxUnavailable`, `ResolveFenceposts`.
    pub fn max_unavailable(self, desired: u32) -> u32 {
        let Self::RollingUpdate { max_unavailable, .. } = self else { return 0 };
        let unavailable = clamp(max_unavailable.of_rounded_down(desired.into()));
        let least = u32::from(self.max_surge(desired) == 0);
        unavailable.max(least).min(desired)
    }
}

/// One step of a rolling update to `desired` replicas: the new set grows, or else the old ones shrink. `sets.new` exists; a
/// set that is new to the Deployment begins with no replicas.
///
/// Returns the scalings that it is made of, in their order: the name of a set and the replicas that it gets. A set may be among them twice.
///
/// Source: `rolloutRolling`.
pub fn roll(sets: &mut RolloutSets, strategy: Strategy, desired: u32) -> Vec<(String, u32)> {
    let mut steps = Vec::new();
    if grow_new(sets, strategy, desired) {
        steps.extend(sets.new.as_ref().map(|new| (new.name.clone(), new.replicas)));
    } else {
        shrink_old(sets, strategy, desired, &mut steps);
    }
    steps
}

/// How many replicas a new set begins with.
pub(super) fn first(sets: &mut RolloutSets, strategy: Strategy, desired: u32) -> u32 {
    grow_new(sets, strategy, desired);
    sets.new.as_ref().map_or(0, |new| new.replicas)
}

/// Scales the new set; false if it stays as it is.
///
/// Source: `reconcileNewReplicaSet`, `NewRSNewReplicas`.
fn grow_new(sets: &mut RolloutSets, strategy: Strategy, desired: u32) -> bool {
    let room = i64::from(desired) + i64::from(strategy.max_surge(desired)) - sets.replicas();
    let Some(new) = &mut sets.new else { return false };
    let before = new.replicas;
    if before > desired {
        new.replicas = desired;
    } else if room > 0 {
        new.replicas = clamp(room.unsigned_abs()).min(desired - before) + before;
    }
    new.replicas != before
}

/// Source: `reconcileOldReplicaSets`.
fn shrink_old(sets: &mut RolloutSets, strategy: Strategy, desired: u32, steps: &mut Vec<(String, u32)>) {
    let least = i64::from(desired) - i64::from(strategy.max_unavailable(desired));
    let (total, new) = (sets.replicas(), sets.new.as_ref());
    // New pods that are not available yet may not cost the old ones their place.
    let new_unavailable = new.map_or(0, |new| i64::from(new.replicas) - i64::from(new.available));
    let new_available = new.map_or(0, |new| i64::from(new.available));
    let budget = total - least - new_unavailable;
    let mut active: Vec<&mut RolloutSet> = sets.old.iter_mut().filter(|set| set.replicas > 0).collect();
    if budget <= 0 || active.is_empty() {
        return;
    }
    active.sort_by(|a, b| a.age().cmp(&b.age()));
    if clean_up_unhealthy(&mut active, budget, steps) {
        let available = new_available + active.iter().map(|set| i64::from(set.available)).sum::<i64>();
        scale_down(&mut active, available - least, steps);
    }
}

/// Takes away what is not available anyway. False if a set has more available pods than it asks for: it is still shrinking,
/// and the step ends there.
///
/// Source: `cleanupUnhealthyReplicas`.
fn clean_up_unhealthy(old: &mut [&mut RolloutSet], budget: i64, steps: &mut Vec<(String, u32)>) -> bool {
    let mut left = budget;
    for set in old {
        if left <= 0 {
            break;
        }
        let unhealthy = i64::from(set.replicas) - i64::from(set.available);
        if unhealthy < 0 {
            return false;
        }
        let fewer = unhealthy.min(left);
        take_away(set, fewer, steps);
        left -= fewer;
    }
    true
}

/// Takes away what is more than has to be available.
///
/// Source: `scaleDownOldReplicaSetsForRollingUpdate`.
fn scale_down(old: &mut [&mut RolloutSet], spare: i64, steps: &mut Vec<(String, u32)>) {
    let mut left = spare;
    for set in old {
        if left <= 0 {
            break;
        }
        let fewer = i64::from(set.replicas).min(left);
        take_away(set, fewer, steps);
        left -= fewer;
    }
}

fn take_away(set: &mut RolloutSet, fewer: i64, steps: &mut Vec<(String, u32)>) {
    if fewer > 0 {
        set.replicas -= clamp(fewer.unsigned_abs());
        steps.push((set.name.clone(), set.replicas));
    }
}

/// A count; counts of the API end at 2,147,483,647.
fn clamp(count: u64) -> u32 {
    count.min(i32::MAX.unsigned_abs().into()) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use towtank_sim::disruption::IntOrPercent;

    fn rolling(surge: &str, unavailable: &str) -> Strategy {
        let read = |text: &str| text.parse::<IntOrPercent>().expect("a count or a percentage");
        Strategy::RollingUpdate { max_surge: read(surge), max_unavailable: read(unavailable) }
    }

    fn set(name: &str, replicas: u32, available: u32) -> RolloutSet {
        let created = SimTime::from_secs(name.len() as i64);
        let name = name.to_owned();
        RolloutSet { name, created, replicas, available, desired_replicas: None, max_replicas: None }
    }

    #[test]
    fn surge_rounds_up_and_unavailable_down_and_one_of_them_is_left() {
        let check = |surge, unavailable, desired, expected| {
            let strategy = rolling(surge, unavailable);
            assert_eq!((strategy.max_surge(desired), strategy.max_unavailable(desired)), expected);
        };
        check("25%", "25%", 10, (3, 2));
        check("0", "10%", 5, (0, 1));
        check("0", "50", 5, (0, 5));
        check("25%", "25%", 0, (0, 0));
        assert_eq!(Strategy::Recreate.max_unavailable(7), 0);
    }

    /// From one template to the next in steps, every pod available at once, until nothing changes any more.
    #[test]
    fn a_rollout_ends_and_keeps_its_bounds() {
        let strategy = rolling("2", "1");
        let mut sets = RolloutSets { new: Some(set("new", 0, 0)), old: vec![set("older", 4, 4), set("old", 6, 6)] };
        for _ in 0..30 {
            roll(&mut sets, strategy, 10);
            let total = sets.replicas();
            assert!((9..=12).contains(&total), "{sets:?}");
            for set in sets.old.iter_mut().chain(&mut sets.new) {
                set.available = set.replicas;
            }
        }
        let sizes: Vec<u32> = sets.iter().map(|set| set.replicas).collect();
        assert_eq!(sizes, [0, 0, 10]);
    }

    #[test]
    fn what_is_broken_goes_first() {
        let mut sets = RolloutSets { new: Some(set("new", 3, 0)), old: vec![set("old", 8, 8), set("broken", 2, 0)] };
        roll(&mut sets, rolling("3", "2"), 10);
        assert_eq!(sets.old.iter().map(|set| set.replicas).collect::<Vec<_>>(), [8, 0]);
    }
}

//! How many of the nodes that could go begin to go at the same time.
//!
//! Source: `cluster-autoscaler/core/scaledown/budgets/budgets.go`.

use super::group::Group;
use super::scale_down::{Removable, Unneeded};
use super::settings::ClusterAutoscalerSettings;

/// Nodes of one group that begin to go together.
#[derive(Debug)]
pub(super) struct Bucket {
    /// The index of the group.
    pub(super) group: usize,
    pub(super) nodes: Vec<Unneeded>,
    /// The nodes are deleted together as soon as so many of the group could be.
    pub(super) batch: Option<usize>,
}

/// The nodes that begin to go: the empty ones, then those that must be emptied. `deleting` are the numbers of nodes that are going: empty
/// ones, and those that are being emptied.
pub(super) fn crop(
    removable: Removable,
    groups: &[Group],
    targets: &[u32],
    deleting: (usize, usize),
    settings: &ClusterAutoscalerSettings,
) -> (Vec<Bucket>, Vec<Bucket>) {
    let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let mut left = i64::from(settings.max_scale_down_parallelism) - signed(deleting.0 + deleting.1);
    let mut left_to_drain = i64::from(settings.max_drain_parallelism) - signed(deleting.1);
    let is_whole = |bucket: &Bucket| groups[bucket.group].spec.zero_or_max;
    let (empty_whole, empty_single): (Vec<_>, Vec<_>) = buckets(removable.empty).into_iter().partition(is_whole);
    let (mut drain_whole, drain_single): (Vec<_>, Vec<_>) = buckets(removable.drain).into_iter().partition(is_whole);
    let with_empty: Vec<usize> = empty_whole.iter().map(|bucket| bucket.group).collect();
    let (mut empty, mut drain) = (Vec::new(), Vec::new());
    // One group may exceed what is left, so that large ones do not wait for ever.
    let mut may_exceed = true;
    for mut bucket in empty_whole {
        let other = drain_whole.iter().position(|other| other.group == bucket.group);
        let drains = other.map_or(0, |other| drain_whole[other].nodes.len());
        let all = bucket.nodes.len() + drains;
        if (left < signed(all) || left_to_drain < signed(drains))
            && (left == 0 || (drains > 0 && left_to_drain == 0) || !may_exceed)
        {
            break;
        }
        let (target, there) = (targets[bucket.group] as usize, groups[bucket.group].nodes.len());
        let batch = if bucket.nodes.len() == there { there } else { target };
        if all != target && all != there {
            continue;
        }
        bucket.batch = Some(batch);
        empty.push(bucket);
        if let Some(other) = other {
            let mut other = drain_whole.remove(other);
            other.batch = Some(batch);
            drain.push(other);
        }
        left -= signed(all);
        left_to_drain -= signed(drains);
        may_exceed = false;
    }
    left_to_drain = left_to_drain.min(left);
    for mut bucket in drain_whole.into_iter().filter(|bucket| !with_empty.contains(&bucket.group)) {
        let count = bucket.nodes.len();
        if left_to_drain < signed(count) && (left_to_drain == 0 || !may_exceed) {
            break;
        }
        let (target, there) = (targets[bucket.group] as usize, groups[bucket.group].nodes.len());
        if count != target && count != there {
            continue;
        }
        bucket.batch = Some(if count == there { there } else { target });
        drain.push(bucket);
        left -= signed(count);
        left_to_drain -= signed(count);
        may_exceed = false;
    }
    left -= take_single(empty_single, left, &mut empty);
    take_single(drain_single, left_to_drain.min(left), &mut drain);
    (empty, drain)
}

/// Takes nodes up to what is left; how many they are.
fn take_single(buckets: Vec<Bucket>, left: i64, into: &mut Vec<Bucket>) -> i64 {
    let mut rest = left;
    for mut bucket in buckets {
        let Some(most) = usize::try_from(rest).ok().filter(|most| *most > 0) else { break };
        bucket.nodes.truncate(most);
        rest -= i64::try_from(bucket.nodes.len()).unwrap_or(rest);
        into.push(bucket);
    }
    left - rest
}

/// The nodes by group, the groups in the order in which they come first.
fn buckets(nodes: Vec<Unneeded>) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = Vec::new();
    for node in nodes {
        match buckets.iter_mut().find(|bucket| bucket.group == node.group) {
            Some(bucket) => bucket.nodes.push(node),
            None => buckets.push(Bucket { group: node.group, nodes: vec![node], batch: None }),
        }
    }
    buckets
}

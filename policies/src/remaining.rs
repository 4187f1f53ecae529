//! What a pod would leave of a node: the common measure of best fit and worst fit.

use towtank_sim::model::node::Node;
use towtank_sim::model::resources::{ResourceId, Resources};

/// The mean, over the node's resources, of the fraction that stays free with the pod on it, in millionths.
///
/// `mean over r of (allocatable_r - requested_r - pod_r) / allocatable_r`, over every resource that the node has any of, except
/// the count of pods. A GPU node therefore looks emptier to a pod without GPU than a node without, and best fit spares it.
pub(crate) fn remaining(node: &Node, requests: &Resources) -> i64 {
    const MILLION: i128 = 1_000_000;
    let (mut sum, mut count) = (0, 0);
    for (id, allocatable) in node.allocatable.iter().filter(|(id, _)| *id != ResourceId::PODS) {
        let free = i128::from(allocatable) - i128::from(node.requested.get(id)) - i128::from(requests.get(id));
        sum += free * MILLION / i128::from(allocatable);
        count += 1;
    }
    if count == 0 { 0 } else { (sum / count) as i64 }
}

/// Scales scores so that the best get 100 and the worst 0, all others between and below 100; all alike get 100.
pub(crate) fn scale(scores: &mut [i64], smaller_is_better: bool) {
    let (Some(&min), Some(&max)) = (scores.iter().min(), scores.iter().max()) else { return };
    for score in scores {
        let above_worst = if smaller_is_better { max.saturating_sub(*score) } else { score.saturating_sub(min) };
        *score = if min == max { 100 } else { above_worst.saturating_mul(100) / max.saturating_sub(min) };
    }
}

//! Scores by a line through points, as several plugins are configured with them.

use crate::config::ShapePoint;
use towtank_sim::scheduler::MAX_NODE_SCORE;

/// The height of a line through points of ascending utilization, flat outside them; a shape's score of 10 is 100 here.
///
/// Source: `plugins/helper/shape_score.go`.
pub(crate) fn broken_line(shape: &[ShapePoint], utilization: i64) -> i64 {
    let height = |point: &ShapePoint| point.score.get() * (MAX_NODE_SCORE / 10);
    match shape.iter().position(|point| utilization <= point.utilization.get()) {
        None => shape.last().map_or(0, height),
        Some(0) => height(&shape[0]),
        Some(i) => {
            let (left, right) = (&shape[i - 1], &shape[i]);
            let (from, to) = (left.utilization.get(), right.utilization.get());
            height(left) + (height(right) - height(left)) * (utilization - from) / (to - from)
        }
    }
}

/// `round(sum / weights)` for numbers that are not negative.
pub(crate) const fn round_half_up(sum: i64, weights: i64) -> i64 {
    (2 * sum + weights) / (2 * weights)
}

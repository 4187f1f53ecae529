//! The extension points as configurations and messages name them.

use super::schema::{PluginSet, Plugins};
use towtank_sim::scheduler::Points;

/// One extension point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// Its key under `plugins`.
    pub(super) key: &'static str,
    /// What upstream calls a plugin that has it.
    pub(super) plugin: &'static str,
    pub(super) bit: Points,
}

/// The extension points in the order in which upstream goes through them.
///
/// Source: `pkg/scheduler/framework/runtime/framework.go`, `getExtensionPoints`.
#[rustfmt::skip]
pub(super) const POINTS: &[Point] = &[
    Point { key: "preFilter", plugin: "PreFilterPlugin", bit: Points::PRE_FILTER },
    Point { key: "filter", plugin: "FilterPlugin", bit: Points::FILTER },
    Point { key: "postFilter", plugin: "PostFilterPlugin", bit: Points::POST_FILTER },
    Point { key: "reserve", plugin: "ReservePlugin", bit: Points::RESERVE },
    Point { key: "preScore", plugin: "PreScorePlugin", bit: Points::PRE_SCORE },
    Point { key: "score", plugin: "ScorePlugin", bit: Points::SCORE },
    Point { key: "preBind", plugin: "PreBindPlugin", bit: Points::PRE_BIND },
    Point { key: "bind", plugin: "BindPlugin", bit: Points::BIND },
    Point { key: "postBind", plugin: "PostBindPlugin", bit: Points::POST_BIND },
    Point { key: "permit", plugin: "PermitPlugin", bit: Points::PERMIT },
    Point { key: "preEnqueue", plugin: "PreEnqueuePlugin", bit: Points::PRE_ENQUEUE },
    Point { key: "queueSort", plugin: "QueueSortPlugin", bit: Points::QUEUE_SORT },
];

impl Plugins {
    /// The set of an extension point.
    pub(super) fn of(&self, point: Point) -> &PluginSet {
        match point.key {
            "preFilter" => &self.pre_filter,
            "filter" => &self.filter,
            "postFilter" => &self.post_filter,
            "reserve" => &self.reserve,
            "preScore" => &self.pre_score,
            "score" => &self.score,
            "preBind" => &self.pre_bind,
            "bind" => &self.bind,
            "postBind" => &self.post_bind,
            "permit" => &self.permit,
            "preEnqueue" => &self.pre_enqueue,
            _ => &self.queue_sort,
        }
    }
}

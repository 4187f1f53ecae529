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
    pub(super) point: Points,
}

/// The extension points in the order in which upstream goes through them.
///
/// Source: `pkg/scheduler/framework/runtime/framework.go`, `getExtensionPoints`.
#[rustfmt::skip]
pub(super) const POINTS: &[Point] = &[
    Point { key: "preFilter", plugin: "PreFilterPlugin", point: Points::PRE_FILTER },
    Point { key: "filter", plugin: "FilterPlugin", point: Points::FILTER },
    Point { key: "postFilter", plugin: "PostFilterPlugin", point: Points::POST_FILTER },
    Point { key: "reserve", plugin: "ReservePlugin", point: Points::RESERVE },
    Point { key: "preScore", plugin: "PreScorePlugin", point: Points::PRE_SCORE },
    Point { key: "score", plugin: "ScorePlugin", point: Points::SCORE },
    Point { key: "preBind", plugin: "PreBindPlugin", point: Points::PRE_BIND },
    Point { key: "bind", plugin: "BindPlugin", point: Points::BIND },
    Point { key: "postBind", plugin: "PostBindPlugin", point: Points::POST_BIND },
    Point { key: "permit", plugin: "PermitPlugin", point: Points::PERMIT },
    Point { key: "preEnqueue", plugin: "PreEnqueuePlugin", point: Points::PRE_ENQUEUE },
    Point { key: "queueSort", plugin: "QueueSortPlugin", point: Points::QUEUE_SORT },
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

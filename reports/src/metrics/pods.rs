//! What became of the pods.

use super::{Family, Metric, Unit};

const PODS: Unit = Unit::Count("pods");

/// What became of the pods.
pub(super) const FAMILY: Family = Family {
    title: "Pods",
    about: "A pod may count in several of them: bound, then evicted.",
    metrics: &[
        Metric::new("pods.submitted", PODS, "submitted pods", "that somebody asked for, those of controllers included")
            .spoken("has"),
        Metric::new("pods.rejected", PODS, "rejected pods", "refused at admission").spoken("has"),
        Metric::new("pods.bound", PODS, "bindings", "bindings").spoken("makes"),
        Metric::new("pods.succeeded", PODS, "pods that succeed", "ended well by themselves").spoken("has").compared(),
        Metric::new("pods.failed", PODS, "pods that fail", "ended badly by themselves").spoken("has"),
        Metric::new("pods.pending", PODS, "pods that still wait at the end", "without a node at the end")
            .spoken("has")
            .compared(),
        Metric::new(
            "pods.evicted",
            PODS,
            "evictions",
            "asked to go by a drain, by a taint, by the descheduler, or lost with their node",
        )
        .spoken("makes"),
        Metric::new(
            "pods.preempted",
            PODS,
            "preemptions",
            "asked to go by the scheduler, to make room for a pod of higher priority",
        )
        .spoken("makes"),
        Metric::new("rejections.STEP", PODS, "pods that STEP refuses", "refused, by admission step").spoken("has"),
        Metric::new(
            "quota_refusals.NAMESPACE",
            PODS,
            "pods that quotas of NAMESPACE refuse",
            "refused by a quota, by namespace",
        )
        .spoken("has"),
    ],
};

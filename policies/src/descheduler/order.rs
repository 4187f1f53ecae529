//! The order in which the pods of a node are evicted.

use towtank_sim::descheduler::PodView;
use towtank_sim::model::pod::QosClass;

/// Whether the first pod goes before the second: the one of lower priority, then of lower quality of service, then the one that does
/// not ask to stay.
///
/// Source: `pkg/descheduler/pod/pods.go`, `SortPodsBasedOnPriorityLowToHigh`.
pub(super) fn goes_first(a: &PodView<'_>, b: &PodView<'_>) -> bool {
    let (priority_a, priority_b) = (a.class.spec.priority, b.class.spec.priority);
    if priority_a != priority_b {
        return priority_a < priority_b;
    }
    if a.class.qos != b.class.qos {
        return rank(a.class.qos) < rank(b.class.qos);
    }
    !a.prefers_no_eviction() || b.prefers_no_eviction()
}

const fn rank(qos: QosClass) -> u8 {
    match qos {
        QosClass::BestEffort => 0,
        QosClass::Burstable => 1,
        QosClass::Guaranteed => 2,
    }
}

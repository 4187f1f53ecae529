//! What pods suffer.

use super::{Family, Metric, Unit};

/// What pods suffer.
pub(super) const FAMILY: Family = Family {
    title: "Disruption",
    about: "See `pods.evicted` and `pods.preempted` too.",
    metrics: &[Metric::new(
        "disruptions.KIND",
        Unit::Count("disruptions"),
        "disruptions of the kind KIND",
        "`machine-failures`, and requests to go by cause: `preempted`, `evicted`, `taint-evicted`, `node-lost`",
    )
    .spoken("has")],
};

//! The run itself.

use super::{Family, Metric, Unit};

/// What is said of the run itself.
pub(super) const FAMILY: Family = Family {
    title: "The run",
    about: "",
    metrics: &[
        Metric::new(
            "simulated_seconds",
            Unit::Seconds,
            "simulated time",
            "from the start to the last event, or to `until`",
        ),
        Metric::new("events", Unit::Count("events"), "events", "events of the engine").spoken("needs"),
        Metric::new(
            "decisions",
            Unit::Count("attempts"),
            "scheduling attempts",
            "scheduling attempts that ended in a verdict",
        )
        .spoken("makes"),
    ],
};

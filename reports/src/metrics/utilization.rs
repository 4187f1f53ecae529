//! How full the cluster was.

use super::{Family, Metric, Unit};

/// How full the cluster was, by resource.
pub(super) const FAMILY: Family = Family {
    title: "Utilization",
    about: "By resource: `cpu`, `memory`, `pods`, `nvidia.com/gpu`, …",
    metrics: &[
        Metric::new(
            "utilization.RESOURCE.mean_allocated",
            Unit::Fraction,
            "mean allocation of RESOURCE",
            "the share of what there was that pods with a node had requested",
        )
        .by("∫ allocated dt / ∫ capacity dt")
        .compared(),
        Metric::new(
            "utilization.RESOURCE.peak_allocated",
            Unit::Fraction,
            "largest allocation of RESOURCE",
            "the same at the fullest moment that lasted",
        )
        .by("max allocated / capacity"),
    ],
};

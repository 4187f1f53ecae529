//! What of the idle GPUs the expected pods cannot use.

use super::{Family, Metric, Unit};

const GPUS: Unit = Unit::Of("GPUs");

/// What of the idle GPUs the expected pods cannot use, at the end.
pub(super) const FAMILY: Family = Family {
    title: "Fragmentation of GPUs",
    about: "With `observe.fragmentation` only, at the end of the run, in devices; shares of a device count as such. What is of use is measured \
            against the target workload. Source: Weng et al., \"Beware of Fragmentation\", USENIX ATC 2023, section 3.",
    metrics: &[
        Metric::new("gpu_fragmentation.gpus", GPUS, "GPUs", "all of them"),
        Metric::new("gpu_fragmentation.idle", GPUS, "number of idle GPUs", "what of them no pod holds"),
        Metric::new(
            "gpu_fragmentation.fragmented",
            GPUS,
            "number of fragmented GPUs",
            "what of that the pods of the target workload cannot use, weighted with how popular they are",
        )
        .by("Σ over nodes and classes of popularity × idle devices that the class cannot use")
        .compared(),
        Metric::new(
            "gpu_fragmentation.by_cause.CAUSE",
            GPUS,
            "number of GPUs of the cause CAUSE",
            "the same by cause, and what could be used (`satisfied`)",
        ),
    ],
};

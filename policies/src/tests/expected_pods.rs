//! The pods that tests of fragmentation expect.

use std::sync::Arc;
use towtank_sim::model::target_workload::{PodShape, ShapeCounts, TargetWorkload};

/// Shares, whole devices, several of them, on some models only, and pods without GPUs.
pub(super) fn expected_pods() -> Arc<TargetWorkload> {
    let mut counts = ShapeCounts::default();
    for (cpu_milli, gpu_milli, gpus, models, pods) in [
        (1000, 250, 1, "", 40),
        (500, 500, 1, "T4", 30),
        (2000, 1000, 1, "T4|G2", 25),
        (4000, 1000, 2, "", 10),
        (1500, 0, 0, "", 20),
        (250, 700, 1, "G2", 7),
    ] {
        counts.add(PodShape { cpu_milli, gpu_milli, gpus, models: models.to_owned() }, pods);
    }
    Arc::new(TargetWorkload::typical(&counts, 100))
}

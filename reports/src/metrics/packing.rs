//! How well pods are packed: nodes in use, what is stranded, how large a pod still fits.

use super::{Family, Metric, Unit, share};
use crate::collect::ledger::Ledger;
use crate::collect::occupancy::Occupancy;
use crate::data::{Fraction, ResourceUtilization};
use serde::Serialize;
use std::collections::BTreeMap;

const CPU: Unit = Unit::Of("milli-CPU");

/// How well pods are packed.
pub(super) const FAMILY: Family = Family {
    title: "Packing and stranded capacity",
    about: "A resource of a node counts as full when less than 5 % of it is free. What is free of a node's other resources is then *stranded*: no pod \
            of ordinary shape gets there. The threshold is ours; the notion is that of Verma et al., \"Evaluating job packing in warehouse-scale \
            computing\", CLUSTER 2014, and of Li et al., \"Pond\", ASPLOS 2023. The largest pod is sampled, at up to 512 moments, since it depends on all \
            nodes at once: of the pods whose memory is to their CPU as that of all pods that have a node at the moment, it is the largest that fits on a \
            ready node that is not cordoned.",
    metrics: &[
        Metric::new(
            "packing.mean_nodes_in_use",
            Unit::Count("nodes"),
            "nodes",
            "nodes with at least one pod, in the mean over time",
        )
        .by("∫ nodes with pods dt / T")
        .spoken("uses")
        .compared(),
        Metric::new("packing.peak_nodes_in_use", Unit::Count("nodes"), "nodes at its peak", "the most that lasted")
            .spoken("uses"),
        Metric::new(
            "packing.largest_pod.mean_cpu",
            CPU,
            "largest pod that fits, in the mean",
            "CPU of the largest pod that fits, mean over the samples",
        )
        .by("max over nodes of min(free CPU, free memory × ΣCPU / Σmemory)"),
        Metric::new(
            "packing.largest_pod.smallest_cpu",
            CPU,
            "largest pod that always fits",
            "the smallest of the samples",
        ),
        Metric::new("packing.largest_pod.final_cpu", CPU, "largest pod that fits at the end", "the last sample"),
        Metric::new(
            "stranded.RESOURCE",
            Unit::Fraction,
            "stranded RESOURCE",
            "what is free on nodes that have another resource that is full",
        )
        .by("∫ stranded dt / ∫ capacity dt"),
    ],
};

/// Nodes in use and room that is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Packing {
    /// Mean number of nodes with pods.
    #[serde(serialize_with = "Fraction::write")]
    pub mean_nodes_in_use: f64,
    /// The largest that lasted.
    pub peak_nodes_in_use: u64,
    /// The largest pod that fits.
    pub largest_pod: LargestPod,
}

/// CPU of the largest pod that fits, in milli.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct LargestPod {
    /// Mean over the samples.
    #[serde(serialize_with = "Fraction::write")]
    pub mean_cpu: f64,
    /// The smallest sample.
    pub smallest_cpu: i64,
    /// The last sample.
    pub final_cpu: i64,
}

impl Packing {
    /// Of what was observed.
    pub fn of(occupancy: &Occupancy) -> Self {
        let samples = &occupancy.largest_cpu;
        let sum: i128 = samples.iter().copied().map(i128::from).sum();
        Self {
            mean_nodes_in_use: share(occupancy.in_use_nanoseconds, occupancy.nanoseconds),
            peak_nodes_in_use: occupancy.peak_in_use,
            largest_pod: LargestPod {
                mean_cpu: share(sum, samples.len() as i128),
                smallest_cpu: samples.iter().copied().min().unwrap_or(0),
                final_cpu: samples.last().copied().unwrap_or(0),
            },
        }
    }
}

/// The stranded share of each resource that nodes have.
pub fn stranded(
    occupancy: &Occupancy,
    ledger: &Ledger,
    utilization: &BTreeMap<String, ResourceUtilization>,
) -> BTreeMap<String, f64> {
    let capacities = ledger.resources.iter().zip(&ledger.cluster.capacity);
    let there =
        capacities.filter(|(name, capacity)| **capacity > 0 && *name != "pods" && utilization.contains_key(*name));
    there
        .map(|(name, capacity)| (name.clone(), share(occupancy.stranded.get(name).copied().unwrap_or(0), *capacity)))
        .collect()
}

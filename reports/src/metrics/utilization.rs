//! How full the cluster was.

use super::{Family, Metric, Unit, share};
use crate::collect::ledger::{Ledger, Sums};
use crate::data::{Fraction, ResourceUtilization};
use serde::Serialize;
use std::collections::BTreeMap;

/// How full the cluster was, by resource, zone and namespace.
pub(super) const FAMILY: Family = Family {
    title: "Utilization",
    about: "By resource: `cpu`, `memory`, `pods`, `nvidia.com/gpu`, … *Allocated* is what pods with a node request, *requested* what all pods \
            request, those that wait included, *used* what working pods use of it, as far as a trace says; without a word of it, what they request. \
            Zones and namespaces stand in the summary where there are at most 20 of them, and all in `zones.csv` and `namespaces.csv`; nodes in \
            `nodes.csv`. A namespace's shares are of the whole cluster.",
    metrics: &[
        Metric::new(
            "utilization.RESOURCE.mean_allocated",
            Unit::Fraction,
            "mean allocation of RESOURCE",
            "the share of what there was that pods with a node requested",
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
        Metric::new(
            "utilization.RESOURCE.mean_requested",
            Unit::Fraction,
            "mean request for RESOURCE",
            "what all pods requested, those that wait included; more than 1 where more is asked for than there is",
        )
        .by("∫ requested dt / ∫ capacity dt"),
        Metric::new(
            "utilization.RESOURCE.mean_used",
            Unit::Fraction,
            "mean use of RESOURCE",
            "what working pods used; CPU and memory only",
        )
        .by("∫ used dt / ∫ capacity dt"),
        Metric::new(
            "zones.ZONE.RESOURCE.mean_allocated",
            Unit::Fraction,
            "mean allocation of RESOURCE in zone ZONE",
            "the same of one zone's nodes",
        )
        .by("∫ allocated dt / ∫ capacity dt"),
        Metric::new(
            "zones.ZONE.RESOURCE.mean_used",
            Unit::Fraction,
            "mean use of RESOURCE in zone ZONE",
            "the same of one zone's nodes",
        )
        .by("∫ used dt / ∫ capacity dt"),
        Metric::new(
            "namespaces.NAMESPACE.RESOURCE.mean_allocated",
            Unit::Fraction,
            "share of RESOURCE that NAMESPACE has",
            "what the namespace's pods had of the cluster",
        )
        .by("∫ allocated dt / ∫ capacity dt"),
        Metric::new(
            "namespaces.NAMESPACE.RESOURCE.mean_requested",
            Unit::Fraction,
            "share of RESOURCE that NAMESPACE requests",
            "what they requested, waiting ones included",
        )
        .by("∫ requested dt / ∫ capacity dt"),
        Metric::new(
            "namespaces.NAMESPACE.RESOURCE.mean_used",
            Unit::Fraction,
            "share of RESOURCE that NAMESPACE uses",
            "what they used; CPU and memory only",
        )
        .by("∫ used dt / ∫ capacity dt"),
    ],
};

/// So many zones or namespaces stand in a summary at most.
pub const MOST_PARTS: usize = 20;

/// What a part of the cluster's work had of a resource, as fractions; what is not known is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Use {
    /// Allocated over capacity.
    #[serde(serialize_with = "Fraction::write")]
    pub mean_allocated: f64,
    /// Requested over capacity.
    #[serde(serialize_with = "Fraction::write_optional", skip_serializing_if = "Option::is_none")]
    pub mean_requested: Option<f64>,
    /// Used over capacity.
    #[serde(serialize_with = "Fraction::write_optional", skip_serializing_if = "Option::is_none")]
    pub mean_used: Option<f64>,
}

/// By zone or namespace, then by resource.
pub type Uses = BTreeMap<String, BTreeMap<String, Use>>;

/// Adds to what is known of each resource what all pods requested and used.
pub fn complete(utilization: &mut BTreeMap<String, ResourceUtilization>, ledger: &Ledger) {
    for (name, of) in uses(&ledger.cluster, &ledger.resources) {
        if let Some(known) = utilization.get_mut(&name) {
            (known.mean_requested, known.mean_used) = (of.mean_requested, of.mean_used);
        }
    }
}

/// The zones that have a name.
pub fn by_zone(ledger: &Ledger) -> Uses {
    parts(ledger.zones.iter().filter(|(name, _)| !name.is_empty()), ledger)
}

/// The namespaces that had pods.
pub fn by_namespace(ledger: &Ledger) -> Uses {
    parts(ledger.namespaces.iter(), ledger)
}

/// These, or none of them where they are too many for a summary.
pub fn few(parts: Uses) -> Uses {
    if parts.len() > MOST_PARTS { Uses::new() } else { parts }
}

fn parts<'l>(parts: impl Iterator<Item = (&'l String, &'l Sums)>, ledger: &Ledger) -> Uses {
    parts.map(|(name, sums)| (name.clone(), uses(sums, &ledger.resources))).collect()
}

/// Of each resource that there is or was asked for.
fn uses(sums: &Sums, resources: &[String]) -> BTreeMap<String, Use> {
    let mut all = BTreeMap::new();
    for (i, name) in resources.iter().enumerate() {
        let capacity = sums.capacity.get(i).copied().unwrap_or(0);
        let (allocated, requested) = (sums.allocated.get(i).copied().unwrap_or(0), sums.requested.get(i).copied());
        if capacity == 0 && allocated == 0 && requested.unwrap_or(0) == 0 {
            continue;
        }
        let of = Use {
            mean_allocated: share(allocated, capacity),
            mean_requested: requested.map(|requested| share(requested, capacity)),
            mean_used: sums.used.get(i).map(|used| share(*used, capacity)),
        };
        all.insert(name.clone(), of);
    }
    all
}

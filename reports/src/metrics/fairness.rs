//! Whether namespaces get like shares.

use super::{Family, Metric, Unit, share};
use crate::collect::ledger::Ledger;
use crate::data::Fraction;
use serde::Serialize;
use std::collections::BTreeMap;

/// Whether namespaces get like shares.
pub(super) const FAMILY: Family = Family {
    title: "Fairness",
    about: "Absent with fewer than two namespaces. A namespace's dominant share is the largest of its shares of CPU, memory and other resources (the \
            count of pods is none of them): Ghodsi et al., \"Dominant Resource Fairness\", NSDI 2011. Jain's index is 1 where all have the same, and 1/n \
            where one has everything: Jain, Chiu and Hawe, DEC-TR-301, 1984. It asks for equal shares, whatever namespaces asked for; `granted` \
            is of what each got of what it asked for.",
    metrics: &[
        Metric::new(
            "fairness.jain_dominant_share",
            Unit::Fraction,
            "Jain index of dominant shares",
            "over the namespaces that had pods",
        )
        .by("(Σ x)² / (n Σ x²), x the dominant shares")
        .compared(),
        Metric::new(
            "fairness.jain_granted",
            Unit::Fraction,
            "Jain index of what is granted",
            "the same of the share that was allocated of what was requested, of the dominant resource",
        )
        .by("(Σ x)² / (n Σ x²), x = ∫ allocated dt / ∫ requested dt"),
        Metric::new(
            "fairness.dominant_share.NAMESPACE",
            Unit::Fraction,
            "dominant share of NAMESPACE",
            "by namespace, where there are at most 20 of them",
        )
        .by("max over resources of ∫ allocated dt / ∫ capacity dt"),
    ],
};

/// How alike shares were.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Fairness {
    /// Of dominant shares.
    #[serde(serialize_with = "Fraction::write")]
    pub jain_dominant_share: f64,
    /// Of what was granted of what was asked for.
    #[serde(serialize_with = "Fraction::write")]
    pub jain_granted: f64,
    /// By namespace; empty where there are many.
    #[serde(serialize_with = "Fraction::write_map")]
    pub dominant_share: BTreeMap<String, f64>,
}

impl Fairness {
    /// Of what was observed; `None` with fewer than two namespaces.
    pub fn of(ledger: &Ledger) -> Option<Self> {
        if ledger.namespaces.len() < 2 {
            return None;
        }
        let mut shares = BTreeMap::new();
        let mut granted = Vec::new();
        for (name, sums) in &ledger.namespaces {
            let of =
                |i: usize| (share(sums.allocated[i], sums.capacity[i]), share(sums.requested[i], sums.capacity[i]));
            let columns = || (0..ledger.resources.len()).filter(|i| ledger.resources[*i] != "pods");
            let dominant = columns().map(|i| of(i).0).fold(0.0, f64::max);
            shares.insert(name.clone(), dominant);
            // Of a namespace that got nothing the dominant resource is the one that it asked most of.
            let wanted = columns().max_by(|a, b| of(*a).1.total_cmp(&of(*b).1));
            granted.extend(wanted.map(|i| share(sums.allocated[i], sums.requested[i])));
        }
        let all: Vec<f64> = shares.values().copied().collect();
        let many = shares.len() > super::utilization::MOST_PARTS;
        Some(Self {
            jain_dominant_share: jain(&all),
            jain_granted: jain(&granted),
            dominant_share: if many { BTreeMap::new() } else { shares },
        })
    }
}

/// Jain's index of fairness; 1 where nobody has anything.
pub fn jain(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    if squares > 0.0 { sum * sum / (shares.len() as f64 * squares) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::jain;

    #[test]
    fn one_of_four_has_everything_or_all_have_the_same() {
        assert!((jain(&[0.0, 0.0, 0.8, 0.0]) - 0.25).abs() < 1e-12);
        assert!((jain(&[0.1, 0.1, 0.1]) - 1.0).abs() < 1e-12);
        // Half of the users share alike, the other half has nothing.
        assert!((jain(&[0.2, 0.2, 0.0, 0.0]) - 0.5).abs() < 1e-12);
        assert!((jain(&[]) - 1.0).abs() < 1e-12);
    }
}

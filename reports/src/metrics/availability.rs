//! Whether services have the replicas that they should.

use super::{Family, Metric, Unit, share};
use crate::collect::services::{ServiceTime, Services};
use crate::data::Fraction;
use serde::Serialize;
use std::collections::BTreeMap;

/// Whether services have the replicas that they should.
pub(super) const FAMILY: Family = Family {
    title: "Availability",
    about: "Of Deployments, and of ReplicaSets, StatefulSets and ReplicationControllers by themselves; absent without any. From the creation of each \
            on: starting counts. Desired is `spec.replicas` at the moment, whoever set it.",
    metrics: &[
        Metric::new("availability.services", Unit::Count("services"), "services", "how many there were").spoken("has"),
        Metric::new(
            "availability.ready",
            Unit::Fraction,
            "share of replicas that are ready",
            "the share of the desired replicas that was ready, over all services",
        )
        .by("Σ ∫ min(ready, desired) dt / Σ ∫ desired dt")
        .compared(),
        Metric::new(
            "availability.full",
            Unit::Fraction,
            "share of time with all replicas",
            "the share of time in which all desired replicas were ready",
        )
        .by("Σ ∫ [ready ≥ desired] dt / Σ ∫ dt"),
        Metric::new(
            "availability.by_service.SERVICE",
            Unit::Fraction,
            "share of the replicas of SERVICE that are ready",
            "by service (`NAMESPACE/NAME`), where there are at most 20 of them",
        )
        .by("∫ min(ready, desired) dt / ∫ desired dt"),
    ],
};

/// How available services were.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Availability {
    /// How many there were.
    pub services: u64,
    /// Ready replicas over desired ones.
    #[serde(serialize_with = "Fraction::write")]
    pub ready: f64,
    /// The share of time with all of them.
    #[serde(serialize_with = "Fraction::write")]
    pub full: f64,
    /// The first, by namespace and name; empty where there are many.
    #[serde(serialize_with = "Fraction::write_map")]
    pub by_service: BTreeMap<String, f64>,
}

impl Availability {
    /// Of what was observed; `None` without services.
    pub fn of(all: &Services) -> Option<Self> {
        let services = &all.services;
        if services.is_empty() {
            return None;
        }
        let sum = |of: fn(&ServiceTime) -> i128| services.iter().map(|(_, time)| of(time)).sum::<i128>();
        let mut by_name: BTreeMap<&str, (i128, i128)> = BTreeMap::new();
        for (name, time) in services {
            let (ready, desired) = by_name.entry(name).or_default();
            *ready += time.ready;
            *desired += time.desired;
        }
        let few = by_name.len() <= super::utilization::MOST_PARTS;
        let each = by_name
            .into_iter()
            .filter(|_| few)
            .map(|(name, (ready, desired))| (name.to_owned(), share(ready, desired)));
        Some(Self {
            services: services.len() as u64,
            ready: share(sum(|time| time.ready), sum(|time| time.desired)),
            full: share(sum(|time| time.full), sum(|time| time.nanoseconds)),
            by_service: each.collect(),
        })
    }
}

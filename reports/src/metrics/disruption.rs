//! What pods suffer, and whether disruption budgets are kept.

use super::{Family, Metric, Unit, seconds};
use crate::collect::services::Services;
use crate::data::Fraction;
use serde::Serialize;
use std::collections::BTreeMap;

/// What pods suffer.
pub(super) const FAMILY: Family = Family {
    title: "Disruption",
    about: "See `pods.evicted` and `pods.preempted` too. `budgets` is there with PodDisruptionBudgets only. A budget counts from the moment on at which \
            it was met first: until then its pods are only being started. What lasts no time is no breach.",
    metrics: &[
        Metric::new(
            "disruptions.KIND",
            Unit::Count("disruptions"),
            "disruptions of the kind KIND",
            "`machine-failures`, and requests to go by cause: `preempted`, `evicted`, `taint-evicted`, `node-lost`",
        )
        .spoken("has"),
        Metric::new(
            "budgets.count",
            Unit::Count("budgets"),
            "disruption budgets",
            "PodDisruptionBudgets that there were",
        )
        .spoken("has"),
        Metric::new(
            "budgets.below_minimum_seconds",
            Unit::Seconds,
            "time below a budget's minimum",
            "time with fewer healthy pods than a budget asks for",
        )
        .by("Σ over budgets ∫ [healthy < desired] dt")
        .compared(),
        Metric::new("budgets.breaches", Unit::Count("breaches"), "breaches of budgets", "how often that began")
            .spoken("has"),
        Metric::new(
            "budgets.below_minimum.BUDGET",
            Unit::Seconds,
            "time below the minimum of BUDGET",
            "by budget (`NAMESPACE/NAME`), where there are at most 20 of them",
        ),
    ],
};

/// How disruption budgets were kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Budgets {
    /// How many there were.
    pub count: u64,
    /// For how long one was not, summed over them.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub below_minimum_seconds: f64,
    /// How often that began.
    pub breaches: u64,
    /// By namespace and name; empty where there are many.
    #[serde(serialize_with = "Fraction::write_map")]
    pub below_minimum: BTreeMap<String, f64>,
}

impl Budgets {
    /// Of what was observed; `None` without budgets.
    pub fn of(services: &Services) -> Option<Self> {
        let budgets = &services.budgets;
        if budgets.is_empty() {
            return None;
        }
        let mut below_minimum = BTreeMap::new();
        if budgets.len() <= super::utilization::MOST_PARTS {
            for (name, time) in budgets {
                *below_minimum.entry(name.clone()).or_default() += seconds(time.below);
            }
        }
        Some(Self {
            count: budgets.len() as u64,
            below_minimum_seconds: seconds(budgets.iter().map(|(_, time)| time.below).sum()),
            breaches: budgets.iter().map(|(_, time)| time.times).sum(),
            below_minimum,
        })
    }
}

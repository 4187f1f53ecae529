//! What nodes cost, and whether there were too many or too few.

use super::{Family, Metric, Unit, hours, seconds};
use crate::collect::ledger::MachineLife;
use crate::collect::occupancy::Occupancy;
use crate::data::Fraction;
use serde::Serialize;
use std::collections::BTreeMap;

const NODES: Unit = Unit::Count("nodes");

/// What nodes cost, and whether there were too many or too few.
pub(super) const FAMILY: Family = Family {
    title: "Autoscaling and cost",
    about: "`autoscaler` is absent without a cluster autoscaler. Over- and under-provisioned time are the time shares of Herbst, Kounev and Reussner, \
            \"Elasticity in Cloud Computing\", ICAC 2013, with this measure of demand: a node without pods is one too many, a pod without a node \
            asks for more. A pod that no node could ever take counts as well. The cost is there if a price is: `observe.prices` by instance type or \
            node group, else the group's `price`; in the price's currency.",
    metrics: &[
        Metric::new("autoscaler.scale_ups", Unit::Count("decisions"), "decisions to grow", "decisions to grow a group")
            .spoken("makes"),
        Metric::new("autoscaler.nodes_added", NODES, "nodes", "nodes added by them").spoken("adds"),
        Metric::new(
            "autoscaler.scale_downs",
            Unit::Count("decisions"),
            "decisions to shrink",
            "decisions to shrink a group",
        )
        .spoken("makes"),
        Metric::new("autoscaler.nodes_removed", NODES, "nodes", "nodes removed by them").spoken("removes"),
        Metric::new("provisioning.node_hours", Unit::Of("node-hours"), "node-hours", "time of all nodes together")
            .by("∫ nodes dt")
            .spoken("takes"),
        Metric::new(
            "provisioning.empty_node_hours",
            Unit::Of("node-hours"),
            "node-hours without a pod",
            "of them without a pod",
        )
        .by("∫ nodes without pods dt")
        .spoken("takes"),
        Metric::new(
            "provisioning.over_seconds",
            Unit::Seconds,
            "over-provisioned time",
            "time in which at least one node had no pod",
        )
        .by("∫ [nodes without pods > 0] dt"),
        Metric::new(
            "provisioning.under_seconds",
            Unit::Seconds,
            "under-provisioned time",
            "time in which at least one pod had no node",
        )
        .by("∫ [pods without a node > 0] dt"),
        Metric::new("provisioning.cost", Unit::Of(""), "cost of nodes", "what the nodes cost that have a price")
            .by("Σ over nodes of hours × price")
            .compared(),
    ],
};

/// What there was of nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Provisioning {
    /// Node hours.
    #[serde(serialize_with = "Fraction::write")]
    pub node_hours: f64,
    /// Of nodes without pods.
    #[serde(serialize_with = "Fraction::write")]
    pub empty_node_hours: f64,
    /// Time with a node too many.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub over_seconds: f64,
    /// Time with a pod too many.
    #[serde(serialize_with = "Fraction::write_seconds")]
    pub under_seconds: f64,
    /// What it cost, where anything has a price.
    #[serde(serialize_with = "Fraction::write_optional", skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

impl Provisioning {
    /// Of what was observed, at these prices of a node per hour, by node group or instance type.
    pub fn of(occupancy: &Occupancy, machines: &[MachineLife], prices: &BTreeMap<String, f64>) -> Self {
        let priced = machines.iter().filter_map(|machine| Some(machine.find(prices)? * hours(machine.nanoseconds)));
        let cost = priced.sum();
        Self {
            node_hours: hours(occupancy.node_nanoseconds),
            empty_node_hours: hours(occupancy.node_nanoseconds - occupancy.in_use_nanoseconds),
            over_seconds: seconds(occupancy.over),
            under_seconds: seconds(occupancy.under),
            cost: (!prices.is_empty()).then_some(cost),
        }
    }
}

//! What nodes draw from the wall.

use super::{Family, Metric, Unit, hours};
use crate::collect::ledger::MachineLife;
use crate::data::Fraction;
use serde::Serialize;
use std::collections::BTreeMap;

/// What nodes draw from the wall.
pub(super) const FAMILY: Family = Family {
    title: "Energy",
    about: "With `observe.power` only. A node draws its idle power as long as it exists, and beyond that in proportion to the CPU that its pods use: \
            P = idle + (busy − idle) × used CPU / allocatable CPU. Source: Fan, Weber and Barroso, \"Power Provisioning for a Warehouse-sized \
            Computer\", ISCA 2007, section 3.2, the linear model. Cooling, GPUs, disks and networks are not in it.",
    metrics: &[
        Metric::new("energy.kilowatt_hours", Unit::Of("kWh"), "energy", "all nodes together")
            .by("Σ over nodes of ∫ P dt")
            .spoken("takes")
            .compared(),
        Metric::new("energy.idle_kilowatt_hours", Unit::Of("kWh"), "energy for idling", "of it the idle power")
            .by("Σ over nodes of idle × hours")
            .spoken("takes"),
        Metric::new("energy.mean_watts", Unit::Of("W"), "mean power", "mean power").by("energy / T"),
    ],
};

/// What one node draws, in watts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Power {
    /// When its pods use nothing.
    pub idle: f64,
    /// When they use all CPU that it can allocate.
    pub busy: f64,
}

/// What nodes draw: by instance type or node group, and what all others do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PowerModel {
    /// By instance type or node group.
    pub by_kind: BTreeMap<String, Power>,
    /// All others; nothing if it is not said.
    pub default: Option<Power>,
}

/// What the nodes of a run drew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Energy {
    /// All of it.
    #[serde(serialize_with = "Fraction::write")]
    pub kilowatt_hours: f64,
    /// Of it the idle power.
    #[serde(serialize_with = "Fraction::write")]
    pub idle_kilowatt_hours: f64,
    /// Mean power.
    #[serde(serialize_with = "Fraction::write")]
    pub mean_watts: f64,
}

impl Energy {
    /// Of what was observed in so many nanoseconds.
    pub fn of(machines: &[MachineLife], model: &PowerModel, nanoseconds: i128) -> Self {
        let (mut idle, mut busy) = (0.0, 0.0);
        for machine in machines {
            let Some(power) = machine.find(&model.by_kind).or(model.default.as_ref()) else { continue };
            idle += power.idle * hours(machine.nanoseconds);
            let load = super::share(machine.cpu_used, machine.cpu_capacity);
            busy += (power.busy - power.idle) * load * hours(machine.nanoseconds);
        }
        let mean_watts = if nanoseconds > 0 { (idle + busy) / hours(nanoseconds) } else { 0.0 };
        Self { kilowatt_hours: (idle + busy) / 1e3, idle_kilowatt_hours: idle / 1e3, mean_watts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_cpu_is_half_way_between_idle_and_busy() {
        const HOUR: i128 = 3_600_000_000_000;
        let machine = |kind: &str| MachineLife {
            group: None,
            instance: kind.into(),
            nanoseconds: 2 * HOUR,
            cpu_capacity: 4_000 * 2 * HOUR,
            cpu_used: 2_000 * 2 * HOUR,
        };
        let model = PowerModel {
            by_kind: [("large".to_owned(), Power { idle: 100.0, busy: 300.0 })].into(),
            default: Some(Power { idle: 10.0, busy: 30.0 }),
        };
        let energy = Energy::of(&[machine("large"), machine("small")], &model, 2 * HOUR);
        assert!((energy.kilowatt_hours - 0.44).abs() < 1e-12, "{energy:?}");
        assert!((energy.idle_kilowatt_hours - 0.22).abs() < 1e-12);
        assert!((energy.mean_watts - 220.0).abs() < 1e-9);
        assert_eq!(Energy::of(&[machine("large")], &PowerModel::default(), HOUR), Energy::default());
    }
}

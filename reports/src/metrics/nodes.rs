//! How many nodes there are.

use super::{Family, Metric, Unit};

const NODES: Unit = Unit::Count("nodes");

/// How many nodes there are.
pub(super) const FAMILY: Family = Family {
    title: "Nodes",
    about: "",
    metrics: &[
        Metric::new("nodes.initial", NODES, "nodes at the start", "when time first passes").spoken("has"),
        Metric::new("nodes.peak", NODES, "nodes at its peak", "at most").spoken("needs").compared(),
        Metric::new("nodes.final", NODES, "nodes at the end", "at the end").spoken("has"),
    ],
};

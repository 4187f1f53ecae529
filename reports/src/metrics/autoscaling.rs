//! What the cluster autoscaler does.

use super::{Family, Metric, Unit};

const NODES: Unit = Unit::Count("nodes");

/// What the cluster autoscaler does.
pub(super) const FAMILY: Family = Family {
    title: "Autoscaling",
    about: "Absent without a cluster autoscaler.",
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
    ],
};

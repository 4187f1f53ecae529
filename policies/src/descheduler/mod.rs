//! The descheduler's strategies, and the `DeschedulerPolicy` files (`descheduler/v1alpha2`) that configure them.
//!
//! Adding a strategy is one file here and one line in [`STRATEGIES`].
//!
//! Source: `kubernetes-sigs/descheduler`, `pkg/framework/plugins`, at commit 7d2b28bf2b6a (June 2026). Upstream goes through nodes, pods,
//! domains and owners in the order of hash maps in several places; here it is the order of names.

mod default_evictor;
mod go_sort;
mod high_node_utilization;
mod low_node_utilization;
mod node_utilization;
mod order;
mod pod_life_time;
mod policy;
mod remove_duplicates;
mod remove_failed_pods;
mod remove_pods_having_too_many_restarts;
mod remove_pods_violating_inter_pod_anti_affinity;
mod remove_pods_violating_node_affinity;
mod remove_pods_violating_node_taints;
mod remove_pods_violating_topology_spread_constraint;
mod selection;

pub use policy::ParsedPolicy;

use crate::config::Document;
use crate::config::{ConfigError, Invalid, Step};
use serde::de::DeserializeOwned;
use towtank_sim::descheduler::Strategy;

/// A strategy that policies can name.
#[derive(Clone, Copy, Debug)]
pub struct StrategyEntry {
    /// The name.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Where it may be enabled.
    pub point: Point,
    read: fn(&Args<'_>) -> Result<Box<dyn Strategy>, ConfigError>,
}

/// An extension point of the descheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Removes pods that should not be where they are.
    Deschedule,
    /// Evens the load out.
    Balance,
}

impl Point {
    /// The key in a profile's `plugins`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Deschedule => "deschedule",
            Self::Balance => "balance",
        }
    }
}

/// The strategies.
#[rustfmt::skip]
pub const STRATEGIES: &[StrategyEntry] = &[
    entry("HighNodeUtilization", "empties nodes that have little, for a scheduler that packs", Point::Balance, |args| Ok(Box::new(args.read::<high_node_utilization::HighNodeUtilization>()?))),
    entry("LowNodeUtilization", "moves pods from nodes that have much to nodes that have little", Point::Balance, |args| Ok(Box::new(args.read::<low_node_utilization::LowNodeUtilization>()?))),
    entry("PodLifeTime", "evicts pods that are old, or in some state", Point::Deschedule, |args| Ok(Box::new(args.read::<pod_life_time::PodLifeTime>()?))),
    entry("RemoveDuplicates", "spreads pods of one owner over nodes", Point::Balance, |args| Ok(Box::new(args.read::<remove_duplicates::RemoveDuplicates>()?))),
    entry("RemoveFailedPods", "removes pods that have failed", Point::Deschedule, |args| Ok(Box::new(args.read::<remove_failed_pods::RemoveFailedPods>()?))),
    entry("RemovePodsHavingTooManyRestarts", "evicts pods whose containers were started again too often", Point::Deschedule, |args| Ok(Box::new(args.read::<remove_pods_having_too_many_restarts::RemovePodsHavingTooManyRestarts>()?))),
    entry("RemovePodsViolatingInterPodAntiAffinity", "evicts pods that are beside pods they must not be near", Point::Deschedule, |args| Ok(Box::new(args.read::<remove_pods_violating_inter_pod_anti_affinity::RemovePodsViolatingInterPodAntiAffinity>()?))),
    entry("RemovePodsViolatingNodeAffinity", "evicts pods whose node affinity another node satisfies better", Point::Deschedule, |args| Ok(Box::new(args.read::<remove_pods_violating_node_affinity::RemovePodsViolatingNodeAffinity>()?))),
    entry("RemovePodsViolatingNodeTaints", "evicts pods that do not tolerate a taint of their node", Point::Deschedule, |args| Ok(Box::new(args.read::<remove_pods_violating_node_taints::RemovePodsViolatingNodeTaints>()?))),
    entry("RemovePodsViolatingTopologySpreadConstraint", "evicts pods from topology domains that have too many", Point::Balance, |args| Ok(Box::new(args.read::<remove_pods_violating_topology_spread_constraint::RemovePodsViolatingTopologySpreadConstraint>()?))),
];

const fn entry(
    name: &'static str,
    about: &'static str,
    point: Point,
    read: fn(&Args<'_>) -> Result<Box<dyn Strategy>, ConfigError>,
) -> StrategyEntry {
    StrategyEntry { name, about, point, read }
}

/// The arguments of one plugin, as they are written.
pub(crate) trait Arguments: DeserializeOwned + Default {
    /// What upstream's validation would refuse first. The path begins at the arguments.
    fn validate(&self) -> Result<(), Invalid>;
}

/// Where the arguments of one plugin are.
struct Args<'t> {
    document: Document<'t>,
    path: Vec<Step>,
}

impl Args<'_> {
    fn read<T: Arguments>(&self) -> Result<T, ConfigError> {
        let args = self.document.read_at::<T>(&self.path)?.unwrap_or_default();
        let refused =
            |invalid: Invalid| self.document.error_at(&[&self.path[..], &invalid.path].concat(), &invalid.message);
        args.validate().map_err(refused)?;
        Ok(args)
    }
}

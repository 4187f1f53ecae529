//! What disturbs pods from outside the scheduler: budgets and the eviction API, drains, failures of machines, and eviction
//! from tainted nodes.

mod budgets;
mod drain;
mod eviction;
mod eviction_trial;
mod failure;
mod int_or_percent;
mod node_selection;
mod pod_disruption_budget;
mod taint_eviction;
#[cfg(test)]
mod tests;

pub use budgets::Budgets;
pub use drain::{AfterDrain, Drain, Drains};
pub use eviction::evict;
pub use eviction_trial::EvictionTrial;
pub use failure::{ListedFailure, MachineFailures, RandomFailures};
pub use int_or_percent::IntOrPercent;
pub use node_selection::NodeSelection;
pub use pod_disruption_budget::{
    BudgetAllowances, BudgetStatus, GivenBudgetStatus, PodDisruptionBudget, Reckoning, UnhealthyPodEvictionPolicy,
    scaled_by,
};
pub use taint_eviction::TaintEviction;

//! What disturbs pods from outside the scheduler: budgets and the eviction API, drains, failures of machines.

mod int_or_percent;
mod pod_disruption_budget;

pub use int_or_percent::IntOrPercent;
pub use pod_disruption_budget::{PodDisruptionBudget, UnhealthyPodEvictionPolicy};

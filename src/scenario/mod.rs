//! Scenarios: the file that says what is simulated, and the simulation made of it.

mod autoscaling;
mod build;
mod descheduler;
mod disruptions;
mod inputs;
mod model;
mod order;
mod read;
mod recorded;
mod schema;
mod target;
mod trace;
pub(crate) mod yaml;

pub use build::{Prepared, SchedulerChoice};
pub use read::{API_VERSION, Overrides, Scenario};
pub(crate) use read::{check_header, is_name};
pub use recorded::RecordedWarnings;
pub use schema::{ObserveSpec, PowerSpec, ScenarioSpec, TieBreakSpec};
pub(crate) use trace::ReplaySpec;

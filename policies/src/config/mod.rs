//! Reading a `KubeSchedulerConfiguration` (kubescheduler.config.k8s.io/v1).
//!
//! [`ParsedConfig::read`] judges the whole text, plugin arguments included; [`crate::build`] then makes as many schedulers of
//! it as there are runs, and cannot fail.

mod args;
mod bounded;
mod error;
mod go_duration;
mod merge;
mod names;
mod parsed;
mod schema;
mod yaml;

pub use args::{BalancedArgs, FitArgs, ScoringStrategy, ShapePoint, Strategy, WeightedResource};
pub(crate) use args::{DefaultPreemptionArgs, DynamicResourcesArgs, NoArgs, NodeAffinityArgs};
pub use bounded::Bounded;
pub use error::ConfigError;
pub use parsed::ParsedConfig;
pub(crate) use parsed::ParsedProfile;
pub use yaml::ArgsSource;
#[cfg(test)]
pub(crate) use yaml::Document;

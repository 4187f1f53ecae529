//! What may be swapped: filter and score plugins, and whole scheduler profiles.
//!
//! This crate never changes a cluster, never keeps time, never starts a thread, and reads no file: configurations come to
//! it as text. It knows `towtank_sim` and none of the sibling crates. Adding a plugin is one file in [`kube`],
//! [`legacy`] or [`research`] and one line in [`registry`]; what the descheduler does is in [`descheduler`].

mod allocation_score;
pub mod by_node;
pub mod cel;
mod claims;
pub mod config;
pub mod descheduler;
mod factory;
mod free_gpu;
pub mod kube;
mod lasting;
pub mod legacy;
pub mod named;
pub mod profile;
pub mod registry;
mod remaining;
pub mod research;
mod resource_allocation;
mod resource_ref;
mod suggest;
mod topology;

pub use config::{ConfigError, ParsedConfig};
pub use factory::{BuildContext, Factory, PluginContext, Prepare};
pub use named::{NamedPolicy, UnknownPolicy, profile_by_name};
pub use profile::{SchedulerConfig, build};
pub use registry::{PluginEntry, Registry};

#[cfg(test)]
mod tests;

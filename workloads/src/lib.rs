//! What asks for pods: manifests, workload controllers, synthetic generators.
//!
//! This crate never schedules a pod, never draws from an unnamed random stream, never reads the wall clock, and reads
//! files only when [`manifest::load`] is called. It knows `towtank_sim` and none of the other crates.

pub mod controllers;
pub mod generate;
pub mod grouping;
pub mod manifest;
pub mod schema;
mod template;
mod yaml;

pub use template::{PodTemplate, RunTime};

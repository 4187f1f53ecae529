//! towtank: a deterministic discrete-event simulator of Kubernetes clusters.
//!
//! This package wires the five crates together: a scenario file becomes a simulation, a simulation becomes a report. It never
//! decides anything about a cluster itself, and it is the only place that reads the wall clock, starts threads or talks to
//! a terminal.
//!
//! The crates are re-exported under short names: [`sim`], [`policies`], [`workloads`], [`traces`], [`reports`].

pub mod cli;
mod clock;
pub mod conform;
pub mod diagnostic;
pub mod exit;
pub mod experiment;
pub mod explain;
pub mod fit;
mod hash;
pub mod inspect;
mod memory;
mod object_rows;
mod progress;
mod published_schedule;
mod run_timeline;
pub mod scenario;
pub mod simulate;

pub use towtank_policies as policies;
pub use towtank_reports as reports;
pub use towtank_sim as sim;
pub use towtank_traces as traces;
pub use towtank_workloads as workloads;

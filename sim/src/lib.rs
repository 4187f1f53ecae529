//! The clock, the cluster, and everything in a cluster that reacts.
//!
//! This crate never reads a file, the environment or the wall clock, never draws from an unnamed random stream, never
//! starts a thread, and knows none of the other crates: policies, workloads, traces and reports come to it through the
//! traits [`scheduler::Plugin`], [`controller::Controller`], [`source::Source`] and [`observe::Observer`].

pub mod admission;
pub mod agenda;
pub mod autoscaling;
pub mod batch;
pub mod cluster;
pub mod controller;
pub mod descheduler;
pub mod disruption;
pub mod dra;
pub mod engine;
pub mod gang;
pub mod invariants;
pub mod model;
pub mod node;
pub mod observe;
pub mod phases;
mod prefetch;
pub mod random;
pub mod scheduler;
pub mod source;
pub mod storage;
pub mod time;

//! The end-to-end tests: towtank as its users meet it. One binary, so that it is linked once.
//!
//! Recorded texts are renewed with `INSTA_UPDATE=always` (or `TRYCMD=overwrite` for those in `cli/`), golden fingerprints with
//! `TOWTANK_UPDATE_GOLDEN=1`. Read what changed before you commit it.

// Counts and times in tables are compared as they are written there, and files have the names that we gave them.
#![allow(clippy::float_cmp, clippy::case_sensitive_file_extension_comparisons)]

mod autoscaling;
mod batch;
mod benches;
mod binding;
mod cli;
mod conform;
mod convert;
mod descheduler;
mod errors;
mod explain;
mod fgd;
mod fit;
mod fuzz;
mod golden;
mod house;
mod interrupted;
mod kubernetes_objects;
mod metrics;
mod objects;
mod outputs;
mod readme;
mod recorded;
mod remote_sweep;
mod run_numbers;
mod support;
mod sweep;

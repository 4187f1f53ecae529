//! Tests that look at more than one file of the crate.

mod batch;
mod classes;
mod configuration;
mod decisions;
mod device_claims;
mod expected_pods;
mod hints;
mod histories;
mod keys;
mod lasting;
pub(crate) mod neighbours;
mod orders;
mod policy;
mod properties;
mod repeats;
mod shared_gpus;
mod supposed;
mod tables;
mod volumes;

//! Tests that look at more than one file of the crate.

mod configuration;
mod conformance;
mod device_claims;
mod hints;
pub(crate) mod neighbours;
mod policy;
mod properties;
mod tables;

//! Tests that look at more than one file of the crate.

mod configuration;
mod conformance;
mod device_claims;
mod hints;
mod properties;
mod tables;

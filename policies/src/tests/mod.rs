//! Tests that look at more than one file of the crate.

mod configuration;
mod conformance;
mod hints;
mod properties;
mod tables;
mod volumes;

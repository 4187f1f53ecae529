//! Topology domains: which nodes share the value of a label, and how many of something each domain has.

mod domains;
mod tally;

pub(crate) use domains::{Domain, Domains, Topology};
pub(crate) use tally::Tally;

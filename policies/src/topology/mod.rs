//! Topology domains: which nodes share the value of a label, and how many of something each domain has.
//!
//! [`Topology`] and [`Tally`] serve one scheduling cycle. [`Partitions`] and [`Census`] are kept from one cycle to the next and follow
//! the cluster.

mod census;
mod domains;
mod kept;
mod key_table;
mod partition;
mod sums;
mod tally;

pub(crate) use census::{Census, Effects, Subject};
pub(crate) use domains::{Domain, Domains, Topology};
pub(crate) use kept::Kept;
pub(crate) use key_table::{KeyTable, Whereabouts};
pub(crate) use partition::{NOWHERE, Partition, Partitions};
pub(crate) use sums::Sums;
pub(crate) use tally::Tally;

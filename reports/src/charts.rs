//! Kinds of chart that several figures share.

pub mod bars;
pub(crate) mod cdf;
pub mod lines;
pub(crate) mod timeline;

//! Kinds of chart that several figures share.

pub(crate) mod cdf;
pub(crate) mod timeline;

//! The clock, the cluster, and everything in a cluster that reacts.

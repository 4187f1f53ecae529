//! Lists in another order than that of the file: pods that only arrive, one after another, and nodes that are numbered anew.
//!
//! Published runs of a list shuffle it with a seed. [`Arrangement`] does that from the seed; [`read_arrivals`] and [`read_ranks`]
//! read an order that was written down. [`arrivals`] and [`numbered`] then play any format's pods and nodes in it.

mod arrangement;
mod go_random;
mod listed;
mod source;

pub use arrangement::{Arrangement, ListedPod};
pub use listed::{read_arrivals, read_ranks};
pub use source::{NodeList, PodList, arrivals, numbered};

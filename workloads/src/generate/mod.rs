//! Synthetic generation: pods that arrive, and the nodes they run on.
//!
//! The types here are what a scenario writes under `generate:`; every scalar is checked where it is read, so that an error
//! carries its line and column. A generator streams: it holds no pod that has not arrived.
//!
//! A generator named `web` draws from the streams `generate/web/arrivals`, `…/batches`, `…/shapes`, `…/sizes`,
//! `…/durations` and `…/failures`, so that a change of one leaves the others' numbers alone, and so does another generator.

mod arrivals;
mod model;
mod nodes;
mod pods;
mod ranges;
mod shape;
mod variant;

pub use arrivals::{Arrivals, Process};
pub use model::WorkloadModel;
pub use nodes::{NodePool, NodePools};
pub use pods::{GeneratedPods, GeneratorError, PodGenerator};
pub use shape::{Gpu, Shape, Size};

#[cfg(test)]
mod tests;

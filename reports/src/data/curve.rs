//! Metrics over something that grows, and is not time.

use serde::{Deserialize, Serialize};

/// A metric of a run as a function of something else than time, such as the share of the GPUs that is allocated over the share
/// that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Curve {
    /// The metric's name: letters, digits and `_`.
    pub name: String,
    /// The unit of its values, such as `%`.
    pub unit: String,
    /// What it is a function of, with its unit.
    pub over: String,
    /// Places and values, in increasing order of the places.
    pub points: Vec<(f64, f64)>,
}

//! Recordings of the Cluster Autoscaler: what goes in, and the autoscaler and the cluster that are made of it.

mod build;
mod options;
mod pattern;
mod record;

pub(super) use build::{Owners, T0, World, build};
pub(super) use record::Record;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What all recordings of the autoscaler have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    pub(super) name: String,
    #[serde(default)]
    pub(super) covers: Vec<String>,
    /// Flags that differ from their defaults.
    #[serde(default)]
    options: Map<String, Value>,
    node_groups: Vec<NodeGroupInput>,
    #[serde(default)]
    objects: Vec<Value>,
    #[serde(default)]
    pub(super) expect: Value,
    /// Whether upstream's outcome depends on orders that it does not define.
    #[serde(default)]
    pub(super) order_sensitive: bool,
    /// Other outcomes that were seen.
    #[serde(default)]
    pub(super) alternatives: Vec<Value>,
}

/// A node group of a recording.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeGroupInput {
    name: String,
    min_size: u32,
    max_size: u32,
    /// The nodes that belong to it.
    #[serde(default)]
    nodes: Vec<String>,
    /// Its size; what exceeds the nodes are instances that have not registered.
    target_size: Option<u32>,
    price: Option<f64>,
    /// Flags for this group alone.
    #[serde(default)]
    options: Map<String, Value>,
    /// A Node.
    template: Option<Value>,
}

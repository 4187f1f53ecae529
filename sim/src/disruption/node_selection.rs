//! Which nodes a disruption is about.

use crate::cluster::Cluster;
use crate::model::NodeId;
use crate::model::labels::LabelSelector;
use crate::model::node::Node;
use crate::random::{Distribution, Streams};

/// Nodes by name, label, zone and share. Every condition that is given must hold; with none, all nodes are selected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeSelection {
    /// The names; empty for any.
    pub names: Vec<String>,
    /// Conditions on labels.
    pub selector: Option<LabelSelector>,
    /// The zone (`topology.kubernetes.io/zone`).
    pub zone: Option<String>,
    /// A random share of the nodes that satisfy the rest, above 0 and up to 1: rounded, at least one node.
    pub fraction: Option<f64>,
}

impl NodeSelection {
    /// Nodes of these names.
    pub fn names(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// The nodes of a zone.
    pub fn zone(zone: impl Into<String>) -> Self {
        Self { zone: Some(zone.into()), ..Self::default() }
    }

    /// Whether the node satisfies everything but the share.
    pub fn matches(&self, node: &Node) -> bool {
        (self.names.is_empty() || self.names.iter().any(|name| **name == *node.name()))
            && self.zone.as_ref().is_none_or(|zone| zone == node.zone())
            && self.selector.as_ref().is_none_or(|selector| selector.matches(&node.spec.labels))
    }

    /// The selected nodes, in order of their uids. Who belongs to the share depends on `stream` and the nodes' names
    /// only, so that runs which differ in anything else lose the same nodes.
    pub fn resolve(&self, cluster: &Cluster, streams: Streams, stream: &str) -> Vec<NodeId> {
        let mut nodes: Vec<&Node> = cluster.nodes().iter().filter(|node| self.matches(node)).collect();
        if let Some(fraction) = self.fraction {
            let wanted = (libm::round(fraction * nodes.len() as f64) as usize).max(1);
            nodes.sort_by_cached_key(|node| (draw(streams, stream, node.name()), node.uid));
            nodes.truncate(wanted);
        }
        nodes.sort_by_key(|node| node.uid);
        nodes.into_iter().map(|node| node.id).collect()
    }

    /// Whether the node is selected, where nodes are asked one by one as they come: each belongs to the share with its
    /// probability.
    pub fn admits(&self, node: &Node, streams: Streams, stream: &str) -> bool {
        let within = |fraction| (draw(streams, stream, node.name()) as f64) < fraction * DRAWS;
        self.matches(node) && self.fraction.is_none_or(within)
    }

    /// In words, for messages.
    pub fn describe(&self) -> String {
        let mut parts = Vec::new();
        if !self.names.is_empty() {
            parts.push(format!("names {}", self.names.join(", ")));
        }
        if self.selector.is_some() {
            parts.push("a label selector".to_owned());
        }
        parts.extend(self.zone.as_ref().map(|zone| format!("zone {zone}")));
        if parts.is_empty() { "all nodes".to_owned() } else { parts.join(" and ") }
    }
}

const DRAWS: f64 = 4_294_967_296.0;

/// A number below [`DRAWS`] that belongs to the node.
fn draw(streams: Streams, stream: &str, node: &str) -> u64 {
    let mut rng = streams.stream(&format!("{stream}/share/{node}"));
    Distribution::Uniform { min: 0.0, max: DRAWS }.sample(&mut rng) as u64
}

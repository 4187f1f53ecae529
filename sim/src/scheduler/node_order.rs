//! The order in which nodes are visited: one node of every zone, then the next of every zone.
//!
//! Source: `pkg/scheduler/backend/cache/node_tree.go`.

use crate::cluster::Cluster;
use crate::model::NodeId;
use crate::model::node::{Node, REGION_LABEL, ZONE_LABEL};

/// The nodes by zone, zones in order of first appearance, and the visiting list made of them.
#[derive(Debug, Default)]
pub(super) struct NodeOrder {
    zones: Vec<(String, Vec<NodeId>)>,
    list: Vec<NodeId>,
    listed_at: u64,
}

impl NodeOrder {
    /// The visiting list, brought up to date only if a node has come or gone since the last call.
    pub(super) fn list(&mut self, cluster: &Cluster) -> &[NodeId] {
        if self.listed_at != cluster.nodes().membership() {
            self.listed_at = cluster.nodes().membership();
            self.list.clear();
            let longest = self.zones.iter().map(|(_, nodes)| nodes.len()).max().unwrap_or(0);
            for i in 0..longest {
                self.list.extend(self.zones.iter().filter_map(|(_, nodes)| nodes.get(i)));
            }
        }
        &self.list
    }

    /// A node came.
    pub(super) fn add(&mut self, node: &Node) {
        let key = zone_key(node);
        match self.zones.iter_mut().find(|(zone, _)| *zone == key) {
            Some((_, nodes)) => nodes.push(node.id),
            None => self.zones.push((key, vec![node.id])),
        }
    }

    /// A node went. A zone without nodes is forgotten.
    pub(super) fn remove(&mut self, id: NodeId) {
        for (_, nodes) in &mut self.zones {
            nodes.retain(|node| *node != id);
        }
        self.zones.retain(|(_, nodes)| !nodes.is_empty());
    }

    /// A node's labels changed: in a new zone it comes last.
    pub(super) fn relabel(&mut self, node: &Node) {
        let key = zone_key(node);
        if !self.zones.iter().any(|(zone, nodes)| *zone == key && nodes.contains(&node.id)) {
            self.remove(node.id);
            self.add(node);
        }
    }
}

fn zone_key(node: &Node) -> String {
    let label = |key| node.spec.labels.get(key).map_or("", String::as_str);
    format!("{}\0{}", label(REGION_LABEL), label(ZONE_LABEL))
}

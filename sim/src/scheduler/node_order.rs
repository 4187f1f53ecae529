//! The order in which nodes are visited: one node of every zone, then the next of every zone.
//!
//! Source: `pkg/scheduler/backend/cache/node_tree.go`.

use crate::cluster::Cluster;
use crate::model::NodeId;
use crate::model::node::{Node, REGION_LABEL, ZONE_LABEL};
use std::sync::Arc;

/// The nodes by zone, zones in order of first appearance, and the visiting list made of them.
#[derive(Debug, Default)]
pub(super) struct NodeOrder {
    zones: Vec<(String, Vec<NodeId>)>,
    list: Vec<NodeId>,
    /// The names of the listed nodes.
    names: Vec<Arc<str>>,
    listed_at: u64,
}

impl NodeOrder {
    /// The visiting list. It is made anew only if a name has come or gone since the last call: a node that was deleted and is
    /// there again under its name keeps its place, until something else changes.
    ///
    /// Source: `pkg/scheduler/backend/cache/cache.go`, `UpdateSnapshot`.
    pub(super) fn list(&mut self, cluster: &Cluster) -> &[NodeId] {
        if self.listed_at != cluster.nodes().membership() {
            self.listed_at = cluster.nodes().membership();
            if !self.keep_places(cluster) {
                self.list.clear();
                let longest = self.zones.iter().map(|(_, nodes)| nodes.len()).max().unwrap_or(0);
                for i in 0..longest {
                    self.list.extend(self.zones.iter().filter_map(|(_, nodes)| nodes.get(i)));
                }
                self.names = self.list.iter().map(|id| cluster.node(*id).spec.name.clone()).collect();
            }
        }
        &self.list
    }

    /// Brings the listed nodes up to date, if their names are those of all nodes; whether they are.
    fn keep_places(&mut self, cluster: &Cluster) -> bool {
        if self.names.len() != cluster.nodes().len() {
            return false;
        }
        let ids: Option<Vec<NodeId>> = self.names.iter().map(|name| cluster.nodes().by_name(name)).collect();
        let keeps = ids.is_some();
        self.list = ids.unwrap_or_default();
        keeps
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

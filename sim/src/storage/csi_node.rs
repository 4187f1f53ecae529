//! CSINode: the CSI drivers that run on a node. It has the node's name.

use super::fold;
use crate::cluster::{Cluster, Fingerprint, Object};
use std::sync::Arc;

/// A CSINode object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsiNode {
    /// The drivers.
    pub drivers: Vec<CsiNodeDriver>,
    /// The in-tree plugins whose volumes the node leaves to CSI drivers, comma-separated (annotation
    /// `storage.alpha.kubernetes.io/migrated-plugins`); empty for none.
    pub migrated_plugins: String,
}

/// A driver on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsiNodeDriver {
    /// The driver's name.
    pub name: Arc<str>,
    /// The labels of the node by which the driver tells where a volume can be reached.
    pub topology_keys: Vec<String>,
    /// How many of its volumes the node can have; `None` for no limit.
    pub allocatable: Option<i32>,
}

impl CsiNode {
    /// The kind in manifests.
    pub const KIND: &'static str = "CSINode";

    /// That of this node.
    pub fn of<'c>(node: &str, cluster: &'c Cluster) -> Option<&'c Self> {
        cluster.objects().named(Self::KIND, "", node).map(|(_, body)| body)
    }

    /// The driver of this name.
    pub fn driver(&self, name: &str) -> Option<&CsiNodeDriver> {
        self.drivers.iter().find(|driver| &*driver.name == name)
    }

    /// Whether the node leaves volumes of this in-tree plugin to its CSI driver.
    ///
    /// Source: `volumebinding/binder.go`, `isPluginMigratedToCSIOnNode`.
    pub fn has_migrated(&self, plugin: &str) -> bool {
        self.migrated_plugins.split(',').any(|migrated| migrated == plugin)
    }
}

impl Object for CsiNode {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn snapshot(&self) -> Option<Box<dyn Object>> {
        Some(Box::new(self.clone()))
    }

    fn fold(&self, into: &mut Fingerprint) {
        let limits: Vec<u64> = self.drivers.iter().map(|d| d.allocatable.map_or(u64::MAX, |n| n as u64)).collect();
        fold(into, &limits, self.drivers.iter().map(|driver| &*driver.name));
    }
}

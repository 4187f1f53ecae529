//! CSINodes.
//!
//! Source: `pkg/apis/storage/validation/validation.go`, `ValidateCSINode`.

use super::convert::Reading;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::names::check_label_key;
use super::objects::Item;
use super::volumes::check_driver;
use super::words::require;
use k8s_openapi::api::storage::v1 as storage;
use std::collections::BTreeSet;
use towtank_sim::storage::{CsiNode, CsiNodeDriver};

pub(super) const KIND: Kind = Kind { name: CsiNode::KIND, api_version: "storage.k8s.io/v1", namespaced: false, read };

/// The in-tree plugins whose volumes the node leaves to CSI drivers.
const MIGRATED_PLUGINS: &str = "storage.alpha.kubernetes.io/migrated-plugins";

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let node: storage::CSINode = reading.typed()?;
    let at = At::ROOT.key("spec");
    let list_at = at.key("drivers");
    let mut names = BTreeSet::new();
    let mut drivers = Vec::new();
    for (i, driver) in node.spec.drivers.iter().enumerate() {
        let at = list_at.index(i);
        let name_at = at.key("name");
        check_driver(&driver.name, &name_at)?;
        require(&driver.node_id, &at.key("nodeID"))?;
        if !names.insert(&driver.name) {
            return Err(name_at.duplicate(&driver.name));
        }
        let keys_at = at.key("topologyKeys");
        let topology_keys = driver.topology_keys.clone().unwrap_or_default();
        for (i, key) in topology_keys.iter().enumerate() {
            check_label_key(key, &keys_at.index(i))?;
        }
        let allocatable = driver.allocatable.as_ref().and_then(|allocatable| allocatable.count);
        if let Some(count) = allocatable.filter(|count| *count < 0) {
            let at = at.key("allocatable");
            return Err(at.key("count").invalid(count, "must be greater than or equal to 0"));
        }
        drivers.push(CsiNodeDriver { name: driver.name.as_str().into(), topology_keys, allocatable });
    }
    let mut annotations = node.metadata.annotations.unwrap_or_default();
    let migrated_plugins = annotations.remove(MIGRATED_PLUGINS).unwrap_or_default();
    Ok(Some(Item::object(reading, CsiNode { drivers, migrated_plugins })))
}

//! CSIStorageCapacities.
//!
//! Source: `pkg/apis/storage/validation/validation.go`, `ValidateCSIStorageCapacity`.

use super::convert::{Reading, quantity};
use super::field::{At, FieldError};
use super::kind::Kind;
use super::names::check_name;
use super::objects::Item;
use super::selectors::label_selector;
use super::words::require;
use k8s_openapi::api::storage::v1 as storage;
use towtank_sim::storage::CsiStorageCapacity;

pub(super) const KIND: Kind =
    Kind { name: CsiStorageCapacity::KIND, api_version: "storage.k8s.io/v1", namespaced: true, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let capacity: storage::CSIStorageCapacity = reading.typed()?;
    let at = At::ROOT;
    let class_at = at.key("storageClassName");
    require(&capacity.storage_class_name, &class_at)?;
    check_name(&capacity.storage_class_name, &class_at)?;
    let topology = capacity.node_topology.as_ref();
    let bytes = |text: Option<&_>, key: &str| text.map(|text| quantity(text, &at.key(key))).transpose();
    let body = CsiStorageCapacity {
        storage_class: capacity.storage_class_name.as_str().into(),
        capacity: bytes(capacity.capacity.as_ref(), "capacity")?,
        maximum_volume_size: bytes(capacity.maximum_volume_size.as_ref(), "maximumVolumeSize")?,
        node_topology: topology.map(|selector| label_selector(selector, &at.key("nodeTopology"))).transpose()?,
    };
    Ok(Some(Item::object(reading, body)))
}

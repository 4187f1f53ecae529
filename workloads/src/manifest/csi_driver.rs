//! CSIDrivers.

use super::convert::Reading;
use super::field::FieldError;
use super::kind::Kind;
use super::objects::Item;
use k8s_openapi::api::storage::v1 as storage;
use towtank_sim::storage::CsiDriver;

pub(super) const KIND: Kind = Kind { name: CsiDriver::KIND, api_version: "storage.k8s.io/v1", namespaced: false, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let driver: storage::CSIDriver = reading.typed()?;
    let body = CsiDriver {
        storage_capacity: driver.spec.storage_capacity.unwrap_or(false),
        prevent_pod_scheduling_if_missing: driver.spec.prevent_pod_scheduling_if_missing.unwrap_or(false),
    };
    Ok(Some(Item::object(reading, body)))
}

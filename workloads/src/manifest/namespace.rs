//! Namespaces.

use super::convert::Reading;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::names::check_labels;
use super::objects::Item;
use k8s_openapi::api::core::v1 as core;
use towtank_sim::cluster::Namespace;

pub(super) const KIND: Kind = Kind { name: Namespace::KIND, api_version: "v1", namespaced: false, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let namespace: core::Namespace = reading.typed()?;
    let labels = namespace.metadata.labels.unwrap_or_default();
    check_labels(&labels, &At::ROOT.key("metadata").key("labels"))?;
    let body = Namespace::new(&reading.name, labels.into());
    Ok(Some(Item::object(reading, body)))
}

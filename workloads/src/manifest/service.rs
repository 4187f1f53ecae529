//! Services.

use super::convert::Reading;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::names::check_labels;
use super::objects::Item;
use crate::grouping::Service;
use k8s_openapi::api::core::v1 as core;

pub(super) const KIND: Kind = Kind { name: Service::KIND, api_version: "v1", namespaced: true, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let service: core::Service = reading.typed()?;
    let labels = service.spec.and_then(|spec| spec.selector).unwrap_or_default();
    check_labels(&labels, &At::ROOT.key("spec").key("selector"))?;
    Ok(Some(Item::object(reading, Service::new(labels.into()))))
}

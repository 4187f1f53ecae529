//! DeviceClasses.

use super::convert::Reading;
use super::device_claim_spec::selectors;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::names::check_label_key;
use super::objects::Item;
use k8s_openapi::api::resource::v1 as resource;
use towtank_sim::dra::DeviceClass;

pub(super) const KIND: Kind =
    Kind { name: DeviceClass::KIND, api_version: "resource.k8s.io/v1", namespaced: false, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let class: resource::DeviceClass = reading.typed()?;
    let at = At::ROOT.key("spec");
    let extended_resource_name = class.spec.extended_resource_name;
    if let Some(name) = &extended_resource_name {
        check_extended_resource(name, &at.key("extendedResourceName"))?;
    }
    let selectors = selectors(class.spec.selectors.as_deref(), &at)?;
    Ok(Some(Item::object(reading, DeviceClass { selectors, extended_resource_name })))
}

/// Source: `pkg/apis/core/v1/helper/helpers.go`, `IsExtendedResourceName`.
fn check_extended_resource(name: &str, at: &At<'_>) -> Result<(), FieldError> {
    check_label_key(name, at)?;
    let domain = name.split_once('/').map_or("", |(domain, _)| domain);
    if domain.is_empty() || domain.contains("kubernetes.io") || name.starts_with("requests.") {
        return Err(at.error(format_args!(
            "`{name}` is not an extended resource: expected a name with a domain other than kubernetes.io"
        )));
    }
    Ok(())
}

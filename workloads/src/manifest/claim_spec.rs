//! What a claim asks for: of a PersistentVolumeClaim, and of the template of an ephemeral volume.
//!
//! Source: `pkg/apis/core/validation/validation.go`, `ValidatePersistentVolumeClaimSpec`.

use super::convert::quantity;
use super::field::{At, FieldError};
use super::names::check_name;
use super::selectors::label_selector;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::sync::Arc;
use towtank_sim::model::volume::{AccessMode, ClaimSpec, VolumeMode};

/// The annotation that names a storage class, deprecated, and counted before the field.
const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
/// The resource that claims ask for and volumes have.
pub(super) const STORAGE: &str = "storage";

/// A claim's specification at `at`.
pub(super) fn claim_spec(
    metadata: &ObjectMeta,
    from: &core::PersistentVolumeClaimSpec,
    at: &At<'_>,
) -> Result<ClaimSpec, FieldError> {
    let modes_at = at.key("accessModes");
    let modes = from.access_modes.as_deref().unwrap_or_default();
    if modes.is_empty() {
        return Err(modes_at.required("at least 1 access mode is required"));
    }
    let resources_at = at.key("resources");
    let requests_at = resources_at.key("requests");
    let request_at = requests_at.key(STORAGE);
    let requests = from.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    let text = requests.and_then(|requests| requests.get(STORAGE)).ok_or_else(|| request_at.required(""))?;
    let request = quantity(text, &request_at)?;
    if request.is_zero() {
        return Err(request_at.invalid(&text.0, "must be greater than zero"));
    }
    let selector = from.selector.as_ref().map(|selector| label_selector(selector, &at.key("selector"))).transpose()?;
    Ok(ClaimSpec {
        access_modes: access_modes(modes, &modes_at)?,
        request: Some(request),
        storage_class: storage_class(metadata, from.storage_class_name.as_deref(), at)?,
        selector,
        volume_mode: volume_mode(from.volume_mode.as_deref(), &at.key("volumeMode"))?,
        volume_name: from.volume_name.as_deref().filter(|name| !name.is_empty()).map(Into::into),
        attributes_class: attributes_class(from.volume_attributes_class_name.as_deref(), at)?,
    })
}

/// The storage class by annotation or field.
pub(super) fn storage_class(
    metadata: &ObjectMeta,
    field: Option<&str>,
    at: &At<'_>,
) -> Result<Option<Arc<str>>, FieldError> {
    if let Some(class) = field.filter(|class| !class.is_empty()) {
        check_name(class, &at.key("storageClassName"))?;
    }
    let annotation = metadata.annotations.as_ref().and_then(|annotations| annotations.get(CLASS_ANNOTATION));
    Ok(annotation.map(String::as_str).or(field).map(Into::into))
}

/// The VolumeAttributesClass, `None` where it is empty.
pub(super) fn attributes_class(field: Option<&str>, at: &At<'_>) -> Result<Option<Arc<str>>, FieldError> {
    match field.filter(|class| !class.is_empty()) {
        None => Ok(None),
        Some(class) => check_name(class, &at.key("volumeAttributesClassName")).map(|()| Some(class.into())),
    }
}

/// A list of access modes.
pub(super) fn access_modes(modes: &[String], at: &At<'_>) -> Result<Vec<AccessMode>, FieldError> {
    let supported = AccessMode::ALL.map(AccessMode::as_str);
    let read = |mode: &String| mode.parse().map_err(|()| at.not_supported(mode, &supported));
    let modes = modes.iter().map(read).collect::<Result<Vec<AccessMode>, _>>()?;
    let for_one_pod = |mode: &AccessMode| *mode == AccessMode::ReadWriteOncePod;
    if modes.iter().any(for_one_pod) && !modes.iter().all(for_one_pod) {
        return Err(at.forbidden("may not use ReadWriteOncePod with other access modes"));
    }
    Ok(modes)
}

/// A volume mode, by default a file system.
pub(super) fn volume_mode(mode: Option<&str>, at: &At<'_>) -> Result<VolumeMode, FieldError> {
    match mode {
        None | Some("Filesystem") => Ok(VolumeMode::Filesystem),
        Some("Block") => Ok(VolumeMode::Block),
        Some(other) => Err(at.not_supported(other, &["Block", "Filesystem"])),
    }
}

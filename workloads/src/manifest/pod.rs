//! Pods without a controller.

use super::convert::Reading;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::{Item, PodManifest};
use super::pod_resource_claims::pod_claims;
use super::pod_template::pod_template;
use k8s_openapi::api::core::v1 as core;

pub(super) const KIND: Kind = Kind { name: "Pod", api_version: "v1", namespaced: true, read };

/// A pod that has ended asks for nothing any more.
fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let pod: core::Pod = reading.typed()?;
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    if matches!(phase, Some("Succeeded" | "Failed")) {
        return Ok(None);
    }
    let template = pod_template(reading, &pod.metadata, pod.spec.as_ref(), &At::ROOT)?;
    Ok(Some(Item::Pod(PodManifest { name: reading.name.clone(), template, claims: pod_claims(pod.status.as_ref()) })))
}

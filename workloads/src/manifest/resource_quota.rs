//! ResourceQuotas.

use super::convert::{Reading, resource_list};
use super::field::{At, FieldError};
use super::kinds::Kind;
use super::objects::Item;
use k8s_openapi::api::core::v1 as core;
use towtank_sim::model::resources::ResourceList;

pub(super) const KIND: Kind = Kind { name: "ResourceQuota", api_version: "v1", namespaced: true, read };

/// A ResourceQuota of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceQuotaManifest {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The limits, by resource name as the quota has it (`requests.cpu`, `pods`).
    pub hard: ResourceList,
}

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let quota: core::ResourceQuota = reading.typed()?;
    let at = At::ROOT.key("spec");
    let spec = quota.spec.unwrap_or_default();
    if spec.scopes.is_some() || spec.scope_selector.is_some() {
        let key = if spec.scopes.is_some() { "scopes" } else { "scopeSelector" };
        reading.warn(&at.key(key), "has no effect: not modelled yet");
    }
    let hard = resource_list(spec.hard.as_ref(), &at.key("hard"))?;
    let (namespace, name) = (reading.namespace.clone(), reading.name.clone());
    Ok(Some(Item::ResourceQuota(ResourceQuotaManifest { namespace, name, hard })))
}

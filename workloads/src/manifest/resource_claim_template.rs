//! ResourceClaimTemplates.

use super::convert::Reading;
use super::device_claim_spec::claim_spec;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::Item;
use k8s_openapi::api::resource::v1 as resource;
use towtank_sim::dra::ResourceClaimTemplate;

pub(super) const KIND: Kind =
    Kind { name: ResourceClaimTemplate::KIND, api_version: "resource.k8s.io/v1", namespaced: true, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let template: resource::ResourceClaimTemplate = reading.typed()?;
    let at = At::ROOT.key("spec");
    let spec = claim_spec(&template.spec.spec, &at.key("spec"))?;
    Ok(Some(Item::object(reading, ResourceClaimTemplate { spec })))
}

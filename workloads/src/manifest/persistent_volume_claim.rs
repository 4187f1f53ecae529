//! PersistentVolumeClaims.

use super::claim_spec::claim_spec;
use super::convert::Reading;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::Item;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use towtank_sim::storage::{ClaimOwner, ClaimPhase, PersistentVolumeClaim};

pub(super) const KIND: Kind = Kind { name: PersistentVolumeClaim::KIND, api_version: "v1", namespaced: true, read };

/// Says that the volume controller is done with the claim.
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// The node for which the claim is to be provisioned.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let claim: core::PersistentVolumeClaim = reading.typed()?;
    let spec = claim_spec(&claim.metadata, &claim.spec.unwrap_or_default(), &At::ROOT.key("spec"))?;
    let phase = claim.status.and_then(|status| status.phase);
    let phase_at = At::ROOT.key("status");
    let phase = match phase.as_deref() {
        None | Some("" | "Pending") => ClaimPhase::Pending,
        Some("Bound") => ClaimPhase::Bound,
        Some("Lost") => ClaimPhase::Lost,
        Some(other) => return Err(phase_at.key("phase").not_supported(other, &["Bound", "Lost", "Pending"])),
    };
    let annotation = |name: &str| claim.metadata.annotations.as_ref().and_then(|annotations| annotations.get(name));
    let body = PersistentVolumeClaim {
        uid: claim.metadata.uid.as_deref().map(Into::into),
        spec,
        selected_node: annotation(SELECTED_NODE).map(|node| node.as_str().into()),
        bind_completed: annotation(BIND_COMPLETED).is_some(),
        phase,
        deleting: claim.metadata.deletion_timestamp.is_some(),
        owner: owner(&claim.metadata),
    };
    Ok(Some(Item::object(reading, body)))
}

/// The pod that controls it.
fn owner(metadata: &ObjectMeta) -> Option<ClaimOwner> {
    let references = metadata.owner_references.iter().flatten();
    let pod = { references }.find(|reference| reference.controller == Some(true) && reference.kind == "Pod")?;
    Some(ClaimOwner { pod: pod.name.as_str().into(), uid: None })
}

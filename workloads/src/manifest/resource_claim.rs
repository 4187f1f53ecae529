//! ResourceClaims, with what they have got already.

use super::convert::{Reading, quantity};
use super::device_claim_spec::{claim_spec, tolerations};
use super::field::{At, FieldError};
use super::kind::Kind;
use super::node_affinity::node_selector;
use super::objects::Item;
use k8s_openapi::api::resource::v1 as resource;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use towtank_sim::dra::{
    AllocatedDeviceStatus, AllocationResult, ClaimStatus, ConditionStatus, ConsumerReference, DeviceId, DeviceResult,
    EXTENDED_RESOURCE_CLAIM_ANNOTATION, ResourceClaim,
};
use towtank_sim::time::SimTime;

pub(super) const KIND: Kind =
    Kind { name: ResourceClaim::KIND, api_version: "resource.k8s.io/v1", namespaced: true, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let claim: resource::ResourceClaim = reading.typed()?;
    let annotation = |name: &str| claim.metadata.annotations.as_ref().and_then(|list| list.get(name));
    let body = ResourceClaim {
        spec: claim_spec(&claim.spec, &At::ROOT.key("spec"))?,
        status: status(&claim.status.unwrap_or_default(), &At::ROOT.key("status"))?,
        made_for: made_for(&claim.metadata),
        for_extended_resources: annotation(EXTENDED_RESOURCE_CLAIM_ANNOTATION).is_some_and(|value| value == "true"),
        deleting: claim.metadata.deletion_timestamp.is_some(),
    };
    Ok(Some(Item::object(reading, body)))
}

/// The pod that is the claim's controller.
fn made_for(metadata: &ObjectMeta) -> Option<ConsumerReference> {
    let mut owners = metadata.owner_references.iter().flatten();
    let pod = owners.find(|owner| owner.controller == Some(true) && owner.kind == "Pod")?;
    Some(pod_reference(&pod.name))
}

fn pod_reference(name: &str) -> ConsumerReference {
    ConsumerReference { api_group: String::new(), resource: "pods".to_owned(), name: name.to_owned(), uid: None }
}

fn status(from: &resource::ResourceClaimStatus, at: &At<'_>) -> Result<ClaimStatus, FieldError> {
    let allocation = from.allocation.as_ref().map(|from| allocation(from, &at.key("allocation")));
    let reserved = from.reserved_for.iter().flatten().map(|from| ConsumerReference {
        api_group: from.api_group.clone().unwrap_or_default(),
        resource: from.resource.clone(),
        name: from.name.clone(),
        uid: None,
    });
    let devices = from.devices.iter().flatten().map(|from| AllocatedDeviceStatus {
        id: DeviceId { driver: from.driver.clone(), pool: from.pool.clone(), device: from.device.clone() },
        conditions: from.conditions.iter().flatten().map(|c| (c.type_.clone(), condition(&c.status))).collect(),
    });
    Ok(ClaimStatus {
        allocation: allocation.transpose()?,
        reserved_for: reserved.collect(),
        devices: devices.collect(),
    })
}

fn condition(status: &str) -> ConditionStatus {
    match status {
        "True" => ConditionStatus::True,
        "False" => ConditionStatus::False,
        _ => ConditionStatus::Unknown,
    }
}

/// An allocation that says when it was made was made long ago.
fn allocation(from: &resource::AllocationResult, at: &At<'_>) -> Result<AllocationResult, FieldError> {
    let devices_at = at.key("devices");
    let results_at = devices_at.key("results");
    let mut devices = Vec::new();
    let results = from.devices.as_ref().and_then(|devices| devices.results.as_ref());
    for (i, from) in results.into_iter().flatten().enumerate() {
        let at = results_at.index(i);
        let consumed_at = at.key("consumedCapacity");
        let consumed = from.consumed_capacity.iter().flatten();
        let consumed = consumed.map(|(name, text)| Ok((name.clone(), quantity(text, &consumed_at.key(name))?)));
        devices.push(DeviceResult {
            request: from.request.clone(),
            id: DeviceId { driver: from.driver.clone(), pool: from.pool.clone(), device: from.device.clone() },
            admin_access: from.admin_access.unwrap_or(false),
            tolerations: tolerations(from.tolerations.as_deref(), &at)?,
            binding_conditions: from.binding_conditions.clone().unwrap_or_default(),
            binding_failure_conditions: from.binding_failure_conditions.clone().unwrap_or_default(),
            shared: from.share_id.is_some(),
            consumed_capacity: consumed.collect::<Result<_, _>>()?,
        });
    }
    let selector = from.node_selector.as_ref().map(|selector| node_selector(selector, &at.key("nodeSelector")));
    let timestamp = from.allocation_timestamp.as_ref().map(|_| SimTime(i64::MIN));
    Ok(AllocationResult { devices, node_selector: selector.transpose()?, timestamp })
}

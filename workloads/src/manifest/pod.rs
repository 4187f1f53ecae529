//! Pods without a controller.

use super::convert::Reading;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::{Item, PodManifest};
use super::pod_resource_claims::pod_claims;
use super::pod_status::actual_resources;
use super::pod_template::pod_template;
use k8s_openapi::api::core::v1 as core;
use std::sync::Arc;
use towtank_sim::model::pod::{GivenDeletion, GivenStatus};
use towtank_sim::time::SimTime;

pub(super) const KIND: Kind = Kind { name: "Pod", api_version: "v1", namespaced: true, read };

/// A pod that has ended asks for nothing any more.
fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let pod: core::Pod = reading.typed()?;
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    if matches!(phase, Some("Succeeded" | "Failed")) {
        return Ok(None);
    }
    let mut template = pod_template(reading, &pod.metadata, pod.spec.as_ref(), &At::ROOT)?;
    if let Some(status) = pod.status.as_ref().filter(|_| template.spec.node_name.is_some()) {
        actual_resources(Arc::make_mut(&mut template.spec), status, &At::ROOT.key("status"))?;
    }
    let status = given_status(&pod);
    Ok(Some(Item::Pod(PodManifest { name: reading.name.clone(), template, status })))
}

/// What the pod brings with it from the cluster that it was in.
fn given_status(pod: &core::Pod) -> Option<GivenStatus> {
    let status = pod.status.as_ref();
    let nominated = status.and_then(|status| status.nominated_node_name.as_deref()).filter(|name| !name.is_empty());
    let start = status.and_then(|status| status.start_time.as_ref());
    let preempted = |condition: &core::PodCondition| {
        condition.type_ == "DisruptionTarget"
            && condition.status == "True"
            && condition.reason.as_deref() == Some("PreemptionByScheduler")
    };
    let conditions = status.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let why = if conditions.iter().any(preempted) { GivenDeletion::Preempted } else { GivenDeletion::Other };
    let given = GivenStatus {
        nominated_node: nominated.map(Into::into),
        start: start.and_then(|time| i64::try_from(time.0.as_nanosecond()).ok()).map(SimTime),
        deleting: pod.metadata.deletion_timestamp.is_some().then_some(why),
        claims: pod_claims(status),
        ..GivenStatus::default()
    };
    (given != GivenStatus::default()).then_some(given)
}

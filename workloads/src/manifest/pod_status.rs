//! What the status of a running pod says of its resources: it counts while a resize in place goes on.
//!
//! Source: `component-helpers/resource/helpers.go`.

use super::convert::{QuantityText, resource_list};
use super::field::{At, FieldError};
use k8s_openapi::api::core::v1 as core;
use std::collections::BTreeMap;
use towtank_sim::model::pod::{ActualResources, PodSpec};

/// Adds the resources in force to the specification. Those of init containers count for sidecars alone.
pub(super) fn actual_resources(spec: &mut PodSpec, status: &core::PodStatus, at: &At<'_>) -> Result<(), FieldError> {
    let lists =
        [("containerStatuses", &status.container_statuses), ("initContainerStatuses", &status.init_container_statuses)];
    let mut actual = BTreeMap::new();
    for (key, list) in lists {
        for (i, container) in list.iter().flatten().enumerate() {
            let (resources, allocated) = (container.resources.as_ref(), container.allocated_resources.as_ref());
            if let Some(of_container) = resources_in_force(resources, allocated, &at.key(key).index(i))? {
                actual.insert(container.name.clone(), of_container);
            }
        }
    }
    let sidecars = spec.init_containers.iter_mut().filter(|init| init.sidecar).map(|init| &mut init.container);
    for container in sidecars.chain(&mut spec.containers) {
        container.actual = actual.remove(&container.name).map(Box::new);
    }
    spec.actual = resources_in_force(status.resources.as_ref(), status.allocated_resources.as_ref(), at)?.map(Box::new);
    let pending = status.conditions.iter().flatten().find(|condition| condition.type_ == "PodResizePending");
    spec.resize_infeasible = pending.is_some_and(|condition| condition.reason.as_deref() == Some("Infeasible"));
    Ok(())
}

/// The resources of a status, which say nothing without `resources`.
fn resources_in_force(
    resources: Option<&core::ResourceRequirements>,
    allocated: Option<&BTreeMap<String, QuantityText>>,
    at: &At<'_>,
) -> Result<Option<ActualResources>, FieldError> {
    let Some(resources) = resources else { return Ok(None) };
    let resources_at = at.key("resources");
    Ok(Some(ActualResources {
        requests: resource_list(resources.requests.as_ref(), &resources_at.key("requests"))?,
        limits: resource_list(resources.limits.as_ref(), &resources_at.key("limits"))?,
        allocated: resource_list(allocated, &at.key("allocatedResources"))?,
    }))
}

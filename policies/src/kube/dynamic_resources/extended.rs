//! Extended resources behind which device classes stand: what a pod asks for becomes a claim of its own.
//!
//! Source: `pkg/scheduler/framework/plugins/dynamicresources/extendeddynamicresources.go`.

use towtank_sim::cluster::ObjectMeta;
use towtank_sim::dra::{
    AllocationMode, ClaimSpec, DEVICE_CLASS_RESOURCE_PREFIX, DeviceClass, DeviceRequest, RequestForm, RequestedDevices,
    ResourceClaim,
};
use towtank_sim::model::Quantity;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::{Container, PodSpec};
use towtank_sim::model::resources::ResourceId;
use towtank_sim::scheduler::Cycle;

/// The name of the claim before it is created: none that an object can have.
pub(super) const IN_MEMORY: &str = "<extended-resources>";

/// The claim for extended resources of a pod.
#[derive(Clone, Debug)]
pub(super) enum Extended<'c> {
    /// It is to be made, different for each node.
    New(Vec<ExtendedResource<'c>>),
    /// It was made for an attempt that failed later.
    Existing(&'c ObjectMeta),
}

/// An extended resource that the pod asks for.
#[derive(Clone, Debug)]
pub(super) struct ExtendedResource<'c> {
    id: ResourceId,
    name: &'c str,
    /// The class behind it.
    class: Option<&'c str>,
}

/// The extended resources of the pod, if a class stands behind one of them.
pub(super) fn extended<'c>(cycle: &Cycle<'c>) -> Option<Extended<'c>> {
    let cluster = cycle.cluster;
    let wanted = cycle.class.requests.iter().filter(|(id, _)| id.index() > ResourceId::PODS.index());
    let wanted = wanted.map(|(id, _)| (id, cluster.resources.name(id))).filter(|(_, name)| is_extended(name));
    let resources = wanted.map(|(id, name)| ExtendedResource {
        id,
        name,
        class: DeviceClass::behind(name, cluster).map(|(meta, _)| &*meta.name),
    });
    let resources: Vec<ExtendedResource<'c>> = resources.collect();
    if resources.iter().all(|resource| resource.class.is_none()) {
        return None;
    }
    let existing = cycle.live_pod().and_then(|pod| {
        let mut claims = cluster.objects().of_kind::<ResourceClaim>(ResourceClaim::KIND);
        let is_its = |meta: &ObjectMeta, claim: &ResourceClaim| {
            claim.for_extended_resources
                && meta.namespace == cycle.class.spec.namespace
                && claim.is_made_for(&pod.name, pod.uid)
        };
        claims.find(|(meta, claim)| is_its(meta, claim))
    });
    Some(existing.map_or(Extended::New(resources), |(meta, _)| Extended::Existing(meta)))
}

/// Whether a resource of this name can have a class behind it.
///
/// Source: `pkg/scheduler/util/utils.go`, `IsDRAExtendedResourceName`; `pkg/apis/core/v1/helper/helpers.go`.
pub(super) fn is_extended(name: &str) -> bool {
    let native = !name.contains('/') || name.contains("kubernetes.io/") || name.starts_with("requests.");
    !native || name.starts_with(DEVICE_CLASS_RESOURCE_PREFIX)
}

/// What of the resources a node must give through devices, as it has no such resource itself.
///
/// # Errors
/// The node has one of the resources in neither way.
pub(super) fn through_devices<'r, 'c>(
    resources: &'r [ExtendedResource<'c>],
    node: &Node,
) -> Result<Vec<&'r ExtendedResource<'c>>, &'static str> {
    let mut wanted = Vec::new();
    for resource in resources {
        if resource.class.is_some() && node.allocatable.get(resource.id) == 0 {
            wanted.push(resource);
        } else if !node.spec.allocatable.contains_key(resource.name) {
            return Err("cannot fit resource");
        }
    }
    Ok(wanted)
}

/// The claim for these resources. Init containers use what later containers ask for, as far as it goes; of what they need
/// beyond, the most counts.
///
/// Source: `createRequestsAndMappings` in the same file.
pub(super) fn claim_for(spec: &PodSpec, resources: &[&ExtendedResource<'_>]) -> ClaimSpec {
    let inits = spec.init_containers.iter().map(|init| (&init.container, init.sidecar));
    let containers: Vec<(&Container, bool)> = inits.chain(spec.containers.iter().map(|c| (c, true))).collect();
    let mut requests = Vec::new();
    for resource in resources {
        let Some(class) = resource.class else { continue };
        let count = |index: usize| count(containers[index].0, resource.name);
        let lasting: Vec<Option<i64>> =
            (0..containers.len()).map(|i| containers[i].1.then(|| count(i)).flatten()).collect();
        let mut most: Option<(usize, i64)> = None;
        for i in (0..containers.len()).filter(|i| !containers[*i].1) {
            let reused: i64 = lasting[i..].iter().flatten().sum();
            let beyond = count(i).map_or(0, |count| count - reused);
            if beyond > 0 && most.is_none_or(|(_, known)| known < beyond) {
                most = Some((i, beyond));
            }
        }
        let lasting = lasting.iter().enumerate().filter_map(|(i, count)| Some((i, (*count)?)));
        for (index, count) in most.into_iter().chain(lasting) {
            let position = containers[index].0.requests.keys().position(|name| name == resource.name).unwrap_or(0);
            let devices = RequestedDevices {
                class: class.to_owned(),
                mode: AllocationMode::ExactCount(count),
                ..RequestedDevices::default()
            };
            let name = format!("container-{index}-request-{position}");
            requests.push(DeviceRequest { name, form: RequestForm::Exactly(devices) });
        }
    }
    requests.sort_by(|a, b| a.name.cmp(&b.name));
    ClaimSpec { requests, constraints: Vec::new() }
}

/// How many a container asks for; `None` for none.
fn count(container: &Container, resource: &str) -> Option<i64> {
    let quantity = *container.requests.get(resource)?;
    let count = quantity.value();
    (count > 0 && Quantity::from_units(count) == quantity).then_some(count)
}

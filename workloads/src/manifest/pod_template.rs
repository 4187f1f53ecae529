//! Pod specifications, alone or in the template of a controller, with the API server's defaults.
//!
//! Source: `pkg/apis/core/v1/defaults.go`.

use super::annotations;
use super::containers::{container, init_container};
use super::convert::{Reading, resource_list, seconds};
use super::eviction_terms::eviction_terms;
use super::field::{At, FieldError};
use super::names::{check_labels, check_name};
use super::node_affinity::node_affinity;
use super::pod_affinity::{pod_affinity, pod_anti_affinity};
use super::pod_group;
use super::pod_resource_claims::pod_resource_claims;
use super::selectors::toleration;
use super::topology_spread::topology_spread;
use super::volumes::volumes;
use crate::template::PodTemplate;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::sync::Arc;
use towtank_sim::model::affinity::NodeAffinity;
use towtank_sim::model::labels::Labels;
use towtank_sim::model::pod::{DEFAULT_SCHEDULER, PodSpec, PreemptionPolicy, RestartPolicy, Usage};
use towtank_sim::model::pod_resources::is_pod_level;

/// The template at `at`, whose metadata and spec these are. Parts that are not modelled become warnings.
pub(super) fn pod_template(
    reading: &mut Reading<'_>,
    metadata: &ObjectMeta,
    from: Option<&core::PodSpec>,
    at: &At<'_>,
) -> Result<PodTemplate, FieldError> {
    let metadata_at = at.key("metadata");
    let labels = metadata.labels.clone().unwrap_or_default();
    check_labels(&labels, &metadata_at.key("labels"))?;
    let labels = Labels::from(labels);
    let (mut run, gpu) = annotations::pod(metadata.annotations.as_ref(), &metadata_at)?;
    if let Some(scale) = reading.scale {
        run = run.scaled(scale);
    }
    let at = &at.key("spec");
    let from = from.ok_or_else(|| at.error("required, and not given"))?;
    not_modelled(reading, from, at);

    let pod_name = metadata.name.as_deref().filter(|name| !name.is_empty());
    let name = |field: &Option<String>, key: &str| match field.as_deref().filter(|name| !name.is_empty()) {
        None => Ok(None),
        Some(name) => check_name(name, &at.key(key)).map(|()| Some(name.into())),
    };
    let node_selector = from.node_selector.clone().unwrap_or_default();
    check_labels(&node_selector, &at.key("nodeSelector"))?;
    let affinity_at = at.key("affinity");
    let affinity = from.affinity.as_ref();
    let node_affinity_of = affinity.and_then(|affinity| affinity.node_affinity.as_ref());
    let host_network = from.host_network.unwrap_or(false);
    let containers_at = at.key("containers");
    if from.containers.is_empty() {
        return Err(containers_at.error("required, and empty: expected at least one container"));
    }
    let containers = from.containers.iter().enumerate();
    let containers = containers.map(|(i, c)| container(c, host_network, &containers_at.index(i)));
    let init_at = at.key("initContainers");
    let init = from.init_containers.iter().flatten().enumerate();
    let init = init.map(|(i, c)| init_container(c, host_network, &init_at.index(i)));
    let tolerations_at = at.key("tolerations");
    let tolerations = from.tolerations.iter().flatten().enumerate();
    let tolerations = tolerations.map(|(i, t)| toleration(t, &tolerations_at.index(i)));
    let deadline = from.active_deadline_seconds.map(|n| seconds(n, 1, &at.key("activeDeadlineSeconds")));
    let grace = from.termination_grace_period_seconds.unwrap_or(30);

    let resources_at = at.key("resources");
    let resources = from.resources.clone().unwrap_or_default();
    let limits = resource_list(resources.limits.as_ref(), &resources_at.key("limits"))?;
    let requests = resource_list(resources.requests.as_ref(), &resources_at.key("requests"))?;

    let named = from.scheduling_group.as_ref().and_then(|group| group.pod_group_name.as_ref());
    let scheduling_group = named.or_else(|| labels.get(pod_group::LABEL)).filter(|name| !name.is_empty());

    let mut spec = PodSpec {
        namespace: reading.namespace.as_str().into(),
        labels: labels.clone(),
        scheduler_name: from.scheduler_name.as_deref().filter(|n| !n.is_empty()).unwrap_or(DEFAULT_SCHEDULER).into(),
        priority_class: name(&from.priority_class_name, "priorityClassName")?,
        priority: from.priority,
        preemption_policy: preemption_policy(from.preemption_policy.as_deref(), at)?,
        containers: containers.collect::<Result<_, _>>()?,
        init_containers: init.collect::<Result<_, _>>()?,
        requests,
        limits,
        actual: None,
        resize_infeasible: false,
        host_network,
        host_users: from.host_users.unwrap_or(true),
        overhead: resource_list(from.overhead.as_ref(), &at.key("overhead"))?,
        gpu,
        resource_claims: pod_resource_claims(from, at)?,
        node_name: name(&from.node_name, "nodeName")?,
        node_selector: node_selector.into(),
        node_affinity: match node_affinity_of {
            None => NodeAffinity::default(),
            Some(affinity) => node_affinity(affinity, &affinity_at.key("nodeAffinity"))?,
        },
        pod_affinity: pod_affinity(
            affinity.and_then(|affinity| affinity.pod_affinity.as_ref()),
            &labels,
            &affinity_at.key("podAffinity"),
        )?,
        pod_anti_affinity: pod_anti_affinity(
            affinity.and_then(|affinity| affinity.pod_anti_affinity.as_ref()),
            &labels,
            &affinity_at.key("podAntiAffinity"),
        )?,
        topology_spread: topology_spread(
            from.topology_spread_constraints.as_deref(),
            &labels,
            &at.key("topologySpreadConstraints"),
        )?,
        tolerations: tolerations.collect::<Result<_, _>>()?,
        scheduling_gates: from.scheduling_gates.iter().flatten().map(|gate| gate.name.clone()).collect(),
        scheduling_group: scheduling_group.map(|name| name.as_str().into()),
        volumes: volumes(from.volumes.as_deref().unwrap_or_default(), pod_name, &at.key("volumes"))?,
        restart_policy: restart_policy(from.restart_policy.as_deref(), at)?,
        termination_grace: seconds(grace, 0, &at.key("terminationGracePeriodSeconds"))?,
        active_deadline: deadline.transpose()?,
        eviction_terms: eviction_terms(metadata, from),
    };
    default_huge_page_limits(&mut spec);
    default_pod_requests(&mut spec);
    Ok(PodTemplate { spec: Arc::new(spec), run, usage: Usage::default() })
}

/// Huge pages that the containers limit are limited for a pod that has resources as a whole, unless it requests them.
///
/// Source: `pkg/apis/core/v1/defaults.go`, `defaultHugePagePodLimits`.
fn default_huge_page_limits(spec: &mut PodSpec) {
    if spec.limits.is_empty() && spec.requests.is_empty() {
        return;
    }
    let of_containers = spec.of_containers(|container| container.limits.clone());
    for (name, limit) in of_containers.into_iter().filter(|(name, _)| name.starts_with("hugepages-")) {
        if !spec.requests.contains_key(&name) {
            spec.limits.entry(name).or_insert(limit);
        }
    }
}

/// Where a pod has a limit as a whole, it requests what its containers request together, and what they do not request at its
/// limit.
///
/// Source: `pkg/apis/core/v1/defaults.go`, `defaultPodRequests`.
fn default_pod_requests(spec: &mut PodSpec) {
    if spec.limits.is_empty() {
        return;
    }
    let of_containers = spec.of_containers(|container| container.requests.clone());
    let summed = of_containers.into_iter().filter(|(name, _)| matches!(name.as_str(), "cpu" | "memory"));
    let limits = spec.limits.clone().into_iter().filter(|(name, _)| is_pod_level(name));
    for (name, quantity) in summed.chain(limits) {
        spec.requests.entry(name).or_insert(quantity);
    }
}

fn preemption_policy(text: Option<&str>, at: &At<'_>) -> Result<Option<PreemptionPolicy>, FieldError> {
    match text {
        None | Some("") => Ok(None),
        Some("PreemptLowerPriority") => Ok(Some(PreemptionPolicy::PreemptLowerPriority)),
        Some("Never") => Ok(Some(PreemptionPolicy::Never)),
        Some(other) => Err(at
            .key("preemptionPolicy")
            .error(format_args!("`{other}` is not a policy: expected PreemptLowerPriority or Never"))),
    }
}

fn restart_policy(text: Option<&str>, at: &At<'_>) -> Result<RestartPolicy, FieldError> {
    match text {
        None | Some("" | "Always") => Ok(RestartPolicy::Always),
        Some("OnFailure") => Ok(RestartPolicy::OnFailure),
        Some("Never") => Ok(RestartPolicy::Never),
        Some(other) => Err(at
            .key("restartPolicy")
            .error(format_args!("`{other}` is not a restart policy: expected Always, OnFailure or Never"))),
    }
}

/// Warns of parts that would influence scheduling, but are not modelled.
fn not_modelled(reading: &mut Reading<'_>, from: &core::PodSpec, at: &At<'_>) {
    if from.runtime_class_name.is_some() {
        reading.warn(&at.key("runtimeClassName"), "has no effect: not modelled yet");
    }
}

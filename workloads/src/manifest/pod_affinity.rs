//! Affinity and anti-affinity between pods, with what the API server merges into their selectors.
//!
//! Source: `pkg/apis/core/validation/validation.go`, `pkg/registry/core/pod/strategy.go`.

use super::field::{At, FieldError};
use super::names::{check_label_key, check_name};
use super::selectors::label_selector;
use k8s_openapi::api::core::v1 as core;
use std::sync::Arc;
use towtank_sim::model::labels::{LabelSelector, Labels, Operator, Requirement};
use towtank_sim::model::pod_affinity::{PodAffinity, PodAffinityTerm, WeightedPodAffinityTerm};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// `podAffinity` of a pod with these labels.
pub(super) fn pod_affinity(
    from: Option<&core::PodAffinity>,
    labels: &Labels,
    at: &At<'_>,
) -> Result<PodAffinity, FieldError> {
    from.map_or_else(
        || Ok(PodAffinity::default()),
        |from| {
            let required = from.required_during_scheduling_ignored_during_execution.as_deref();
            let preferred = from.preferred_during_scheduling_ignored_during_execution.as_deref();
            affinity(required, preferred, labels, at)
        },
    )
}

/// `podAntiAffinity` of a pod with these labels.
pub(super) fn pod_anti_affinity(
    from: Option<&core::PodAntiAffinity>,
    labels: &Labels,
    at: &At<'_>,
) -> Result<PodAffinity, FieldError> {
    from.map_or_else(
        || Ok(PodAffinity::default()),
        |from| {
            let required = from.required_during_scheduling_ignored_during_execution.as_deref();
            let preferred = from.preferred_during_scheduling_ignored_during_execution.as_deref();
            affinity(required, preferred, labels, at)
        },
    )
}

fn affinity(
    required: Option<&[core::PodAffinityTerm]>,
    preferred: Option<&[core::WeightedPodAffinityTerm]>,
    labels: &Labels,
    at: &At<'_>,
) -> Result<PodAffinity, FieldError> {
    let (required_at, preferred_at) = (at.key(REQUIRED), at.key(PREFERRED));
    let required = required.into_iter().flatten().enumerate();
    let preferred = preferred.into_iter().flatten().enumerate();
    Ok(PodAffinity {
        required: required.map(|(i, t)| term(t, labels, &required_at.index(i))).collect::<Result<_, _>>()?,
        preferred: preferred.map(|(i, p)| preference(p, labels, &preferred_at.index(i))).collect::<Result<_, _>>()?,
    })
}

fn preference(
    from: &core::WeightedPodAffinityTerm,
    labels: &Labels,
    at: &At<'_>,
) -> Result<WeightedPodAffinityTerm, FieldError> {
    if !(1..=100).contains(&from.weight) {
        let message = format_args!("Invalid value: {}: must be in the range 1-100", from.weight);
        return Err(at.key("weight").error(message));
    }
    let term = term(&from.pod_affinity_term, labels, &at.key("podAffinityTerm"))?;
    Ok(WeightedPodAffinityTerm { weight: from.weight, term })
}

fn term(from: &core::PodAffinityTerm, labels: &Labels, at: &At<'_>) -> Result<PodAffinityTerm, FieldError> {
    let selector = from.label_selector.as_ref().map(|s| label_selector(s, &at.key("labelSelector"))).transpose()?;
    let namespace_selector =
        from.namespace_selector.as_ref().map(|s| label_selector(s, &at.key("namespaceSelector"))).transpose()?;
    let namespaces_at = at.key("namespaces");
    let namespaces = from.namespaces.iter().flatten().enumerate();
    let namespaces = namespaces
        .map(|(i, name)| check_name(name, &namespaces_at.index(i)).map(|()| Arc::from(name.as_str())))
        .collect::<Result<_, _>>()?;
    let key = at.key("topologyKey");
    if from.topology_key.is_empty() {
        return Err(key.error("Required value: can not be empty"));
    }
    check_label_key(&from.topology_key, &key)?;
    let mut selector = selector;
    let keys = [
        ("matchLabelKeys", Operator::In, &from.match_label_keys),
        ("mismatchLabelKeys", Operator::NotIn, &from.mismatch_label_keys),
    ];
    for (name, operator, keys) in keys {
        merge_label_keys(selector.as_mut(), keys.as_deref(), operator, labels, &at.key(name))?;
    }
    Ok(PodAffinityTerm { selector, namespaces, namespace_selector, topology_key: from.topology_key.as_str().into() })
}

/// Merges label keys into a selector: pods whose label has the same value as this one's, or another. A key that the pod has not
/// is passed over.
pub(super) fn merge_label_keys(
    selector: Option<&mut LabelSelector>,
    keys: Option<&[String]>,
    operator: Operator,
    labels: &Labels,
    at: &At<'_>,
) -> Result<(), FieldError> {
    let Some(keys) = keys.filter(|keys| !keys.is_empty()) else { return Ok(()) };
    let Some(selector) = selector else {
        return Err(at.error("Forbidden: must not be specified when labelSelector is not set"));
    };
    for (i, key) in keys.iter().enumerate() {
        check_label_key(key, &at.index(i))?;
        if let Some(value) = labels.get(key) {
            selector.expressions.push(Requirement { key: key.clone(), operator, values: vec![value.clone()] });
        }
    }
    Ok(())
}

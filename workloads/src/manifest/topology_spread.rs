//! Topology spread constraints.
//!
//! Source: `pkg/apis/core/validation/validation.go`, `validateTopologySpreadConstraints`.

use super::field::{At, FieldError};
use super::names::check_label_key;
use super::pod_affinity::merge_label_keys;
use super::selectors::label_selector;
use k8s_openapi::api::core::v1 as core;
use towtank_sim::model::labels::{Labels, Operator};
use towtank_sim::model::topology_spread::{NodeInclusionPolicy, TopologySpreadConstraint, WhenUnsatisfiable};

/// The constraints of a pod with these labels.
pub(super) fn topology_spread(
    from: Option<&[core::TopologySpreadConstraint]>,
    labels: &Labels,
    at: &At<'_>,
) -> Result<Vec<TopologySpreadConstraint>, FieldError> {
    let mut constraints: Vec<TopologySpreadConstraint> = Vec::new();
    for (i, from) in from.into_iter().flatten().enumerate() {
        let at = at.index(i);
        let read = constraint(from, labels, &at)?;
        let same = |other: &TopologySpreadConstraint| {
            other.topology_key == read.topology_key && other.when_unsatisfiable == read.when_unsatisfiable
        };
        if constraints.iter().any(same) {
            let pair = format!("{{{}, {}}}", from.topology_key, from.when_unsatisfiable);
            return Err(at.key("{topologyKey, whenUnsatisfiable}").error(format_args!("Duplicate value: \"{pair}\"")));
        }
        constraints.push(read);
    }
    Ok(constraints)
}

fn constraint(
    from: &core::TopologySpreadConstraint,
    labels: &Labels,
    at: &At<'_>,
) -> Result<TopologySpreadConstraint, FieldError> {
    if from.max_skew <= 0 {
        let message = format_args!("Invalid value: {}: must be greater than zero", from.max_skew);
        return Err(at.key("maxSkew").error(message));
    }
    let key = at.key("topologyKey");
    if from.topology_key.is_empty() {
        return Err(key.error("Required value: can not be empty"));
    }
    check_label_key(&from.topology_key, &key)?;
    let when_unsatisfiable = match from.when_unsatisfiable.as_str() {
        "DoNotSchedule" => WhenUnsatisfiable::DoNotSchedule,
        "ScheduleAnyway" => WhenUnsatisfiable::ScheduleAnyway,
        other => {
            let message =
                format!("Unsupported value: \"{other}\": supported values: \"DoNotSchedule\", \"ScheduleAnyway\"");
            return Err(at.key("whenUnsatisfiable").error(message));
        }
    };
    if let Some(least) = from.min_domains {
        let at = at.key("minDomains");
        if least <= 0 {
            return Err(at.error(format_args!("Invalid value: {least}: must be greater than zero")));
        }
        if when_unsatisfiable != WhenUnsatisfiable::DoNotSchedule {
            let policy = &from.when_unsatisfiable;
            return Err(at.error(format_args!(
                "Invalid value: {least}: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {policy}"
            )));
        }
    }
    let mut selector = from.label_selector.as_ref().map(|s| label_selector(s, &at.key("labelSelector"))).transpose()?;
    let keys = from.match_label_keys.as_deref();
    merge_label_keys(selector.as_mut(), keys, Operator::In, labels, &at.key("matchLabelKeys"))?;
    Ok(TopologySpreadConstraint {
        max_skew: from.max_skew,
        topology_key: from.topology_key.as_str().into(),
        when_unsatisfiable,
        selector,
        min_domains: from.min_domains,
        node_affinity_policy: policy(
            from.node_affinity_policy.as_deref(),
            NodeInclusionPolicy::Honor,
            &at.key("nodeAffinityPolicy"),
        )?,
        node_taints_policy: policy(
            from.node_taints_policy.as_deref(),
            NodeInclusionPolicy::Ignore,
            &at.key("nodeTaintsPolicy"),
        )?,
    })
}

fn policy(text: Option<&str>, default: NodeInclusionPolicy, at: &At<'_>) -> Result<NodeInclusionPolicy, FieldError> {
    match text {
        None => Ok(default),
        Some("Honor") => Ok(NodeInclusionPolicy::Honor),
        Some("Ignore") => Ok(NodeInclusionPolicy::Ignore),
        Some(other) => {
            let message = format_args!("Unsupported value: \"{other}\": supported values: \"Honor\", \"Ignore\"");
            Err(at.error(message))
        }
    }
}

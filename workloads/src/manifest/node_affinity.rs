//! Node selectors and node affinity.

use super::field::{At, FieldError};
use super::selectors::{NODES, requirement};
use k8s_openapi::api::core::v1 as core;
use towtank_sim::model::affinity::{NodeAffinity, NodeSelector, NodeSelectorTerm, PreferredNode};
use towtank_sim::model::labels::{Operator, Requirement};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// `nodeAffinity`.
pub(super) fn node_affinity(from: &core::NodeAffinity, at: &At<'_>) -> Result<NodeAffinity, FieldError> {
    let required = match &from.required_during_scheduling_ignored_during_execution {
        None => None,
        Some(selector) => Some(node_selector(selector, &at.key(REQUIRED))?),
    };
    let list = at.key(PREFERRED);
    let preferred = from.preferred_during_scheduling_ignored_during_execution.iter().flatten().enumerate();
    let preferred = preferred.map(|(i, p)| preference(p, &list.index(i))).collect::<Result<_, _>>()?;
    Ok(NodeAffinity { required, preferred })
}

/// A node selector: at least one term.
pub(super) fn node_selector(from: &core::NodeSelector, at: &At<'_>) -> Result<NodeSelector, FieldError> {
    let terms_at = at.key("nodeSelectorTerms");
    if from.node_selector_terms.is_empty() {
        return Err(terms_at.error("required, and empty: expected at least one term"));
    }
    let terms = from.node_selector_terms.iter().enumerate();
    Ok(NodeSelector { terms: terms.map(|(i, t)| term(t, &terms_at.index(i))).collect::<Result<_, _>>()? })
}

fn preference(from: &core::PreferredSchedulingTerm, at: &At<'_>) -> Result<PreferredNode, FieldError> {
    if !(1..=100).contains(&from.weight) {
        return Err(at.key("weight").error(format_args!("`{}` is out of range: expected 1 to 100", from.weight)));
    }
    Ok(PreferredNode { weight: from.weight, term: term(&from.preference, &at.key("preference"))? })
}

fn term(from: &core::NodeSelectorTerm, at: &At<'_>) -> Result<NodeSelectorTerm, FieldError> {
    let read = |list: &Option<Vec<core::NodeSelectorRequirement>>, at: &At<'_>| {
        let values = |r: &core::NodeSelectorRequirement| r.values.clone().unwrap_or_default();
        let requirements = list.iter().flatten().enumerate();
        requirements
            .map(|(i, r)| requirement(&r.key, &r.operator, &values(r), NODES, &at.index(i)))
            .collect::<Result<Vec<Requirement>, _>>()
    };
    let fields_at = at.key("matchFields");
    let fields = read(&from.match_fields, &fields_at)?;
    for (i, field) in fields.iter().enumerate() {
        let one = matches!(field.operator, Operator::In | Operator::NotIn) && field.values.len() == 1;
        if field.key != "metadata.name" || !one {
            let at = fields_at.index(i);
            return Err(at.error("expected the field metadata.name, with In or NotIn and one value"));
        }
    }
    Ok(NodeSelectorTerm { expressions: read(&from.match_expressions, &at.key("matchExpressions"))?, fields })
}

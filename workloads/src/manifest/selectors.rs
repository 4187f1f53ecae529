//! Label selectors, and tolerations and taints.

use super::convert::seconds;
use super::field::{At, FieldError};
use super::names::{check_label_key, check_label_value, check_labels};
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use towtank_sim::model::labels::{LabelSelector, Labels, Operator, Requirement};
use towtank_sim::model::taint::{Effect, Taint, Toleration, TolerationOperator};

/// A label selector.
pub(super) fn label_selector(from: &meta::LabelSelector, at: &At<'_>) -> Result<LabelSelector, FieldError> {
    let match_labels = from.match_labels.clone().unwrap_or_default();
    check_labels(&match_labels, &at.key("matchLabels"))?;
    let list = at.key("matchExpressions");
    let expressions = from.match_expressions.iter().flatten().enumerate();
    let expressions = expressions
        .map(|(i, r)| requirement(&r.key, &r.operator, r.values.as_deref().unwrap_or_default(), LABELS, &list.index(i)))
        .collect::<Result<_, _>>()?;
    Ok(LabelSelector { match_labels: match_labels.into(), expressions })
}

/// The selector of a controller: it must select something, and the labels of its own template.
pub(super) fn template_selector(
    from: &meta::LabelSelector,
    labels: &Labels,
    at: &At<'_>,
) -> Result<LabelSelector, FieldError> {
    let at = &at.key("selector");
    let selector = label_selector(from, at)?;
    if selector.is_empty() {
        return Err(at.error("required, and empty: expected labels of the template"));
    }
    if selector.matches(labels) {
        return Ok(selector);
    }
    Err(at.error("`selector` does not match template `labels`: expected it to select spec.template.metadata.labels"))
}

type Operators = &'static [(&'static str, Operator)];

const LABELS: Operators = &[
    ("In", Operator::In),
    ("NotIn", Operator::NotIn),
    ("Exists", Operator::Exists),
    ("DoesNotExist", Operator::DoesNotExist),
];

/// The operators of node selectors: those of labels, and comparisons.
pub(super) const NODES: Operators =
    &[LABELS[0], LABELS[1], LABELS[2], LABELS[3], ("Gt", Operator::Gt), ("Lt", Operator::Lt)];

/// One requirement of a selector.
///
/// Source: `apimachinery/pkg/apis/meta/v1/validation/validation.go`, `pkg/apis/core/validation/validation.go`.
pub(super) fn requirement(
    key: &str,
    operator: &str,
    values: &[String],
    operators: Operators,
    at: &At<'_>,
) -> Result<Requirement, FieldError> {
    check_label_key(key, &at.key("key"))?;
    let Some((_, parsed)) = operators.iter().find(|(name, _)| *name == operator) else {
        let names: Vec<&str> = operators.iter().map(|(name, _)| *name).collect();
        return Err(at.key("operator").error(format_args!(
            "Invalid value: {operator:?}: not a valid selector operator: expected one of {}",
            names.join(", ")
        )));
    };
    let at = at.key("values");
    match parsed {
        Operator::In | Operator::NotIn if values.is_empty() => {
            Err(at.error("Required value: must be specified when `operator` is 'In' or 'NotIn'"))
        }
        Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
            Err(at.error("Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
        }
        Operator::Gt | Operator::Lt if !matches!(values, [one] if one.parse::<i64>().is_ok()) => {
            Err(at.error(format_args!("expected exactly one whole number with {operator}")))
        }
        _ => {
            for (i, value) in values.iter().enumerate() {
                check_label_value(value, &at.index(i))?;
            }
            Ok(Requirement { key: key.to_owned(), operator: *parsed, values: values.to_vec() })
        }
    }
}

/// A toleration outside of a manifest.
pub(crate) fn read_toleration(from: &core::Toleration) -> Result<Toleration, String> {
    toleration(from, &At::ROOT).map_err(|error| format!("{}: {}", error.path, error.message))
}

/// A taint outside of a manifest.
pub(crate) fn read_taint(from: &core::Taint) -> Result<Taint, String> {
    taint(from, &At::ROOT).map_err(|error| format!("{}: {}", error.path, error.message))
}

/// A taint of a node.
pub(super) fn taint(from: &core::Taint, at: &At<'_>) -> Result<Taint, FieldError> {
    check_label_key(&from.key, &at.key("key"))?;
    let effect: Effect = from.effect.parse().map_err(|error: String| at.key("effect").error(error))?;
    Ok(Taint { key: from.key.clone(), value: from.value.clone().unwrap_or_default(), effect })
}

/// A toleration of a pod.
pub(super) fn toleration(from: &core::Toleration, at: &At<'_>) -> Result<Toleration, FieldError> {
    let key = from.key.clone().unwrap_or_default();
    let value = from.value.clone().unwrap_or_default();
    let operator = match from.operator.as_deref().unwrap_or("Equal") {
        "" | "Equal" => TolerationOperator::Equal,
        "Exists" => TolerationOperator::Exists,
        "Lt" => TolerationOperator::Lt,
        "Gt" => TolerationOperator::Gt,
        other => {
            let at = at.key("operator");
            return Err(at.error(format_args!(
                "Unsupported value: {other:?}: supported values: \"Equal\", \"Exists\", \"Lt\", \"Gt\""
            )));
        }
    };
    if !key.is_empty() {
        check_label_key(&key, &at.key("key"))?;
    } else if operator != TolerationOperator::Exists {
        return Err(at.key("operator").error("expected Exists where `key` is empty, to tolerate every taint"));
    }
    match operator {
        TolerationOperator::Exists if !value.is_empty() => {
            return Err(at.key("value").error("expected no value with Exists"));
        }
        TolerationOperator::Lt | TolerationOperator::Gt if value.parse::<i64>().is_err() => {
            return Err(at
                .key("value")
                .error(format_args!("`{value}` is not a whole number: expected one with Lt or Gt")));
        }
        _ => {}
    }
    let effect = match from.effect.as_deref().filter(|effect| !effect.is_empty()) {
        None => None,
        Some(effect) => Some(effect.parse().map_err(|error: String| at.key("effect").error(error))?),
    };
    let bound = &at.key("tolerationSeconds");
    let seconds = match from.toleration_seconds {
        Some(_) if effect != Some(Effect::NoExecute) => {
            return Err(at.key("effect").error("expected NoExecute with tolerationSeconds"));
        }
        // Upstream: zero and negative values mean at once.
        Some(n) => Some(seconds(n.max(0), 0, bound)?),
        None => None,
    };
    Ok(Toleration { key, operator, value, effect, seconds })
}

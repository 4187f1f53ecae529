//! ResourceQuotas.

use super::convert::{Reading, resource_list};
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::Item;
use k8s_openapi::api::core::v1 as core;
use towtank_sim::cluster::{QuotaScope, ResourceQuota, ScopeOperator, ScopeRequirement};

pub(super) const KIND: Kind = Kind { name: ResourceQuota::KIND, api_version: "v1", namespaced: true, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let quota: core::ResourceQuota = reading.typed()?;
    let at = At::ROOT.key("spec");
    let spec = quota.spec.unwrap_or_default();
    let scopes_at = at.key("scopes");
    let mut scopes = Vec::new();
    for (i, text) in spec.scopes.iter().flatten().enumerate() {
        scopes.push(ScopeRequirement::exists(scope(text, &scopes_at.index(i))?));
    }
    let selector_at = at.key("scopeSelector");
    let list = selector_at.key("matchExpressions");
    for (i, term) in spec.scope_selector.iter().flat_map(|s| s.match_expressions.iter().flatten()).enumerate() {
        scopes.push(scope_requirement(term, &list.index(i))?);
    }
    let hard = resource_list(spec.hard.as_ref(), &at.key("hard"))?;
    Ok(Some(Item::object(reading, ResourceQuota::new(hard, scopes))))
}

fn scope(text: &str, at: &At<'_>) -> Result<QuotaScope, FieldError> {
    text.parse().map_err(|error: String| at.error(error))
}

/// Source: `pkg/apis/core/validation/validation.go`, `validateScopedResourceSelectorRequirement`.
fn scope_requirement(
    from: &core::ScopedResourceSelectorRequirement,
    at: &At<'_>,
) -> Result<ScopeRequirement, FieldError> {
    let operator_at = at.key("operator");
    let scope = scope(&from.scope_name, &at.key("scopeName"))?;
    let operator: ScopeOperator = from.operator.parse().map_err(|error: String| operator_at.error(error))?;
    if scope != QuotaScope::PriorityClass && operator != ScopeOperator::Exists {
        return Err(operator_at.error("expected Exists with a scope other than PriorityClass"));
    }
    let values = from.values.clone().unwrap_or_default();
    let compares = matches!(operator, ScopeOperator::In | ScopeOperator::NotIn);
    if compares == values.is_empty() {
        let expected = if compares { "expected at least one value" } else { "expected no values" };
        return Err(at.key("values").error(format_args!("{expected} with {}", from.operator)));
    }
    Ok(ScopeRequirement { scope, operator, values })
}

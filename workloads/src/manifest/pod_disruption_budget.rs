//! PodDisruptionBudgets.

use super::convert::{Reading, count_or_percent};
use super::field::{At, FieldError};
use super::kinds::Kind;
use super::objects::Item;
use super::selectors::label_selector;
use crate::controllers::CountOrPercent;
use k8s_openapi::api::policy::v1 as policy;
use towtank_sim::model::labels::LabelSelector;

pub(super) const KIND: Kind = Kind { name: "PodDisruptionBudget", api_version: "policy/v1", namespaced: true, read };

/// A PodDisruptionBudget of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodDisruptionBudgetManifest {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The pods it covers; `None` selects none, an empty selector all of the namespace.
    pub selector: Option<LabelSelector>,
    /// How many must stay available.
    pub min_available: Option<CountOrPercent>,
    /// How many may be unavailable.
    pub max_unavailable: Option<CountOrPercent>,
    /// `unhealthyPodEvictionPolicy: AlwaysAllow`.
    pub always_allow_unhealthy: bool,
}

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let budget: policy::PodDisruptionBudget = reading.typed()?;
    let at = At::ROOT.key("spec");
    let spec = budget.spec.unwrap_or_default();
    let (least, most) = (at.key("minAvailable"), at.key("maxUnavailable"));
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        return Err(most.error("expected this field or minAvailable, not both"));
    }
    let always_allow_unhealthy = match spec.unhealthy_pod_eviction_policy.as_deref() {
        None | Some("IfHealthyBudget") => false,
        Some("AlwaysAllow") => true,
        Some(other) => {
            let at = at.key("unhealthyPodEvictionPolicy");
            return Err(at.error(format_args!("`{other}` is not a policy: expected IfHealthyBudget or AlwaysAllow")));
        }
    };
    Ok(Some(Item::PodDisruptionBudget(PodDisruptionBudgetManifest {
        namespace: reading.namespace.clone(),
        name: reading.name.clone(),
        selector: spec.selector.as_ref().map(|s| label_selector(s, &at.key("selector"))).transpose()?,
        min_available: spec.min_available.as_ref().map(|n| count_or_percent(n, &least)).transpose()?,
        max_unavailable: spec.max_unavailable.as_ref().map(|n| count_or_percent(n, &most)).transpose()?,
        always_allow_unhealthy,
    })))
}

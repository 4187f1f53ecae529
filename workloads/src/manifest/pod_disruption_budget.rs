//! PodDisruptionBudgets.

use super::convert::{Reading, int_or_percent};
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::Item;
use super::selectors::label_selector;
use k8s_openapi::api::policy::v1 as policy;
use towtank_sim::disruption::{GivenBudgetStatus, PodDisruptionBudget, UnhealthyPodEvictionPolicy};

pub(super) const KIND: Kind =
    Kind { name: PodDisruptionBudget::KIND, api_version: "policy/v1", namespaced: true, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let budget: policy::PodDisruptionBudget = reading.typed()?;
    let at = At::ROOT.key("spec");
    let spec = budget.spec.unwrap_or_default();
    let (least, most) = (at.key("minAvailable"), at.key("maxUnavailable"));
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        return Err(most.error("expected this field or minAvailable, not both"));
    }
    let policy = match spec.unhealthy_pod_eviction_policy.as_deref() {
        None | Some("IfHealthyBudget") => UnhealthyPodEvictionPolicy::IfHealthyBudget,
        Some("AlwaysAllow") => UnhealthyPodEvictionPolicy::AlwaysAllow,
        Some(other) => {
            let at = at.key("unhealthyPodEvictionPolicy");
            return Err(at.error(format_args!("`{other}` is not a policy: expected IfHealthyBudget or AlwaysAllow")));
        }
    };
    let given = budget.status.map_or_else(GivenBudgetStatus::default, |status| GivenBudgetStatus {
        disruptions_allowed: status.disruptions_allowed.unwrap_or(0),
        disrupted_pods: status.disrupted_pods.unwrap_or_default().into_keys().collect(),
    });
    let body = PodDisruptionBudget {
        selector: spec.selector.as_ref().map(|s| label_selector(s, &at.key("selector"))).transpose()?,
        min_available: spec.min_available.as_ref().map(|n| int_or_percent(n, &least)).transpose()?,
        max_unavailable: spec.max_unavailable.as_ref().map(|n| int_or_percent(n, &most)).transpose()?,
        unhealthy_pod_eviction_policy: policy,
        given,
    };
    Ok(Some(Item::object(reading, body)))
}

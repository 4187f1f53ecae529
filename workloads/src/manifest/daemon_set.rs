//! DaemonSets.
//!
//! Defaults: `pkg/apis/apps/v1/defaults.go`.

use super::convert::{Reading, count, int_or_percent, seconds};
use super::deployment::always_restarted;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::Item;
use super::pod_template::pod_template;
use super::selectors::template_selector;
use crate::controllers::{DaemonSet, DaemonSetStatus, DaemonSetStrategy, with_tolerations};
use crate::template::PodTemplate;
use k8s_openapi::api::apps::v1 as apps;
use std::sync::Arc;
use towtank_sim::disruption::IntOrPercent;

pub(super) const KIND: Kind = Kind { name: DaemonSet::KIND, api_version: "apps/v1", namespaced: true, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let set: apps::DaemonSet = reading.typed()?;
    let at = At::ROOT.key("spec");
    let spec = set.spec.ok_or_else(|| at.error("required, and not given"))?;
    let template_at = at.key("template");
    let metadata = spec.template.metadata.unwrap_or_default();
    let template = pod_template(reading, &metadata, spec.template.spec.as_ref(), &template_at)?;
    always_restarted(&template, &template_at)?;
    let selector = template_selector(&spec.selector, &template.spec.labels, &at)?;
    let pod = with_tolerations((*template.spec).clone());
    let body = DaemonSet {
        selector,
        template: PodTemplate { spec: Arc::new(pod), ..template },
        strategy: strategy(spec.update_strategy.unwrap_or_default(), &at.key("updateStrategy"))?,
        min_ready: seconds(spec.min_ready_seconds.unwrap_or(0).into(), 0, &at.key("minReadySeconds"))?,
        revision_history_limit: count(spec.revision_history_limit, 10, &at.key("revisionHistoryLimit"))?,
        status: DaemonSetStatus::default(),
    };
    Ok(Some(Item::object(reading, body)))
}

fn strategy(from: apps::DaemonSetUpdateStrategy, at: &At<'_>) -> Result<DaemonSetStrategy, FieldError> {
    match from.type_.as_deref() {
        Some("OnDelete") => Ok(DaemonSetStrategy::OnDelete),
        None | Some("" | "RollingUpdate") => {
            let at = at.key("rollingUpdate");
            let rolling = from.rolling_update.unwrap_or_default();
            let read = |value: Option<_>, default, key: &str| match value {
                Some(value) => int_or_percent(&value, &at.key(key)),
                None => Ok(IntOrPercent::Int(default)),
            };
            let max_surge = read(rolling.max_surge, 0, "maxSurge")?;
            let max_unavailable = read(rolling.max_unavailable, 1, "maxUnavailable")?;
            let none = |value| matches!(value, IntOrPercent::Int(0) | IntOrPercent::Percent(0));
            match (none(max_surge), none(max_unavailable)) {
                (true, true) => Err(at.key("maxUnavailable").error("may not be 0 when `maxSurge` is 0")),
                (false, false) => {
                    Err(at.key("maxSurge").error("may not be set when `maxUnavailable` is not 0, as it is by default"))
                }
                _ => Ok(DaemonSetStrategy::RollingUpdate { max_surge, max_unavailable }),
            }
        }
        Some(other) => {
            Err(at.key("type").error(format_args!("`{other}` is not a strategy: expected RollingUpdate or OnDelete")))
        }
    }
}

//! Deployments.
//!
//! Defaults: `pkg/apis/apps/v1/defaults.go`.

use super::convert::{Reading, count, int_or_percent, seconds};
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::Item;
use super::pod_template::pod_template;
use super::selectors::template_selector;
use crate::controllers::{Deployment, DeploymentStatus, Strategy};
use crate::template::PodTemplate;
use k8s_openapi::api::apps::v1 as apps;
use towtank_sim::disruption::IntOrPercent;
use towtank_sim::model::pod::RestartPolicy;

pub(super) const KIND: Kind = Kind { name: "Deployment", api_version: "apps/v1", namespaced: true, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let deployment: apps::Deployment = reading.typed()?;
    let at = At::ROOT.key("spec");
    let spec = deployment.spec.ok_or_else(|| at.error("required, and not given"))?;
    let template_at = at.key("template");
    let metadata = spec.template.metadata.unwrap_or_default();
    let template = pod_template(reading, &metadata, spec.template.spec.as_ref(), &template_at)?;
    always_restarted(&template, &template_at)?;
    let selector = template_selector(&spec.selector, &template.spec.labels, &at)?;
    let min_ready = spec.min_ready_seconds.unwrap_or(0);
    let deadline_at = at.key("progressDeadlineSeconds");
    let deadline = spec.progress_deadline_seconds.unwrap_or(600);
    if deadline <= min_ready {
        return Err(deadline_at.error("must be greater than minReadySeconds"));
    }
    let body = Deployment {
        replicas: count(spec.replicas, 1, &at.key("replicas"))?,
        selector,
        template,
        strategy: strategy(spec.strategy.unwrap_or_default(), &at.key("strategy"))?,
        min_ready: seconds(min_ready.into(), 0, &at.key("minReadySeconds"))?,
        history_limit: Some(count(spec.revision_history_limit, 10, &at.key("revisionHistoryLimit"))?)
            .filter(|limit| is_limited(*limit)),
        progress_deadline: Some(seconds(deadline.into(), 0, &deadline_at)?).filter(|_| deadline != i32::MAX),
        paused: spec.paused.unwrap_or(false),
        status: DeploymentStatus::default(),
    };
    Ok(Some(Item::object(reading, body)))
}

/// The largest number stands for no limit.
const fn is_limited(limit: u32) -> bool {
    limit != i32::MAX.unsigned_abs()
}

/// The pods of a Deployment and of a ReplicaSet are restarted for ever.
pub(super) fn always_restarted(template: &PodTemplate, at: &At<'_>) -> Result<(), FieldError> {
    if template.spec.restart_policy == RestartPolicy::Always {
        return Ok(());
    }
    let at = at.key("spec");
    Err(at.key("restartPolicy").error("unsupported here: expected Always"))
}

fn strategy(from: apps::DeploymentStrategy, at: &At<'_>) -> Result<Strategy, FieldError> {
    let rolling_at = at.key("rollingUpdate");
    match from.type_.as_deref() {
        Some("Recreate") if from.rolling_update.is_some() => Err(rolling_at.error("expected none with Recreate")),
        Some("Recreate") => Ok(Strategy::Recreate),
        None | Some("" | "RollingUpdate") => {
            let rolling = from.rolling_update.unwrap_or_default();
            let default = IntOrPercent::Percent(25);
            let read = |value: Option<_>, key: &str| match value {
                Some(value) => int_or_percent(&value, &rolling_at.key(key)),
                None => Ok(default),
            };
            let max_surge = read(rolling.max_surge, "maxSurge")?;
            let max_unavailable = read(rolling.max_unavailable, "maxUnavailable")?;
            let none = |value| matches!(value, IntOrPercent::Int(0) | IntOrPercent::Percent(0));
            if none(max_surge) && none(max_unavailable) {
                return Err(rolling_at.key("maxUnavailable").error("may not be 0 when `maxSurge` is 0"));
            }
            Ok(Strategy::RollingUpdate { max_surge, max_unavailable })
        }
        Some(other) => {
            Err(at.key("type").error(format_args!("`{other}` is not a strategy: expected RollingUpdate or Recreate")))
        }
    }
}

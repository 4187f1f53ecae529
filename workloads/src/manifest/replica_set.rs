//! ReplicaSets.

use super::convert::{Reading, count, seconds};
use super::deployment::always_restarted;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::Item;
use super::pod_template::pod_template;
use super::selectors::template_selector;
use crate::controllers::{ReplicaSet, ReplicaSetStatus, Rollout};
use k8s_openapi::api::apps::v1 as apps;

pub(super) const KIND: Kind = Kind { name: "ReplicaSet", api_version: "apps/v1", namespaced: true, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let set: apps::ReplicaSet = reading.typed()?;
    let at = At::ROOT.key("spec");
    let spec = set.spec.ok_or_else(|| at.error("required, and not given"))?;
    let template_at = at.key("template");
    let from = spec.template.ok_or_else(|| template_at.error("required, and not given"))?;
    let template = pod_template(reading, &from.metadata.unwrap_or_default(), from.spec.as_ref(), &template_at)?;
    always_restarted(&template, &template_at)?;
    let body = ReplicaSet {
        replicas: count(spec.replicas, 1, &at.key("replicas"))?,
        selector: template_selector(&spec.selector, &template.spec.labels, &at)?,
        template,
        min_ready: seconds(spec.min_ready_seconds.unwrap_or(0).into(), 0, &at.key("minReadySeconds"))?,
        rollout: Rollout::default(),
        status: ReplicaSetStatus::default(),
    };
    Ok(Some(Item::object(reading, body)))
}

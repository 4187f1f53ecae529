//! StatefulSets.
//!
//! Defaults: `pkg/apis/apps/v1/defaults.go`.

use super::claim_spec::claim_spec;
use super::convert::{Reading, count, seconds};
use super::deployment::always_restarted;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::names::check_name;
use super::objects::Item;
use super::pod_template::pod_template;
use super::selectors::template_selector;
use super::words::require;
use crate::controllers::{
    ClaimRetention, ClaimTemplate, PodManagement, StatefulSet, StatefulSetStatus, StatefulSetStrategy,
};
use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::core::v1 as core;
use std::sync::Arc;

pub(super) const KIND: Kind = Kind { name: StatefulSet::KIND, api_version: "apps/v1", namespaced: true, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let set: apps::StatefulSet = reading.typed()?;
    let at = At::ROOT.key("spec");
    let spec = set.spec.ok_or_else(|| at.error("required, and not given"))?;
    let template_at = at.key("template");
    let metadata = spec.template.metadata.unwrap_or_default();
    let template = pod_template(reading, &metadata, spec.template.spec.as_ref(), &template_at)?;
    always_restarted(&template, &template_at)?;
    let strategy = strategy(reading, spec.update_strategy.unwrap_or_default(), &at.key("updateStrategy"))?;
    let start = spec.ordinals.and_then(|ordinals| ordinals.start);
    let body = StatefulSet {
        replicas: count(spec.replicas, 1, &at.key("replicas"))?,
        start: count(start, 0, &at.key("ordinals").key("start"))?,
        selector: template_selector(&spec.selector, &template.spec.labels, &at)?,
        template,
        claims: claims(spec.volume_claim_templates.unwrap_or_default(), &at.key("volumeClaimTemplates"))?,
        retention: retention(
            &spec.persistent_volume_claim_retention_policy.unwrap_or_default(),
            &at.key("persistentVolumeClaimRetentionPolicy"),
        )?,
        management: management(spec.pod_management_policy.as_deref(), &at.key("podManagementPolicy"))?,
        strategy,
        min_ready: seconds(spec.min_ready_seconds.unwrap_or(0).into(), 0, &at.key("minReadySeconds"))?,
        revision_history_limit: count(spec.revision_history_limit, 10, &at.key("revisionHistoryLimit"))?,
        status: StatefulSetStatus::default(),
    };
    Ok(Some(Item::object(reading, body)))
}

fn management(text: Option<&str>, at: &At<'_>) -> Result<PodManagement, FieldError> {
    match text {
        None | Some("" | "OrderedReady") => Ok(PodManagement::OrderedReady),
        Some("Parallel") => Ok(PodManagement::Parallel),
        Some(other) => Err(at.not_supported(other, &["OrderedReady", "Parallel"])),
    }
}

fn strategy(
    reading: &mut Reading<'_>,
    from: apps::StatefulSetUpdateStrategy,
    at: &At<'_>,
) -> Result<StatefulSetStrategy, FieldError> {
    let at = &at.key("rollingUpdate");
    match from.type_.as_deref() {
        Some("OnDelete") if from.rolling_update.is_some() => Err(at.error("expected none with OnDelete")),
        Some("OnDelete") => Ok(StatefulSetStrategy::OnDelete),
        None | Some("" | "RollingUpdate") => {
            let rolling = from.rolling_update.unwrap_or_default();
            if rolling.max_unavailable.is_some() {
                let why = "has no effect: the feature gate MaxUnavailableStatefulSet is off by default";
                reading.warn(&at.key("maxUnavailable"), why);
            }
            Ok(StatefulSetStrategy::RollingUpdate { partition: count(rolling.partition, 0, &at.key("partition"))? })
        }
        Some(other) => {
            let why = format_args!("`{other}` is not a strategy: expected RollingUpdate or OnDelete");
            Err(At::ROOT.key("spec").key("updateStrategy").key("type").error(why))
        }
    }
}

fn retention(
    from: &apps::StatefulSetPersistentVolumeClaimRetentionPolicy,
    at: &At<'_>,
) -> Result<ClaimRetention, FieldError> {
    let deletes = |text: Option<&str>, key: &str| match text {
        None | Some("" | "Retain") => Ok(false),
        Some("Delete") => Ok(true),
        Some(other) => Err(at.key(key).not_supported(other, &["Delete", "Retain"])),
    };
    Ok(ClaimRetention {
        delete_with_set: deletes(from.when_deleted.as_deref(), "whenDeleted")?,
        delete_when_scaled: deletes(from.when_scaled.as_deref(), "whenScaled")?,
    })
}

fn claims(from: Vec<core::PersistentVolumeClaim>, at: &At<'_>) -> Result<Vec<ClaimTemplate>, FieldError> {
    let mut claims: Vec<ClaimTemplate> = Vec::new();
    for (index, claim) in from.into_iter().enumerate() {
        let at = at.index(index);
        let metadata_at = at.key("metadata");
        let name_at = metadata_at.key("name");
        let name = claim.metadata.name.clone().unwrap_or_default();
        require(&name, &name_at)?;
        check_name(&name, &name_at)?;
        if claims.iter().any(|other| other.name == name) {
            return Err(name_at.duplicate(&name));
        }
        let spec = claim_spec(&claim.metadata, &claim.spec.unwrap_or_default(), &at.key("spec"))?;
        claims.push(ClaimTemplate { name, spec: Arc::new(spec) });
    }
    Ok(claims)
}

//! PodGroups: Kubernetes' own, and those of the scheduler plugins (`sigs.k8s.io/scheduler-plugins`).

use super::annotations;
use super::convert::{QuantityText, Reading};
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::Item;
use k8s_openapi::api::scheduling::v1alpha2 as scheduling;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use towtank_sim::gang::PodGroup;

pub(super) const KIND: Kind =
    Kind { name: PodGroup::KIND, api_version: "scheduling.k8s.io/v1alpha2", namespaced: true, read };

/// That of the scheduler plugins, to which pods belong by a label.
pub(super) const OF_PLUGINS: Kind =
    Kind { name: PodGroup::KIND, api_version: "scheduling.x-k8s.io/v1alpha1", namespaced: true, read: read_of_plugins };

/// The label by which a pod belongs to a group of the scheduler plugins.
pub(super) const LABEL: &str = "scheduling.x-k8s.io/pod-group";

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let group: scheduling::PodGroup = reading.typed()?;
    let spec = group.spec;
    let at = At::ROOT.key("spec");
    let policy_at = at.key("schedulingPolicy");
    let policy = spec.scheduling_policy;
    let min_count = match (policy.basic, policy.gang) {
        (None, Some(gang)) => at_least_one(gang.min_count, &policy_at.key("gang").key("minCount"))?,
        (Some(_), None) => 1,
        _ => return Err(policy_at.error("expected exactly one of basic, gang")),
    };
    let parts = [
        ("schedulingConstraints", spec.scheduling_constraints.is_some()),
        ("resourceClaims", spec.resource_claims.is_some_and(|claims| !claims.is_empty())),
        ("priorityClassName", spec.priority_class_name.is_some()),
    ];
    for (key, _) in parts.into_iter().filter(|(_, present)| *present) {
        reading.warn(&at.key(key), "has no effect: not modelled yet");
    }
    item(reading, PodGroup::new(min_count, None))
}

/// What a PodGroup of the scheduler plugins says.
///
/// Source: `apis/scheduling/v1alpha1/types.go` there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OfPlugins {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "metadata")]
    _metadata: ObjectMeta,
    #[serde(default)]
    spec: OfPluginsSpec,
    #[serde(rename = "status")]
    _status: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OfPluginsSpec {
    min_member: Option<i32>,
    min_resources: Option<BTreeMap<String, QuantityText>>,
    schedule_timeout_seconds: Option<i64>,
}

fn read_of_plugins(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let spec = reading.typed::<OfPlugins>()?.spec;
    let at = At::ROOT.key("spec");
    let min_count = spec.min_member.map_or(Ok(1), |count| at_least_one(count, &at.key("minMember")))?;
    let parts = [
        ("minResources", spec.min_resources.is_some_and(|resources| !resources.is_empty())),
        ("scheduleTimeoutSeconds", spec.schedule_timeout_seconds.is_some()),
    ];
    for (key, _) in parts.into_iter().filter(|(_, present)| *present) {
        reading.warn(&at.key(key), "has no effect: not modelled yet");
    }
    item(reading, PodGroup::new(min_count, None))
}

fn item(reading: &Reading<'_>, mut group: PodGroup) -> Result<Option<Item>, FieldError> {
    let annotations = reading.metadata.annotations.as_ref();
    group.estimate = annotations::estimate(annotations, &At::ROOT.key("metadata"))?;
    Ok(Some(Item::object(reading, group)))
}

fn at_least_one(count: i32, at: &At<'_>) -> Result<u32, FieldError> {
    let count = u32::try_from(count).ok().filter(|count| *count > 0);
    count.ok_or_else(|| at.error("expected a count of at least 1"))
}

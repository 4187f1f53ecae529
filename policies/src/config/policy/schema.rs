//! A policy as it is typed.
//!
//! Source: `staging/src/k8s.io/kube-scheduler/config/v1/types.go` of 1.22.

use crate::config::args::{ShapePoint, WeightedResource, or_default};
use crate::config::extender::Extender;
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Policy {
    #[serde(rename = "apiVersion")]
    _api_version: IgnoredAny,
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    /// `None` for the default predicates, an empty list for none.
    pub(super) predicates: Option<Vec<Predicate>>,
    /// `None` for the default priorities, an empty list for none.
    pub(super) priorities: Option<Vec<Priority>>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) extenders: Vec<Extender>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) hard_pod_affinity_symmetric_weight: i32,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) always_check_all_predicates: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Predicate {
    pub(super) name: String,
    pub(super) argument: Option<PredicateArgument>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Priority {
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) weight: i64,
    pub(super) argument: Option<PriorityArgument>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PredicateArgument {
    pub(super) service_affinity: Option<IgnoredAny>,
    pub(super) labels_presence: Option<LabelsPresence>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PriorityArgument {
    pub(super) service_anti_affinity: Option<IgnoredAny>,
    pub(super) label_preference: Option<LabelPreference>,
    pub(super) requested_to_capacity_ratio_arguments: Option<Ratio>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LabelsPresence {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) labels: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) presence: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LabelPreference {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) label: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) presence: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ratio {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) shape: Vec<ShapePoint>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) resources: Vec<WeightedResource>,
}

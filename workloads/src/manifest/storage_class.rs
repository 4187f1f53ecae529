//! StorageClasses.
//!
//! Source: `pkg/apis/storage/validation/validation.go` and `pkg/apis/storage/v1/defaults.go`.

use super::convert::Reading;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::names::check_label_key;
use super::objects::Item;
use super::words::require;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::storage::v1 as storage;
use std::collections::BTreeSet;
use towtank_sim::storage::{ReclaimPolicy, StorageClass, TopologySelectorTerm, VolumeBindingMode};

pub(super) const KIND: Kind =
    Kind { name: StorageClass::KIND, api_version: "storage.k8s.io/v1", namespaced: false, read };

/// Mark the class of claims that name none; the second one is deprecated.
const DEFAULT_ANNOTATIONS: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let class: storage::StorageClass = reading.typed()?;
    let at = At::ROOT;
    require(&class.provisioner, &at.key("provisioner"))?;
    check_label_key(&class.provisioner.to_lowercase(), &at.key("provisioner"))?;
    let annotations = class.metadata.annotations.unwrap_or_default();
    let topologies_at = at.key("allowedTopologies");
    let terms = class.allowed_topologies.iter().flatten().enumerate();
    let body = StorageClass {
        provisioner: class.provisioner.as_str().into(),
        binding_mode: match class.volume_binding_mode.as_deref() {
            None | Some("Immediate") => VolumeBindingMode::Immediate,
            Some("WaitForFirstConsumer") => VolumeBindingMode::WaitForFirstConsumer,
            Some(other) => {
                let modes = ["Immediate", "WaitForFirstConsumer"];
                return Err(at.key("volumeBindingMode").not_supported(other, &modes));
            }
        },
        allowed_topologies: terms.map(|(i, t)| topology(t, &topologies_at.index(i))).collect::<Result<_, _>>()?,
        reclaim_policy: match class.reclaim_policy.as_deref() {
            None | Some("Delete") => ReclaimPolicy::Delete,
            Some("Retain") => ReclaimPolicy::Retain,
            Some(other) => return Err(at.key("reclaimPolicy").not_supported(other, &["Delete", "Retain"])),
        },
        is_default: DEFAULT_ANNOTATIONS.iter().any(|name| annotations.get(*name).is_some_and(|text| text == "true")),
    };
    Ok(Some(Item::object(reading, body)))
}

fn topology(from: &core::TopologySelectorTerm, at: &At<'_>) -> Result<TopologySelectorTerm, FieldError> {
    let list_at = at.key("matchLabelExpressions");
    let mut keys = BTreeSet::new();
    let mut expressions = Vec::new();
    for (i, expression) in from.match_label_expressions.iter().flatten().enumerate() {
        let at = list_at.index(i);
        let (key_at, values_at) = (at.key("key"), at.key("values"));
        check_label_key(&expression.key, &key_at)?;
        if !keys.insert(&expression.key) {
            return Err(key_at.duplicate(&expression.key));
        }
        if expression.values.is_empty() {
            return Err(values_at.required(""));
        }
        let mut values = BTreeSet::new();
        if let Some(i) = expression.values.iter().position(|value| !values.insert(value)) {
            return Err(values_at.index(i).duplicate(&expression.values[i]));
        }
        expressions.push((expression.key.clone(), expression.values.clone()));
    }
    Ok(TopologySelectorTerm { expressions })
}

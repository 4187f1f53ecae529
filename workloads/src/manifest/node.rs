//! Nodes.

use super::annotations;
use super::convert::{Reading, resource_list};
use super::eviction_terms::scale_down_disabled;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::names::check_labels;
use super::objects::Item;
use super::selectors::taint;
use k8s_openapi::api::core::v1 as core;
use towtank_sim::model::Quantity;
use towtank_sim::model::gpu::{GPU_MILLI, WHOLE};
use towtank_sim::model::node::{NodeImage, NodeSpec};
use towtank_sim::model::resources::ResourceList;

pub(super) const KIND: Kind = Kind { name: "Node", api_version: "v1", namespaced: false, read };

/// `allocatable` defaults to `capacity`, resource by resource. A node comes up ready, whatever its conditions say.
fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let node: core::Node = reading.typed()?;
    let metadata = At::ROOT.key("metadata");
    let labels = node.metadata.labels.unwrap_or_default();
    check_labels(&labels, &metadata.key("labels"))?;
    let devices = annotations::devices(node.metadata.annotations.as_ref(), &metadata)?;
    let scale_down_disabled = scale_down_disabled(node.metadata.annotations.as_ref());

    let status_at = At::ROOT.key("status");
    let status = node.status.unwrap_or_default();
    let capacity = resource_list(status.capacity.as_ref(), &status_at.key("capacity"))?;
    let mut allocatable = resource_list(status.allocatable.as_ref(), &status_at.key("allocatable"))?;
    for (name, quantity) in &capacity {
        allocatable.entry(name.clone()).or_insert(*quantity);
    }
    if allocatable.is_empty() {
        reading.warn(&status_at.key("allocatable"), "is empty: no pod that requests anything fits this node");
    }
    add_devices(&mut allocatable, devices);
    let declared_features = declared_features(status.declared_features.unwrap_or_default(), &status_at)?;
    let conditions = status.conditions.iter().flatten();
    if { conditions }.any(|c| c.type_ == "Ready" && c.status != "True") {
        reading.warn(&status_at.key("conditions"), "the node is not ready here, and starts ready in the simulation");
    }

    let spec = node.spec.unwrap_or_default();
    let taints_at = At::ROOT.key("spec");
    let taints_at = taints_at.key("taints");
    let taints = spec.taints.iter().flatten().enumerate().map(|(i, t)| taint(t, &taints_at.index(i)));
    let images = status.images.iter().flatten();
    let images = images
        .map(|image| NodeImage { names: image.names.clone().unwrap_or_default(), size: image.size_bytes.unwrap_or(0) });
    Ok(Some(Item::Node(Box::new(NodeSpec {
        name: reading.name.as_str().into(),
        labels: labels.into(),
        taints: taints.collect::<Result<Vec<_>, _>>()?.into(),
        unschedulable: spec.unschedulable.unwrap_or(false),
        capacity: if capacity == allocatable { ResourceList::new() } else { capacity }.into(),
        allocatable: allocatable.into(),
        images: images.collect(),
        declared_features: declared_features.into(),
        devices,
        group: None,
        scale_down_disabled,
    }))))
}

/// Source: `pkg/apis/core/validation/validation.go`, `validateNodeDeclaredFeatures`.
fn declared_features(features: Vec<String>, status: &At<'_>) -> Result<Vec<String>, FieldError> {
    let at = status.key("declaredFeatures");
    if let Some(i) = features.windows(2).position(|pair| pair[0] >= pair[1]) {
        let (before, after) = (&features[i], &features[i + 1]);
        return Err(at
            .index(i + 1)
            .error(format_args!("`{after}` after `{before}`: expected each once, in alphabetical order")));
    }
    Ok(features)
}

/// Counts shared GPU devices among the allocatable resources.
pub(crate) fn add_devices(allocatable: &mut ResourceList, devices: u8) {
    if devices > 0 {
        let milli = Quantity::from_units(i64::from(devices) * i64::from(WHOLE));
        allocatable.entry(GPU_MILLI.to_owned()).or_insert(milli);
    }
}

//! ResourceSlices.
//!
//! Source: `pkg/apis/resource/validation/validation.go`.

use super::convert::{Reading, quantity};
use super::device::{device, node_scope};
use super::device_claim_spec::at_most;
use super::field::{At, FieldError};
use super::kind::Kind;
use super::names::{check_domain_label, check_name};
use super::objects::Item;
use k8s_openapi::api::resource::v1 as resource;
use std::collections::{BTreeMap, BTreeSet};
use towtank_sim::dra::{CounterSet, ResourcePool, ResourceSlice};
use towtank_sim::model::Quantity;

pub(super) const KIND: Kind =
    Kind { name: ResourceSlice::KIND, api_version: "resource.k8s.io/v1", namespaced: false, read };

/// The most devices of a slice.
const MOST_DEVICES: usize = 128;
/// The most devices of a slice in which one has taints or consumes counters.
const MOST_DEVICES_WITH_TAINTS_OR_COUNTERS: usize = 64;
/// The most counter sets of a slice.
const MOST_COUNTER_SETS: usize = 8;

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let slice: resource::ResourceSlice = reading.typed()?;
    let spec = slice.spec;
    let at = &At::ROOT.key("spec");
    check_name(&spec.driver, &at.key("driver"))?;
    let per_device = spec.per_device_node_selection.unwrap_or(false);
    let nodes = node_scope(spec.node_name.as_deref(), spec.all_nodes, spec.node_selector.as_ref(), at)?;
    if per_device == nodes.is_some() {
        return Err(
            at.error("exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required")
        );
    }
    let devices_at = at.key("devices");
    let from_devices = spec.devices.unwrap_or_default();
    let from_counters = spec.shared_counters.unwrap_or_default();
    if !from_devices.is_empty() && !from_counters.is_empty() {
        return Err(at.key("sharedCounters").error("expected this field or devices, not both"));
    }
    let special = |device: &resource::Device| {
        device.taints.as_ref().is_some_and(|list| !list.is_empty())
            || device.consumes_counters.as_ref().is_some_and(|list| !list.is_empty())
    };
    let most = if from_devices.iter().any(special) { MOST_DEVICES_WITH_TAINTS_OR_COUNTERS } else { MOST_DEVICES };
    at_most(&from_devices, most, &devices_at)?;
    let mut names = BTreeSet::new();
    let mut devices = Vec::new();
    for (i, from) in from_devices.iter().enumerate() {
        let at = devices_at.index(i);
        devices.push(device(from, per_device, &at)?);
        if !names.insert(from.name.as_str()) {
            return Err(at.key("name").error(format_args!("`{}` stands here twice: expected unique names", from.name)));
        }
    }
    let body = ResourceSlice {
        driver: spec.driver,
        pool: pool(&spec.pool, &at.key("pool"))?,
        nodes,
        devices,
        shared_counters: counter_sets(&from_counters, &at.key("sharedCounters"))?,
    };
    Ok(Some(Item::object(reading, body)))
}

fn pool(from: &resource::ResourcePool, at: &At<'_>) -> Result<ResourcePool, FieldError> {
    let name_at = at.key("name");
    if from.name.is_empty() {
        return Err(name_at.error("required, and not given"));
    }
    for part in from.name.split('/') {
        check_name(part, &name_at)?;
    }
    if from.resource_slice_count <= 0 {
        return Err(at.key("resourceSliceCount").error("must be greater than zero"));
    }
    if from.generation < 0 {
        return Err(at.key("generation").error("must be greater than or equal to zero"));
    }
    Ok(ResourcePool { name: from.name.clone(), generation: from.generation, slice_count: from.resource_slice_count })
}

fn counter_sets(from: &[resource::CounterSet], at: &At<'_>) -> Result<Vec<CounterSet>, FieldError> {
    at_most(from, MOST_COUNTER_SETS, at)?;
    let set = |(i, from): (usize, &resource::CounterSet)| {
        let at = at.index(i);
        check_domain_label(&from.name, &at.key("name"))?;
        Ok(CounterSet { name: from.name.clone(), counters: counters(&from.counters, &at.key("counters"))? })
    };
    from.iter().enumerate().map(set).collect()
}

/// Counters by name.
pub(super) fn counters(
    from: &BTreeMap<String, resource::Counter>,
    at: &At<'_>,
) -> Result<BTreeMap<String, Quantity>, FieldError> {
    if from.is_empty() {
        return Err(at.error("required, and empty: expected at least one counter"));
    }
    let counter = |(name, counter): (&String, &resource::Counter)| {
        let at = at.key(name);
        Ok((name.clone(), quantity(&counter.value, &at.key("value"))?))
    };
    from.iter().map(counter).collect()
}

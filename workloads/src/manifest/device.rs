//! The devices of ResourceSlices.
//!
//! Source: `pkg/apis/resource/validation/validation.go`.

use super::convert::{QuantityText, quantity};
use super::device_claim_spec::at_most;
use super::field::{At, FieldError};
use super::names::{check_domain_label, check_label_key, check_label_value, check_name};
use super::node_affinity::node_selector;
use super::resource_slice::counters;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::resource::v1 as resource;
use std::collections::BTreeMap;
use towtank_sim::dra::{
    AttributeValue, CapacityRange, CounterConsumption, Device, DeviceCapacity, DeviceTaint, NodeScope, RequestPolicy,
};

/// The most attributes and capacities of a device together.
const MOST_ATTRIBUTES: usize = 32;
/// The most taints of a device.
const MOST_TAINTS: usize = 16;
/// The most counter sets that a device consumes from.
const MOST_CONSUMPTIONS: usize = 2;
/// The most conditions of each kind.
const MOST_CONDITIONS: usize = 4;
/// The longest text or version.
const LONGEST_VALUE: usize = 64;

/// The device at `at`.
pub(super) fn device(from: &resource::Device, per_device: bool, at: &At<'_>) -> Result<Device, FieldError> {
    check_domain_label(&from.name, &at.key("name"))?;
    let nodes = node_scope(from.node_name.as_deref(), from.all_nodes, from.node_selector.as_ref(), at)?;
    if per_device != nodes.is_some() {
        return Err(at.error(if per_device {
            "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required"
        } else {
            "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is true"
        }));
    }
    let attributes_at = at.key("attributes");
    let attributes = from.attributes.iter().flatten();
    let attributes = attributes.map(|(name, value)| Ok((name.clone(), attribute(value, &attributes_at.key(name))?)));
    let attributes = attributes.collect::<Result<BTreeMap<_, _>, FieldError>>()?;
    let capacity_at = at.key("capacity");
    let capacity = from.capacity.iter().flatten();
    let capacity = capacity.map(|(name, value)| Ok((name.clone(), self::capacity(value, &capacity_at.key(name))?)));
    let capacity = capacity.collect::<Result<BTreeMap<_, _>, FieldError>>()?;
    if attributes.len() + capacity.len() > MOST_ATTRIBUTES {
        return Err(at.error(format_args!(
            "has {} attributes and capacities: expected at most {MOST_ATTRIBUTES}",
            attributes.len() + capacity.len()
        )));
    }
    let conditions = |list: &Option<Vec<String>>, key: &str| {
        let list = list.clone().unwrap_or_default();
        at_most(&list, MOST_CONDITIONS, &at.key(key)).map(|()| list)
    };
    Ok(Device {
        name: from.name.clone(),
        attributes,
        capacity,
        consumes_counters: consumptions(from.consumes_counters.as_deref().unwrap_or_default(), at)?,
        nodes,
        taints: taints(from.taints.as_deref().unwrap_or_default(), at)?,
        binds_to_node: from.binds_to_node.unwrap_or(false),
        binding_conditions: conditions(&from.binding_conditions, "bindingConditions")?,
        binding_failure_conditions: conditions(&from.binding_failure_conditions, "bindingFailureConditions")?,
        allow_multiple_allocations: from.allow_multiple_allocations.unwrap_or(false),
    })
}

/// Where devices can be used, from the three fields that say it; `None` where none does.
pub(super) fn node_scope(
    name: Option<&str>,
    all: Option<bool>,
    selector: Option<&core::NodeSelector>,
    at: &At<'_>,
) -> Result<Option<NodeScope>, FieldError> {
    match (name, all.unwrap_or(false), selector) {
        (None, false, None) => Ok(None),
        (Some(name), false, None) => {
            check_name(name, &at.key("nodeName"))?;
            Ok(Some(NodeScope::Node(name.to_owned())))
        }
        (None, true, None) => Ok(Some(NodeScope::All)),
        (None, false, Some(selector)) => {
            let at = at.key("nodeSelector");
            if selector.node_selector_terms.len() != 1 {
                return Err(at.key("nodeSelectorTerms").error("must have exactly one node selector term"));
            }
            Ok(Some(NodeScope::Selector(node_selector(selector, &at)?)))
        }
        _ => Err(at.error("expected only one of nodeName, nodeSelector and allNodes")),
    }
}

fn attribute(from: &resource::DeviceAttribute, at: &At<'_>) -> Result<AttributeValue, FieldError> {
    let short = |text: &String, key: &str| {
        if text.len() > LONGEST_VALUE {
            return Err(at.key(key).error(format_args!("is too long: expected at most {LONGEST_VALUE} bytes")));
        }
        Ok(text.clone())
    };
    match (from.bool, from.int, &from.string, &from.version) {
        (Some(bool), None, None, None) => Ok(AttributeValue::Bool(bool)),
        (None, Some(int), None, None) => Ok(AttributeValue::Int(int)),
        (None, None, Some(text), None) => Ok(AttributeValue::String(short(text, "string")?)),
        (None, None, None, Some(text)) => Ok(AttributeValue::Version(short(text, "version")?)),
        _ => Err(at.error("exactly one value must be specified")),
    }
}

fn capacity(from: &resource::DeviceCapacity, at: &At<'_>) -> Result<DeviceCapacity, FieldError> {
    let value = quantity(&from.value, &at.key("value"))?;
    let Some(policy) = &from.request_policy else { return Ok(DeviceCapacity { value, request_policy: None }) };
    let at = at.key("requestPolicy");
    let optional = |text: &Option<QuantityText>, at: &At<'_>| text.as_ref().map(|t| quantity(t, at)).transpose();
    let values_at = at.key("validValues");
    let values = policy.valid_values.iter().flatten().enumerate();
    let values = values.map(|(i, text)| quantity(text, &values_at.index(i))).collect::<Result<Vec<_>, _>>()?;
    let range_at = at.key("validRange");
    let range = match &policy.valid_range {
        None => None,
        Some(range) => {
            let step = optional(&range.step, &range_at.key("step"))?;
            if step.is_some_and(towtank_sim::model::Quantity::is_zero) {
                return Err(range_at.key("step").error("must be greater than zero"));
            }
            Some(CapacityRange {
                min: quantity(&range.min, &range_at.key("min"))?,
                max: optional(&range.max, &range_at.key("max"))?,
                step,
            })
        }
    };
    if range.is_some() && !values.is_empty() {
        return Err(at.error("expected only one of validValues and validRange"));
    }
    let default = optional(&policy.default, &at.key("default"))?;
    if default.is_none() && (range.is_some() || !values.is_empty()) {
        return Err(at.key("default").error("required with validValues or validRange, and not given"));
    }
    Ok(DeviceCapacity { value, request_policy: Some(RequestPolicy { default, values, range }) })
}

fn consumptions(
    from: &[resource::DeviceCounterConsumption],
    at: &At<'_>,
) -> Result<Vec<CounterConsumption>, FieldError> {
    let at = at.key("consumesCounters");
    at_most(from, MOST_CONSUMPTIONS, &at)?;
    let consumption = |(i, from): (usize, &resource::DeviceCounterConsumption)| {
        let at = at.index(i);
        check_domain_label(&from.counter_set, &at.key("counterSet"))?;
        let counters = counters(&from.counters, &at.key("counters"))?;
        Ok(CounterConsumption { counter_set: from.counter_set.clone(), counters })
    };
    from.iter().enumerate().map(consumption).collect()
}

fn taints(from: &[resource::DeviceTaint], at: &At<'_>) -> Result<Vec<DeviceTaint>, FieldError> {
    let at = at.key("taints");
    at_most(from, MOST_TAINTS, &at)?;
    let taint = |(i, from): (usize, &resource::DeviceTaint)| {
        let at = at.index(i);
        check_label_key(&from.key, &at.key("key"))?;
        let value = from.value.clone().unwrap_or_default();
        check_label_value(&value, &at.key("value"))?;
        let effect = from.effect.parse().map_err(|error: String| at.key("effect").error(error))?;
        Ok(DeviceTaint { key: from.key.clone(), value, effect })
    };
    from.iter().enumerate().map(taint).collect()
}

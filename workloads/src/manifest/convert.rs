//! What the conversions of all kinds share.

use super::annotations;
use super::field::{At, FieldError};
use super::strict::typed;
use crate::yaml::Value;
pub(super) use k8s_openapi::apimachinery::pkg::api::resource::Quantity as QuantityText;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use towtank_sim::disruption::IntOrPercent;
use towtank_sim::model::Quantity;
use towtank_sim::model::resources::ResourceList;
use towtank_sim::time::{SimTime, Span};

/// An object that is being read.
pub(super) struct Reading<'v> {
    value: &'v Value,
    pub(super) metadata: ObjectMeta,
    pub(super) name: String,
    /// Empty for kinds that have none.
    pub(super) namespace: String,
    pub(super) warnings: Vec<FieldError>,
    /// What becomes of run times that are given.
    pub(super) scale: Option<Scale<'v>>,
}

/// What a run time becomes.
pub(super) type Scale<'v> = &'v dyn Fn(Span) -> Span;

impl<'v> Reading<'v> {
    pub(super) fn new(value: &'v Value) -> Result<Self, FieldError> {
        let metadata: ObjectMeta = match value.get("metadata") {
            None | Some(Value::Null) => ObjectMeta::default(),
            Some(metadata) => typed(metadata).map_err(|error| FieldError {
                path: At::ROOT.key("metadata").path().join(&error.path),
                message: error.message,
            })?,
        };
        let name = metadata.name.clone().unwrap_or_default();
        let namespace = metadata.namespace.clone().unwrap_or_default();
        Ok(Self { value, metadata, name, namespace, warnings: Vec::new(), scale: None })
    }

    /// The object in Kubernetes' own type.
    pub(super) fn typed<T: DeserializeOwned>(&self) -> Result<T, FieldError> {
        typed(self.value)
    }

    pub(super) fn warn(&mut self, at: &At<'_>, message: impl std::fmt::Display) {
        self.warnings.push(at.error(message));
    }

    /// The controller that the metadata names: kind and name.
    pub(super) fn owner(&self) -> Option<(String, String)> {
        let references = self.metadata.owner_references.as_deref().unwrap_or_default();
        let owner = references.iter().find(|reference| reference.controller == Some(true))?;
        Some((owner.kind.clone(), owner.name.clone()))
    }

    /// When the object is submitted.
    pub(super) fn arrival(&self) -> Result<SimTime, FieldError> {
        let metadata = At::ROOT.key("metadata");
        let since = annotations::duration(self.metadata.annotations.as_ref(), annotations::ARRIVAL, &metadata)?;
        Ok(SimTime::ZERO + since.unwrap_or(Span::ZERO))
    }
}

/// A quantity of at least 0.
pub(super) fn quantity(text: &QuantityText, at: &At<'_>) -> Result<Quantity, FieldError> {
    let quantity: Quantity = text.0.parse().map_err(|error| at.error(error))?;
    if quantity.is_negative() {
        return Err(at.error(format_args!("Invalid value: {:?}: must be greater than or equal to 0", text.0)));
    }
    Ok(quantity)
}

/// A resource list, empty where there is none.
pub(super) fn resource_list(
    list: Option<&BTreeMap<String, QuantityText>>,
    at: &At<'_>,
) -> Result<ResourceList, FieldError> {
    let mut resources = ResourceList::new();
    for (name, text) in list.into_iter().flatten() {
        resources.insert(name.clone(), quantity(text, &at.key(name))?);
    }
    Ok(resources)
}

/// A count of at least 0.
pub(super) fn count(value: Option<i32>, default: u32, at: &At<'_>) -> Result<u32, FieldError> {
    match value {
        None => Ok(default),
        Some(n) => {
            u32::try_from(n).map_err(|_| at.error(format_args!("`{n}` is negative: expected a count of at least 0")))
        }
    }
}

/// Whole seconds of at least `least`.
pub(super) fn seconds(value: i64, least: i64, at: &At<'_>) -> Result<Span, FieldError> {
    if value < least {
        return Err(at.error(format_args!("`{value}` is too small: expected at least {least} seconds")));
    }
    // The longest span stands for what does not fit.
    Ok(Span(value.saturating_mul(1_000_000_000)))
}

/// A count or a percentage, both at least 0.
pub(super) fn int_or_percent(value: &IntOrString, at: &At<'_>) -> Result<IntOrPercent, FieldError> {
    let text = match value {
        // A count in quotes is no count to the API server.
        IntOrString::String(text) if !text.ends_with('%') => format!("\"{text}\""),
        IntOrString::String(text) => text.clone(),
        IntOrString::Int(n) => n.to_string(),
    };
    text.parse().map_err(|error: String| at.error(error))
}

//! Reads the inputs of functions. API objects go through the reader of manifests, as those of a scenario do.

use super::Unusable;
use jiff::Timestamp;
use serde_json::{Value, json};
use towtank_sim::cluster::Object;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::resources::ResourceList;
use towtank_sim::time::SimTime;
use towtank_workloads::manifest::{self, Item, ManifestError};

/// The pod of a manifest, as admission meets it: defaults are filled in.
pub(super) fn pod(value: &Value, field: &str) -> Result<PodSpec, Unusable> {
    // What has ended asks for nothing and is not read; the functions here are asked about it all the same.
    let mut value = value.clone();
    if let Some(status) = value.get_mut("status").and_then(Value::as_object_mut) {
        status.remove("phase");
    }
    match item(&value, "v1", "Pod", field)? {
        Item::Pod(pod) => Ok((*pod.template.spec).clone()),
        _ => Err(Unusable::new(field, "expected a Pod")),
    }
}

/// The name and the object of a manifest of this kind. The tables leave out apiVersion and kind where a field's type is
/// known.
pub(super) fn object<T: Object + Clone>(
    value: &Value,
    api_version: &str,
    kind: &str,
    field: &str,
) -> Result<(String, T), Unusable> {
    if let Item::Object { name, body, .. } = item(value, api_version, kind, field)?
        && let Some(object) = (&*body as &dyn std::any::Any).downcast_ref::<T>()
    {
        return Ok((name, object.clone()));
    }
    Err(Unusable::new(field, format_args!("expected an object of kind {kind}")))
}

fn item(value: &Value, api_version: &str, kind: &str, field: &str) -> Result<Item, Unusable> {
    let mut value = value.clone();
    if let Some(fields) = value.as_object_mut() {
        fields.entry("apiVersion").or_insert_with(|| api_version.into());
        fields.entry("kind").or_insert_with(|| kind.into());
    }
    let read = manifest::parse("object.json", value.to_string());
    let mut manifests = read.map_err(|error| match error {
        ManifestError::Field { path, message, .. } => Unusable::new(&format!("{field}.{path}"), message),
        other => Unusable::new(field, other),
    })?;
    let planned = manifests.submissions.pop().ok_or_else(|| Unusable::new(field, format_args!("expected a {kind}")))?;
    Ok(planned.item)
}

/// A resource list.
pub(super) fn resources(value: &Value, field: &str) -> Result<ResourceList, Unusable> {
    let mut list = ResourceList::new();
    for (name, amount) in value.as_object().into_iter().flatten() {
        let quantity = amount.as_str().and_then(|text| text.parse().ok());
        let at = format!("{field}.{name}");
        list.insert(name.clone(), quantity.ok_or_else(|| Unusable::new(&at, "expected a quantity"))?);
    }
    Ok(list)
}

/// A resource list as the tables write it.
pub(super) fn written(list: &ResourceList) -> Value {
    list.iter().map(|(name, quantity)| (name.clone(), json!(quantity.to_string()))).collect()
}

/// The items of a list; none where there is no list.
pub(super) fn items<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v Value> {
    value[field].as_array().into_iter().flatten()
}

/// A whole number that has to be there.
pub(super) fn integer(value: &Value, field: &str) -> Result<i64, Unusable> {
    value[field].as_i64().ok_or_else(|| Unusable::new(field, "expected a whole number"))
}

/// A moment, as API objects write it.
pub(super) fn timestamp(value: &Value, field: &str) -> Result<Timestamp, Unusable> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| Unusable::new(field, "expected a time such as 2025-06-15T12:00:00Z"))
}

/// The same, on a simulation's clock whose zero is the beginning of 1970.
pub(super) fn time(value: &Value, field: &str) -> Result<SimTime, Unusable> {
    let nanoseconds = i64::try_from(timestamp(value, field)?.as_nanosecond());
    nanoseconds.map(SimTime).map_err(|_| Unusable::new(field, "expected a time between 1678 and 2262"))
}

//! What a claim asks for, in a ResourceClaim or a ResourceClaimTemplate, with the API server's defaults.
//!
//! Source: `pkg/apis/resource/v1/defaults.go`, `pkg/apis/resource/validation/validation.go`.

use super::convert::quantity;
use super::field::{At, FieldError};
use super::names::{check_domain_label, check_name};
use k8s_openapi::api::resource::v1 as resource;
use std::collections::{BTreeMap, BTreeSet};
use towtank_sim::dra::{
    AllocationMode, ClaimSpec, ConstraintKind, DeviceConstraint, DeviceRequest, DeviceSubRequest, DeviceToleration,
    FIRST_AVAILABLE_MAX_SIZE, RequestForm, RequestedDevices,
};

/// The most requests, constraints or selectors in one list.
const MOST: usize = 32;

/// `spec` at `at`.
pub(super) fn claim_spec(from: &resource::ResourceClaimSpec, at: &At<'_>) -> Result<ClaimSpec, FieldError> {
    let Some(devices) = &from.devices else { return Ok(ClaimSpec::default()) };
    let at = at.key("devices");
    let requests_at = at.key("requests");
    let from_requests = devices.requests.as_deref().unwrap_or_default();
    at_most(from_requests, MOST, &requests_at)?;
    let mut names = BTreeSet::new();
    let mut requests = Vec::new();
    for (i, from) in from_requests.iter().enumerate() {
        let at = requests_at.index(i);
        let request = request(from, &at)?;
        unique(&request.name, &mut names, &at.key("name"))?;
        if let RequestForm::FirstAvailable(alternatives) = &request.form {
            names.extend(alternatives.iter().map(|a| format!("{}/{}", request.name, a.name)));
        }
        requests.push(request);
    }
    let constraints_at = at.key("constraints");
    let from_constraints = devices.constraints.as_deref().unwrap_or_default();
    at_most(from_constraints, MOST, &constraints_at)?;
    let constraints = from_constraints.iter().enumerate();
    let constraints = constraints.map(|(i, from)| constraint(from, &names, &constraints_at.index(i)));
    Ok(ClaimSpec { requests, constraints: constraints.collect::<Result<_, _>>()? })
}

/// The expressions of `selectors` below `at`.
pub(super) fn selectors(from: Option<&[resource::DeviceSelector]>, at: &At<'_>) -> Result<Vec<String>, FieldError> {
    let at = at.key("selectors");
    let from = from.unwrap_or_default();
    at_most(from, MOST, &at)?;
    let expression = |(i, selector): (usize, &resource::DeviceSelector)| match &selector.cel {
        Some(cel) if !cel.expression.is_empty() => Ok(cel.expression.clone()),
        Some(_) => Err(at.index(i).key("cel").key("expression").error("required, and not given")),
        None => Err(at.index(i).key("cel").error("required, and not given")),
    };
    from.iter().enumerate().map(expression).collect()
}

/// `tolerations` below `at`.
pub(super) fn tolerations(
    from: Option<&[resource::DeviceToleration]>,
    at: &At<'_>,
) -> Result<Vec<DeviceToleration>, FieldError> {
    let at = at.key("tolerations");
    let toleration = |(i, from): (usize, &resource::DeviceToleration)| {
        let at = at.index(i);
        let effect = from.effect.as_deref().filter(|effect| !effect.is_empty());
        let effect = effect.map(|text| text.parse().map_err(|error: String| at.key("effect").error(error)));
        let given = from.value.clone().filter(|value| !value.is_empty());
        let value = match from.operator.as_deref() {
            None | Some("" | "Equal") => Some(given.unwrap_or_default()),
            Some("Exists") if given.is_some() => return Err(at.key("value").error("expected no value with Exists")),
            Some("Exists") => None,
            Some(other) => {
                let at = at.key("operator");
                return Err(
                    at.error(format_args!("Unsupported value: {other:?}: supported values: \"Equal\", \"Exists\""))
                );
            }
        };
        let key = from.key.clone().unwrap_or_default();
        if key.is_empty() && value.is_some() {
            return Err(at.key("operator").error("expected Exists without a key, which tolerates every key"));
        }
        Ok(DeviceToleration { key, value, effect: effect.transpose()? })
    };
    from.unwrap_or_default().iter().enumerate().map(toleration).collect()
}

fn request(from: &resource::DeviceRequest, at: &At<'_>) -> Result<DeviceRequest, FieldError> {
    check_domain_label(&from.name, &at.key("name"))?;
    let alternatives = from.first_available.as_deref().unwrap_or_default();
    let form = match (&from.exactly, alternatives) {
        (Some(exactly), []) => {
            let at = at.key("exactly");
            let devices = RequestedDevices {
                class: class_name(&exactly.device_class_name, &at)?,
                selectors: selectors(exactly.selectors.as_deref(), &at)?,
                mode: mode(exactly.allocation_mode.as_deref(), exactly.count, &at)?,
                admin_access: exactly.admin_access.unwrap_or(false),
                tolerations: tolerations(exactly.tolerations.as_deref(), &at)?,
                capacity: capacity(exactly.capacity.as_ref(), &at)?,
            };
            RequestForm::Exactly(devices)
        }
        (None, [_, ..]) => {
            let at = at.key("firstAvailable");
            at_most(alternatives, FIRST_AVAILABLE_MAX_SIZE, &at)?;
            let mut names = BTreeSet::new();
            let mut list = Vec::new();
            for (i, from) in alternatives.iter().enumerate() {
                let at = at.index(i);
                check_domain_label(&from.name, &at.key("name"))?;
                unique(&from.name, &mut names, &at.key("name"))?;
                let devices = RequestedDevices {
                    class: class_name(&from.device_class_name, &at)?,
                    selectors: selectors(from.selectors.as_deref(), &at)?,
                    mode: mode(from.allocation_mode.as_deref(), from.count, &at)?,
                    admin_access: false,
                    tolerations: tolerations(from.tolerations.as_deref(), &at)?,
                    capacity: capacity(from.capacity.as_ref(), &at)?,
                };
                list.push(DeviceSubRequest { name: from.name.clone(), devices });
            }
            RequestForm::FirstAvailable(list)
        }
        _ => return Err(at.error("exactly one of `exactly` or `firstAvailable` is required")),
    };
    Ok(DeviceRequest { name: from.name.clone(), form })
}

fn class_name(name: &str, at: &At<'_>) -> Result<String, FieldError> {
    let at = at.key("deviceClassName");
    if name.is_empty() {
        return Err(at.error("required, and not given"));
    }
    check_name(name, &at)?;
    Ok(name.to_owned())
}

fn mode(mode: Option<&str>, count: Option<i64>, at: &At<'_>) -> Result<AllocationMode, FieldError> {
    let count_at = at.key("count");
    match (mode, count) {
        // A count of 0 is none to the server.
        (None | Some("" | "ExactCount"), None | Some(0)) => Ok(AllocationMode::ExactCount(1)),
        (None | Some("" | "ExactCount"), Some(count)) if count > 0 => Ok(AllocationMode::ExactCount(count)),
        (None | Some("" | "ExactCount"), _) => Err(count_at.error("must be greater than zero")),
        (Some("All"), None | Some(0)) => Ok(AllocationMode::All),
        (Some("All"), Some(_)) => Err(count_at.error("must not be specified when allocationMode is 'All'")),
        (Some(other), _) => Err(at
            .key("allocationMode")
            .error(format_args!("`{other}` is not an allocation mode: expected ExactCount or All"))),
    }
}

fn capacity(
    from: Option<&resource::CapacityRequirements>,
    at: &At<'_>,
) -> Result<BTreeMap<String, towtank_sim::model::Quantity>, FieldError> {
    let (at, requests) = (at.key("capacity"), from.and_then(|from| from.requests.as_ref()));
    let at = at.key("requests");
    let requests = requests.into_iter().flatten();
    requests.map(|(name, text)| Ok((name.clone(), quantity(text, &at.key(name))?))).collect()
}

fn constraint(
    from: &resource::DeviceConstraint,
    names: &BTreeSet<String>,
    at: &At<'_>,
) -> Result<DeviceConstraint, FieldError> {
    let requests = from.requests.clone().unwrap_or_default();
    for (i, request) in requests.iter().enumerate() {
        if !names.contains(request) {
            let at = at.key("requests");
            return Err(at.index(i).error(format_args!("`{request}` must be the name of a request in the claim")));
        }
    }
    let (field, attribute, kind) = match (&from.match_attribute, &from.distinct_attribute) {
        (Some(name), None) => ("matchAttribute", name, ConstraintKind::Match),
        (None, Some(name)) => ("distinctAttribute", name, ConstraintKind::Distinct),
        _ => return Err(at.error("exactly one of matchAttribute or distinctAttribute is required")),
    };
    if !attribute.contains('/') {
        let at = at.key(field);
        return Err(at.error(format_args!("`{attribute}` has no domain: expected a fully qualified name")));
    }
    Ok(DeviceConstraint { requests, attribute: attribute.clone(), kind })
}

fn unique(name: &str, seen: &mut BTreeSet<String>, at: &At<'_>) -> Result<(), FieldError> {
    if seen.insert(name.to_owned()) {
        return Ok(());
    }
    Err(at.error(format_args!("`{name}` stands here twice: expected unique names")))
}

/// Refuses a list with too many items.
pub(super) fn at_most<T>(list: &[T], most: usize, at: &At<'_>) -> Result<(), FieldError> {
    if list.len() <= most {
        return Ok(());
    }
    Err(at.error(format_args!("has {} items: expected at most {most}", list.len())))
}

//! A pod template that stands in no object of its own: in a shape of a generator.

use super::convert::Reading;
use super::field::{At, FieldError};
use super::pod_template::pod_template;
use crate::template::PodTemplate;
use crate::yaml::Value;
use k8s_openapi::api::core::v1 as core;

/// Reads a template, `metadata` and `spec`, of pods in this namespace. Beside it come warnings of what has no effect.
///
/// # Errors
/// The path below the template to what is wrong, and what it is.
pub(crate) fn read_template(value: &Value, namespace: &str) -> Result<(PodTemplate, Vec<String>), (String, String)> {
    let told = |error: FieldError| (error.path.to_string(), error.message);
    let read = || {
        let mut reading = Reading::new(value)?;
        namespace.clone_into(&mut reading.namespace);
        let from: core::PodTemplateSpec = reading.typed()?;
        let template = pod_template(&mut reading, &from.metadata.unwrap_or_default(), from.spec.as_ref(), &At::ROOT)?;
        Ok((template, reading.warnings))
    };
    let (template, warnings) = read().map_err(told)?;
    Ok((template, warnings.into_iter().map(|warning| format!("{}: {}", warning.path, warning.message)).collect()))
}

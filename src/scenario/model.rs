//! Files of `kind: WorkloadModel`, which generators name.

use super::{check_header, yaml};
use crate::diagnostic::Diagnostic;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::path::Path;
use towtank_workloads::generate::WorkloadModel;

/// Reads a file of `kind: WorkloadModel`.
pub(super) fn read_model(file: &Path) -> Result<WorkloadModel, Diagnostic> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Document {
        #[serde(rename = "apiVersion")]
        _api_version: String,
        #[serde(rename = "kind")]
        _kind: String,
        #[serde(rename = "metadata", default)]
        _metadata: IgnoredAny,
        spec: WorkloadModel,
    }
    let text = std::fs::read_to_string(file).map_err(|error| Diagnostic::unreadable(file, &error))?;
    check_header(file, &text, "WorkloadModel")?;
    yaml::parse::<Document>(file, &text).map(|document| document.spec)
}
